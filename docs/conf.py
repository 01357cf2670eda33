"""Configuration of Sphinx. Building the documentation needs no network."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

project = "skally"
author = "The skally developers"
copyright = "2026, The skally developers"
version = release = installed_version("skally")

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "strategy_pages",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]

autosummary_generate = True
smartquotes_action = "De"  # dashes and ellipses; quotes in types and defaults stay as in code
autodoc_typehints = "none"  # the docstrings have the types
numpydoc_show_class_members = False  # the class template lists the members

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"^(?!plot_)",  # the demo is no page
    # An example that takes longer than a minute has a stored picture, and the command that made it.
    "filename_pattern": "/plot_(?!secondary_losses|interpolation)",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skally",),
    "inspect_global_variables": False,
    "capture_repr": (),  # what is printed, and no objects
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,  # a page with scripts from elsewhere
}

html_theme = "pydata_sphinx_theme"
html_title = "skally"
html_static_path = ["_static"]
html_css_files = ["skally.css"]
html_theme_options = {
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
html_sidebars = {"index": []}


def skip_foreign_member(app, what, name, member, skip, options):
    """Leave out members inherited from scikit-learn, skorch and torch, which document them."""
    function = getattr(member, "fget", member)
    module = getattr(function, "__module__", None) or "skally"
    return None if module.startswith("skally") else True


def setup(app):
    app.connect("autodoc-skip-member", skip_foreign_member)
