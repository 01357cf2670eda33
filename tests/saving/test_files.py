"""Files of every release so far, which are kept for ever: none may be replaced or deleted."""

import json

import numpy as np
import pytest
from saving.make_files import FILES, prediction, rows
from sklearn.exceptions import InconsistentVersionWarning

import skally

KEPT = sorted(FILES.glob("*/*.skally"))


def test_there_are_files_of_this_release():
    assert {path.stem for path in KEPT} == {"classifier", "regressor", "pipeline"}
    assert skally.__version__ in {path.parent.name for path in KEPT}


@pytest.mark.filterwarnings(
    f"ignore::{InconsistentVersionWarning.__module__}.InconsistentVersionWarning"
)
@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_of_earlier_releases_predict_and_train_on(path):
    """Processors sum in other orders, so single precision is compared to four digits or so."""
    name, estimator = path.stem, skally.load(path)
    expected = json.loads((path.parent / "expected.json").read_text())[name]
    assert prediction(name, estimator) == pytest.approx(
        np.array(expected["prediction"]), rel=1e-4, abs=1e-4
    )
    net = estimator[-1] if name == "pipeline" else estimator
    assert net.dual_variables_.tolist() == pytest.approx(expected["duals"])
    X, y = rows(name)
    assert len(net.history_) == 20
    X = estimator[:-1].transform(X) if name == "pipeline" else X
    assert len(net.partial_fit(X, y).history_) == 40
