"""What the files of the packaging say of one another."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest

import skally

ROOT = Path(__file__).parents[1]


def test_all_files_name_one_version():
    assert f"\nversion: {skally.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    first = re.search(r"^\d\S+", (ROOT / "CHANGES.rst").read_text(), re.MULTILINE)
    assert first.group() == skally.__version__


@pytest.mark.parametrize("lock", ["dev.txt", "oldest.txt"])
def test_locks_hold_exact_versions_and_nothing_of_one_machine(lock):
    lines = (ROOT / "constraints" / lock).read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r"#.*|[a-z0-9-]+==[a-z0-9.]+( ; .+)?", line), line
    assert "nvidia-" not in " ".join(lines)  # torch's CPU builds don't need them


def test_oldest_versions_are_the_lower_bounds():
    text = (ROOT / "constraints" / "oldest.in").read_text()
    oldest = dict(re.findall(r"^([\w-]+)==([\d.]+?)(?:\.\*)?$", text, re.MULTILINE))
    del oldest["torch"]  # of which one build is known to work with everything here
    for requirement in requires("skally"):
        name, bound = re.match(r"([\w-]+)(?:\[.*\])?>?=?([\d.]*)", requirement).groups()
        if name in oldest:
            assert bound == oldest[name] or bound.startswith(oldest[name] + "."), requirement
        else:
            assert name == "torch" or "extra ==" in requirement
