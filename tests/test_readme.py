"""The README begins with its two commands, and what it links to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.rst").read_text(encoding="utf-8")
LINKS = sorted(
    {each for each in re.findall(r"<([^<>\s]+)>`_", TEXT) if not each.startswith("http")}
)
IMAGES = re.findall(r"^\.\. image:: (\S+)\n   :alt: \S", TEXT, re.MULTILINE)


def test_it_opens_with_the_commands():
    commands = re.findall(r"^    (make \w+)", TEXT, re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]
    assert TEXT.index("make test") < TEXT.index("image::")


def test_images_have_a_description():
    assert IMAGES and len(IMAGES) == TEXT.count("image::")


@pytest.mark.parametrize("path", [*LINKS, *IMAGES])
def test_what_it_links_to_exists(path):
    assert (ROOT / path).is_file()
