"""The pages of the documentation link to what is there, and each image has a text."""

import ast
import csv
import subprocess
import sys
from pathlib import Path

import pytest
from walk_site import faults

from skally.samplers import all_samplers

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = sorted((DOCS.parent / "examples").glob("plot_*.py"))


@pytest.fixture
def site(tmp_path):
    """Two pages without a fault, and how to write another one."""

    def write(body, name="page.html"):
        (tmp_path / name).write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
        return faults(tmp_path)

    (tmp_path / "picture of it.png").write_bytes(b"")
    good = '<a href="page.html#end">x</a> <a href="https://example.org/">y</a>'
    assert write('<h1 id="end">z</h1> <a href="#end">z</a>') == []
    assert write(good + '<img src="picture%20of%20it.png" alt="A cat">', "index.html") == []
    return write


@pytest.mark.parametrize(
    "body, fault",
    [
        ('<p id="end"><a href="lost.html">x</a>', "lost.html is not there"),
        ('<p id="end"><a href="../outside.html">x</a>', "../outside.html is not there"),
        ('<p id="end"><a href="#lost">x</a>', "#lost has no such anchor"),
        ('<p id="end"><a href="index.html#lost">x</a>', "index.html#lost has no such anchor"),
        ('<p id="end"><img src="lost.png" alt="A dog">', "lost.png is not there"),
        ('<p id="end"><script src="lost.js"></script>', "lost.js is not there"),
        ('<p id="end"><link rel="stylesheet" href="lost.css">', "lost.css is not there"),
        (
            '<p id="end"><script src="https://example.org/a.js"></script>',
            "https://example.org/a.js needs the network",
        ),
        (
            '<p id="end"><img src="picture%20of%20it.png">',
            "image picture%20of%20it.png has no alternative text",
        ),
        (
            '<p id="end"><img src="picture%20of%20it.png" alt="">',
            "image picture%20of%20it.png has no alternative text",
        ),
        (
            '<p id="end"><img src="picture%20of%20it.png" alt="images/picture of it.png">',
            "image picture%20of%20it.png has no alternative text",
        ),
    ],
)
def test_each_kind_of_fault_is_found_and_named(site, body, fault):
    assert site(body) == [f"page.html: {fault}"]


def test_a_link_to_an_anchor_that_another_page_lost_is_found(site):
    assert site("<h1>z</h1>") == ["index.html: page.html#end has no such anchor"]


def test_the_thumbnail_of_an_example_needs_no_text(site):
    thumbnail = (
        '<div class="sphx-glr-thumbcontainer"><img src="picture%20of%20it.png" alt=""></div>'
    )
    assert site(f'<p id="end">{thumbnail}') == []


def test_a_folder_without_pages_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="has no page"):
        faults(tmp_path)


def test_every_strategy_has_a_row_in_the_table_of_the_documentation():
    with open(DOCS / "strategies.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["sampler"] for row in rows]
    assert len(set(names)) == len(names)
    assert set(names) == set(dict(all_samplers()))
    assert all(row["asks for"] and row["cost"] and row["when"] for row in rows)


def imported(path):
    """First parts of the names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_downloaded_example_needs_no_file_beside_it(example):
    beside = {path.stem for path in example.parent.iterdir()}
    assert set(imported(example)) & beside == set()


@pytest.mark.slow
def test_the_built_site_has_no_fault(tmp_path):
    pytest.importorskip("sphinx_gallery", reason="pip install skally[docs]")
    options = ["-W", "--keep-going", "-q", "-b", "html"]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(tmp_path)]
    subprocess.run(command, check=True)
    assert faults(tmp_path) == []
