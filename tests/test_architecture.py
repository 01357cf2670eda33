"""Rules of the house that a program can check."""

import subprocess
import sys

import skally


def test_import_brings_in_no_optional_or_slow_package():
    code = "import sys, skally; print(sorted({m.split('.')[0] for m in sys.modules}))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for package in (
        "modAL",
        "polars",
        "matplotlib",
        "pooch",
        "cvxpy",
        "torchvision",
        "dask",
        "distributed",
        "skactiveml",
    ):
        assert f"'{package}'" not in shown


def test_everything_public_has_a_docstring():
    for name in skally.__all__:
        assert getattr(skally, name).__doc__
