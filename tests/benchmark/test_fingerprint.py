import copy
import functools
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skally import ALLYSampler, ConstrainedNetClassifier, DualRegressor
from skally.benchmark.fingerprint import describe, fingerprint, fingerprint_labels


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


def module(seed=0, p=0.1, requires_grad=True):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = nn.Sequential(nn.Linear(2, 3), nn.Dropout(p))
    layers[0].requires_grad_(requires_grad)
    return layers


def frozen(y):
    return FrozenEstimator(Ridge().fit([[1], [2]], y))


S = sparse.random(20, 20, 0.2, random_state=0, format="csr")
VALUES = [
    (module(), module(1)),
    (module(), module(p=0.2)),
    (module(), module(requires_grad=False)),
    (torch.ones(3), torch.tensor([1.0, 1.0, 1.0000001])),
    (torch.ones(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16)),
    (S, S + sparse.eye(20, format="csr")),
    (pd.DataFrame(np.zeros((500, 3))), pd.DataFrame(np.eye(500, 3, -250))),
    (pd.Series(np.arange(500)), pd.Series(np.arange(500)[::-1])),
    (pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 3]})),
    (np.zeros(5000), np.eye(1, 5000, 2500)[0]),
    (np.random.RandomState(0), np.random.RandomState(1)),
    (np.datetime64("2020-01-01"), np.datetime64("2020-01-02")),
    ({1: "a"}, {"1": "a"}),
    (1, True),
    (1, 1.0),
    (
        FrozenEstimator(Ridge().fit([[1], [2]], [1, 2])),
        FrozenEstimator(Ridge().fit([[1], [2]], [1, 3])),
    ),
    (KFold(5, shuffle=True, random_state=0), KFold(5, shuffle=True, random_state=1)),
]


@pytest.mark.parametrize(("one", "other"), VALUES, ids=[type(one).__name__ for one, _ in VALUES])
def test_values_are_compared_and_not_their_names(one, other):
    described = json.dumps(describe(one), sort_keys=True)
    assert described == json.dumps(describe(copy.deepcopy(one)), sort_keys=True)
    assert described != json.dumps(describe(other), sort_keys=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.int64(20), 20),
        (S, S.tocsc()),
        (np.ma.masked_array([1, 2], [0, 1]), np.ma.masked_array([1, 2], [0, 1])),
        (np.arange(3, dtype=">i4"), np.arange(3, dtype="<i4")),
        (np.array(["a", "b"], dtype="U1"), np.array(["a", "b"], dtype="U9")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (module().eval(), module().train()),
    ],
)
def test_form_of_values_makes_no_difference(one, other):
    assert json.dumps(describe(one), sort_keys=True) == json.dumps(describe(other), sort_keys=True)


def test_set_has_no_order_in_any_process():
    code = (
        "import json; from skally.benchmark.fingerprint import describe\n"
        "print(json.dumps(describe({'apple', 'pear', 'plum', frozenset({'fig', 'kiwi'})})))"
    )
    shown = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    ]
    assert len(set(shown)) == 1 and "plum" in shown[0]


def test_value_that_holds_itself_is_described():
    value = [1]
    value.append(value)
    assert describe(value)[0] == 1


@pytest.mark.parametrize("y", [[3, 1, 2], ["a", "b", "c"], [0.5, 1.5, 2.5]])
def test_labels_are_the_same_in_any_container(y):
    series = pd.Series(y, index=[7, 8, 9], name="label")
    forms = [y, tuple(y), np.array(y), np.array(y, dtype=object), series, pl.Series(y)]
    assert len({fingerprint_labels(each) for each in forms}) == 1
    assert fingerprint_labels(y) != fingerprint_labels(y[::-1])
    assert fingerprint_labels([0, 1]) != fingerprint_labels([False, True])
    assert fingerprint_labels(None) is None
