import functools
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ALLYSampler, ConstrainedNetClassifier, DualRegressor
from skally.benchmark.fingerprint import describe, fingerprint


def score(estimator, X, y):
    return 0.0


PAIRS = [
    (LogisticRegression(), LogisticRegression(C=2)),
    (ConstrainedNetClassifier(), ConstrainedNetClassifier(module__hidden_layer_sizes=(8,))),
    (make_pipeline(StandardScaler(), LogisticRegression()), make_pipeline(LogisticRegression())),
    (ALLYSampler(), ALLYSampler(regressor=DualRegressor(max_epochs=3))),
    (functools.partial(score, y=1), functools.partial(score, y=2)),
    (np.arange(3), np.arange(4)),
    (np.arange(3), np.arange(3)[::-1]),
    ({"a": 1}, {"a": 2}),
    (score, max),
    (0.1, 0.2),
    (range(3), range(4)),
    (None, 0),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[type(one).__name__ for one, _ in PAIRS])
def test_equal_settings_have_equal_descriptions_and_others_do_not(one, other):
    described = json.dumps(describe(one), sort_keys=True)
    again = one if not hasattr(one, "get_params") else type(one)(**one.get_params(deep=False))
    assert described == json.dumps(describe(again), sort_keys=True)
    assert described != json.dumps(describe(other), sort_keys=True)


def test_no_description_holds_an_address():
    assert "0x" not in json.dumps(describe([object(), lambda: 0, LogisticRegression]))


def test_hash_depends_on_the_values_alone():
    X = np.arange(6.0).reshape(3, 2)
    assert fingerprint(X) == fingerprint(X.copy()) != fingerprint(X + 1)
    assert fingerprint(np.asfortranarray(X)) == fingerprint(X[:, [0, 1]]) == fingerprint(X)


def test_hash_of_a_data_frame_depends_on_names_and_values_alone():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    in_pieces = pd.concat([frame[["a"]], frame[["b"]]], axis=1).set_index(np.array([7, 8, 9]))
    assert fingerprint(in_pieces, index=False) == fingerprint(frame, index=False)
    assert fingerprint(in_pieces) != fingerprint(frame)
    assert fingerprint(frame) != fingerprint(frame.rename(columns={"a": "c"}))
    assert fingerprint(frame) != fingerprint(frame.assign(b=["x", "y", "q"]))
