"""Errors of RealMLP-TD of pytabkit 1.7.3, on the rows of ``tabular.py`` and in a file of its form.

Run: ``python tests/benchmarks/tabular_realmlp.py --output FILE``, with the options of
``tabular.py``, which goes on where it was stopped.

The peer is installed in a virtual environment of its own, in a temporary folder or in
``--environment``. It has its defaults but for ``n_cv=4``: four nets, each with a fourth of the rows
withheld. Tables are handed over as files, so that the peer's environment needs no skally.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
from tabular_cells import add_options, one_thread, run, table

PEER = "pytabkit==1.7.3"


def realmlp(task, size, state):
    """The peer's net."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    estimator = RealMLP_TD_Regressor if task == "regression" else RealMLP_TD_Classifier
    return estimator(n_cv=4, random_state=state, device="cpu", n_threads=1, verbosity=0)


def environment(folder):
    """Python that has the peer, with this one's torch; installed unless it is there."""
    python = folder / "bin" / "python"
    if not python.exists():
        import torch

        venv.create(folder, with_pip=True)
        version = f"torch=={torch.__version__.partition('+')[0]}"
        subprocess.run([python, "-m", "pip", "install", "-q", version, PEER], check=True)
    return python


def write_tables(names, folder):
    """Hand over tables."""
    for name in names:
        X, y = table(name)
        np.savez(folder / f"{name}.npz", X=X, y=y)


def read_tables(folder):
    """Reader of one table of a folder, which keeps it."""
    kept = {}

    def read(name):
        if name not in kept:
            with np.load(folder / f"{name}.npz") as file:
                kept[name] = file["X"], file["y"]
        return kept[name]

    return read


def main():
    """Install the peer, hand over the tables, and let it fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, {"realmlp": realmlp})
    parser.add_argument("--environment", type=Path, help="folder of the peer's environment")
    parser.add_argument("--tables", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tables:
        run({"realmlp": realmlp}, options, read_tables(options.tables))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = environment(options.environment or folder / "peer")
        write_tables(options.sets, folder)
        command = [python, __file__, *sys.argv[1:], "--tables", folder]
        subprocess.run(command, env=one_thread(), check=True)


if __name__ == "__main__":
    main()
