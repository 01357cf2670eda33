"""Rules of the house that a program can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skally

PACKAGE = Path(skally.__file__).parent
ARRAYS = {"linalg", "scores", "selection", "clustering", "coverage", "matching", "fisher"}
SAMPLERS = {f"samplers.{path.stem}" for path in (PACKAGE / "samplers").glob("[a-z]*.py")}
CRITERIA = {f"stopping.{path.stem}" for path in (PACKAGE / "stopping").glob("[a-z]*.py")}
FETCHERS = {"parkinsons", "digits", "photographs", "regression", "classification"}
FLOORS = [
    {*ARRAYS, "agreement", "seeding", "validation", "memory", "modal_compat", "residence"}
    | {"affine", "ascent", "columns"}
    | {"benchmark.comparison", "benchmark.describe", "benchmark.statistics", "benchmark.store"}
    | {"benchmark.drawing"}
    | {"datasets.arguments", "datasets.files", "datasets.tables"}
    | {"datasets.regression_descr", "datasets.classification_descr"},
    {"features", "gradients", "duals", "criteria", "dual_regression", "modules", "loaders"}
    | {"convergence", "callbacks", "optimality", "parameters", "ensembles", "unwrapping", "losses"}
    | {"processes", "benchmark.curves", "benchmark.oracle", "datasets.images"},
    {"lean_loop", "primal_dual", "base_net", "nets", "model", "pool", "epsilon", "distributed"}
    | {"predicted_dual", "datasets.photograph_descr", "benchmark.curve_checks"},
    {"samplers.base", "stopping.base", "datasets.photograph_formats"},
    {"samplers.head"},
    (SAMPLERS | CRITERIA) - {"samplers.base", "samplers.head", "stopping.base"}
    | {f"datasets.{name}" for name in FETCHERS},
    {"samplers", "stopping", "synthesis", "datasets", "paper"}
    | {f"benchmark.{name}_display" for name in ("curve", "dual", "picks", "rank", "win_loss")},
    {"benchmark.rounds", "benchmark.starts"},
    {"benchmark.schedule"},
    {"benchmark.runner"},
    {"benchmark"},
    {""},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# On one floor, only towards the left.
SAME_FLOOR = {
    ("nets", "primal_dual"),
    ("primal_dual", "lean_loop"),
    ("nets", "base_net"),
    ("base_net", "epsilon"),
    ("pool", "model"),
    ("memory", "validation"),
    ("distributed", "pool"),
    ("duals", "criteria"),
    ("optimality", "features"),
    ("optimality", "loaders"),
    ("callbacks", "optimality"),
    ("selection", "linalg"),
    ("clustering", "linalg"),
    ("clustering", "seeding"),
    ("clustering", "selection"),
    ("coverage", "linalg"),
    ("coverage", "clustering"),
    ("matching", "linalg"),
    ("ensembles", "features"),
    ("losses", "unwrapping"),
    ("dual_regression", "loaders"),
    ("stopping.duals", "samplers.ally"),
    ("parameters", "processes"),
    ("benchmark.comparison", "benchmark.statistics"),
    ("affine", "linalg"),
    ("columns", "validation"),
}


def module_name(path):
    """Name of a file of the package, without the package's own."""
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix("__init__").rstrip(".")


def imports_of(path):
    """Our modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "skally":
            yield node.module.removeprefix("skally").lstrip(".")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=module_name)
def test_imports_go_down(path):
    name = module_name(path)
    for imported in imports_of(path):
        lower = FLOOR[imported] < FLOOR[name]
        assert lower or (name, imported) in SAME_FLOOR, f"{name} imports {imported}"


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
    ):
        assert f"'{package}'" not in shown


def test_everything_public_has_a_docstring():
    for name in skally.__all__:
        assert getattr(skally, name).__doc__
