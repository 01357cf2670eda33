"""What an installed skally must be able to do without its source tree: `make dist-test`."""

import importlib
import pkgutil
from importlib.metadata import files, version
from pathlib import PurePath

import numpy as np
from sklearn.linear_model import Ridge

import skally
from skally.benchmark import learning_curves


def check_files():
    """Only the package and its metadata are installed, of the version that it says."""
    assert version("skally") == skally.__version__
    folders = {PurePath(file).parts[0] for file in files("skally")}
    assert folders == {"skally", f"skally-{skally.__version__}.dist-info"}, folders


def check_imports():
    """Every module imports, and every public name is there, without the optional packages."""
    for module in pkgutil.walk_packages(skally.__path__, "skally."):
        imported = importlib.import_module(module.name)
        for name in getattr(imported, "__all__", []):
            getattr(imported, name)


def check_work():
    """Nets train, samplers choose, curves are drawn up."""
    rng = np.random.RandomState(0)
    X, y = rng.standard_normal((60, 4)), rng.standard_normal(60)
    net = skally.ConstrainedNetRegressor(max_epochs=3, random_state=0).fit(X[:30], y[:30])
    assert net.dual_variables_.shape == (30,)
    picked = skally.ALLYSampler(random_state=0).query(net, X[30:], n_instances=5)
    assert len(set(picked)) == 5
    curves = learning_curves(
        Ridge(), {"random": skally.RandomSampler()}, X, y,
        n_initial=10, n_instances=5, n_rounds=2, random_states=[0],
    )  # fmt: skip
    assert list(curves.summary().index)


if __name__ == "__main__":
    check_files()
    check_imports()
    check_work()
    print(f"skally {skally.__version__} works at {skally.__path__[0]}")
