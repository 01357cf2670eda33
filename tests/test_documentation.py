"""The documentation names what the package has, all of it and under its public path."""

import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    "skally",
    "skally.activeml",
    "skally.benchmark",
    "skally.callbacks",
    "skally.criteria",
    "skally.datasets",
    "skally.epsilon",
    "skally.interop.labelstudio",
    "skally.losses",
    "skally.modal",
    "skally.modules",
    "skally.paper",
    "skally.pool",
    "skally.samplers",
    "skally.stopping",
    "skally.synthesis",
]
PAGES = [*ROOT.glob("docs/*.rst"), *ROOT.glob("docs/tutorials/*.rst"), ROOT / "README.rst"]
PAGES += ROOT.glob("examples/**/*.py")
LISTED = re.findall(
    r"^   (skally\.[\w.]+)$", (ROOT / "docs" / "api.rst").read_text(encoding="utf-8"), re.MULTILINE
)


def public_names(module):
    return importlib.import_module(module).__all__


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_on_the_api_page(module):
    listed = {path.rpartition(".")[2] for path in LISTED}
    assert set(public_names(module)) - listed == set()


@pytest.mark.parametrize("path", LISTED)
def test_every_name_on_the_api_page_is_public_and_listed_once_under_its_shortest_path(path):
    module, _, name = path.rpartition(".")
    assert module in MODULES and name in public_names(module)
    assert module == "skally" or name not in public_names("skally")
    assert LISTED.count(path) == 1
    if module == "skally.activeml":
        pytest.importorskip("skactiveml")
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_in_the_pages_exist_and_are_public(page):
    for path in re.findall(r"\bskally(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8")):
        if importlib.util.find_spec("skactiveml") or not path.startswith("skally.activeml."):
            pkgutil.resolve_name(path)
        assert path in MODULES or any(f"{path}.".startswith(f"{each}.") for each in LISTED), path


def test_terms_of_docstrings_are_in_the_glossary():
    glossary = (ROOT / "docs" / "glossary.rst").read_text(encoding="utf-8")
    terms = set(re.findall(r"^   (\w.*)$", glossary, re.MULTILINE))
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("skally/**/*.py")]
    used = set(re.findall(r":term:`(?:[^<`]*<)?([^>`]+)", "".join(sources)))
    assert used and used <= terms
