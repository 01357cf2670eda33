"""Configuration of Sphinx. Building the documentation needs no network."""

import os
from importlib.metadata import version as installed_version

project = "skally"
author = "The skally developers"
copyright = "2026, The skally developers"
version = release = installed_version("skally")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
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
    "filename_pattern": "/plot_",
    "ignore_pattern": r"^(?!plot_)",  # the demo and helper modules are not pages
    # Examples train nets for minutes, so a build runs them only on request.
    "plot_gallery": os.environ.get("SKALLY_DOCS_RUN_EXAMPLES") == "1",
    "download_all_examples": False,
    "show_memory": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skally"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
PAGES = ("index", "dual_variables", "interpolation", "strategies", "learning_curves", "stopping")
PAGES += ("synthesis", "datasets", "paper", "devices", "tables")
html_sidebars = {page: [] for page in PAGES}


def skip_foreign_member(app, what, name, member, skip, options):
    """Leave out members inherited from scikit-learn, skorch and torch, which document them."""
    function = getattr(member, "fget", member)
    module = getattr(function, "__module__", None) or "skally"
    return None if module.startswith("skally") else True


def setup(app):
    app.connect("autodoc-skip-member", skip_foreign_member)
