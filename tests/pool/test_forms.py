"""Samplers take X in any form in which estimators take it, or say what is wrong with it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skally import (
    BALDSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoreSetSampler,
    DiscriminativeSampler,
    EntropySampler,
    GreedyInputSampler,
    LCMDSampler,
    ProbCoverSampler,
    RandomSampler,
    SubsampledSampler,
    TypiClustSampler,
)
from skally.benchmark import learning_curves
from skally.epsilon import epsilon_grid
from skally.pool.pool import Pool

SMALL = {
    "n_members": 6, "module__hidden_layer_sizes": (4,), "max_epochs": 2, "random_state": 0
}  # fmt: skip
FOR_OTHER_TASKS = ("is no regressor", "has no predict_proba", "needs a classifier")
FORMATS = [
    getattr(sparse, f"{name}_{kind}")
    for name in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("matrix", "array")
]


def utilities(sampler, estimator, X_pool, X, y=None):
    """Utilities of the pool, or a skip where the sampler says that it is for other tasks."""
    try:
        return sampler.query(estimator, X_pool, 3, X=X, y=y, return_utilities=True)[1]
    except ValueError as error:
        if any(message in str(error) for message in FOR_OTHER_TASKS):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="module")
def net(digits):
    """Net that takes columns of 64 pixels, dense or sparse."""
    return ConstrainedNetClassifier(**SMALL).fit(digits[0][:100], digits[1][:100])


@pytest.fixture
def frame(rng):
    """Frame of columns on different scales."""
    return pd.DataFrame(rng.normal(size=(60, 4)) * [1, 5, 25, 125], columns=list("abcd"))


# Sparse


@pytest.mark.filterwarnings("ignore:Constructing a DIA")  # for which images are no good example
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.__name__)
@pytest.mark.parametrize(
    "chosen",
    [EntropySampler(), CoreSetSampler(), SubsampledSampler(CoreSetSampler(), 0.5, random_state=0)],
    ids=["probabilities", "embedding", "subset"],
)
def test_sparse_pools_of_every_format_are_as_dense_ones(form, chosen, net, digits):
    X, y = digits
    dense = utilities(chosen, net, X[100:], X[:100], y[:100])
    found = utilities(chosen, net, form(X[100:]), form(X[:100]), y[:100])
    assert np.allclose(found, dense, rtol=1e-3, atol=1e-4)
    rows = np.array([3, 1])
    assert np.allclose(Pool(net, form(X)).subset(rows).proba, net.predict_proba(X[rows]), atol=1e-5)


@pytest.mark.filterwarnings("ignore:Constructing a DIA")  # for which images are no good example
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.__name__)
def test_sparse_tables_of_every_format_have_learning_curves_and_tolerances(form, digits):
    X, y = digits[0][:80], digits[1][:80] % 2
    curves = learning_curves(
        LogisticRegression(), [RandomSampler()], form(X), y,
        n_initial=30, n_instances=5, n_rounds=1, random_states=[0],
    )  # fmt: skip
    assert curves.frame["score"].notna().all()
    net = ConstrainedNetClassifier(**SMALL)
    grids = [epsilon_grid(net, each, y, random_state=0) for each in (form(X), X)]
    assert np.allclose(*grids, rtol=1e-3)


# Other forms


@pytest.mark.parametrize("form", [
    lambda X: X.tolist(), np.asfortranarray, lambda X: X.astype(">f8"), lambda X: X.astype(object),
    lambda X: np.repeat(X, 2, axis=1)[:, ::2], lambda X: np.ma.masked_array(X), torch.tensor,
    lambda X: torch.tensor(X, requires_grad=True), pd.DataFrame, pl.DataFrame,
    lambda X: pd.DataFrame(X).convert_dtypes(),
    pytest.param(
        lambda X: pd.DataFrame(X).convert_dtypes(dtype_backend="pyarrow"),
        marks=pytest.mark.skipif(pd.__version__ < "2", reason="pandas 1 has no such backend"),
    ),
    lambda X: pd.DataFrame(X, columns=pd.MultiIndex.from_product([["pixel"], range(64)])),
    lambda X: pd.DataFrame(X, index=[0] * len(X)),
    lambda X: pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X)),
], ids=[
    "lists", "columns first", "big-endian", "objects", "strided", "masked nowhere", "tensor",
    "tensor with gradient", "pandas", "polars", "nullable", "pyarrow", "two levels of names",
    "one index", "sparse frame",
])  # fmt: skip
@pytest.mark.parametrize("chosen", [
    BALDSampler(random_state=0), CoreSetSampler(), LCMDSampler(features="gradient", random_state=0),
], ids=["draws", "embedding", "gradient"])  # fmt: skip
@pytest.mark.filterwarnings("ignore:X has feature names")  # said of a net fitted on an array
def test_the_same_numbers_in_another_form_are_the_same_pool(form, chosen, classifier, digits):
    X, y = digits
    expected = utilities(chosen, classifier, X[150:], X[:150], y[:150])
    found = utilities(chosen, classifier, form(X[150:]), form(X[:150]), y[:150])
    assert np.allclose(found, expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))


@pytest.mark.parametrize("chosen", [EntropySampler(), CoreSetSampler(), RandomSampler()])
def test_masked_values_are_refused(chosen, net, digits):
    X = np.ma.masked_array(digits[0])
    X[3, 2] = np.ma.masked
    with pytest.raises(ValueError, match="masked array has 1 masked values, must have none"):
        chosen.query(net, X)
    with pytest.raises(ValueError, match="masked array has 1 masked values, must have none"):
        ConstrainedNetClassifier(**SMALL).fit(X, digits[1])


def test_gradients_of_missing_values_and_flat_rows_are_refused(net, digits):
    sampler, X = LCMDSampler(features="gradient"), pd.DataFrame(digits[0]).convert_dtypes()
    X.iloc[5, 3] = pd.NA
    with pytest.raises(ValueError, match="contains NaN"):
        sampler.query(net, X, X=digits[0][:9])
    with pytest.raises(ValueError, match="Expected 2D array"):
        sampler.query(net, digits[0][0], X=digits[0][:9])


# Columns


WITHOUT_NET = [
    CoreSetSampler(), GreedyInputSampler(), ProbCoverSampler(random_state=0),
    TypiClustSampler(random_state=0), DiscriminativeSampler(random_state=0),
]  # fmt: skip


@pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas], ids=["pandas", "polars"])
@pytest.mark.parametrize("chosen", WITHOUT_NET, ids=lambda each: type(each).__name__)
def test_names_decide_in_what_order_columns_are_taken(chosen, make, frame):
    labelled, pool, turned = frame[:20], frame[20:], frame[20:][list("dbac")]
    right = utilities(chosen, None, make(pool), make(labelled))
    assert np.allclose(utilities(chosen, None, make(turned), make(labelled)), right)


@pytest.mark.parametrize("chosen", WITHOUT_NET, ids=lambda each: type(each).__name__)
def test_other_columns_are_named(chosen, frame):
    other = frame[20:].rename(columns={"b": "x"})
    with pytest.raises(ValueError, match=r"missing: \['b'\]; not expected: \['x'\]"):
        chosen.query(None, other, X=frame[:20])
    with pytest.raises(ValueError, match=r"X_pool has 3 columns, must have 4, as X: missing"):
        chosen.query(None, frame[20:].drop(columns="c"), X=frame[:20])
    with pytest.raises(ValueError, match="X_pool has 3 columns, must have 4, as X"):
        chosen.query(None, frame.to_numpy()[20:, :3], X=frame.to_numpy()[:20])


@pytest.mark.parametrize("estimator, chosen", [
    (LinearRegression(), CoreSetSampler()), (LinearRegression(), GreedyInputSampler()),
    (RandomForestClassifier(5, random_state=0), BALDSampler(random_state=0)),
    (make_pipeline(StandardScaler(), LinearRegression()), CoreSetSampler()),
    (ConstrainedNetRegressor(**SMALL), LCMDSampler(features="gradient", random_state=0)),
])  # fmt: skip
def test_an_estimator_that_knows_names_refuses_another_order(estimator, chosen, frame):
    estimator.fit(frame[:20], frame["a"][:20] > 0)
    assert len(chosen.query(estimator, frame[20:], 3, X=frame[:20])) == 3
    with pytest.raises(ValueError, match="feature names should match"):
        chosen.query(estimator, frame[20:][list("dbac")], 3, X=frame[:20])


def by_name(kind):
    """Model that takes the columns "kind" and "a" of a frame by their names."""
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["a"]))
    model = make_pipeline(columns, LogisticRegression())
    return {
        "pipeline": model,
        "search": GridSearchCV(model, {"logisticregression__C": [1.0]}, cv=2),
        "vote": VotingClassifier([("one", model), ("two", model)], voting="soft"),
    }[kind]


@pytest.mark.parametrize("kind", ["pipeline", "search", "vote"])
@pytest.mark.parametrize("chosen", [RandomSampler(random_state=0), EntropySampler()])
def test_columns_that_predict_leaves_unused_may_be_there_or_not(kind, chosen, frame):
    frame["kind"] = np.where(frame["b"] > 0, "u", "v")
    model = by_name(kind).fit(frame[:30], frame["a"][:30] > 0)
    right = utilities(chosen, model, frame[30:], frame[:30])
    fewer, turned = frame.drop(columns=["c", "d"]), frame[frame.columns[::-1]]
    for pool in (frame.assign(more="word"), fewer, turned):
        assert np.allclose(model.predict_proba(pool), model.predict_proba(frame))
        assert np.allclose(utilities(chosen, model, pool[30:], frame[:30]), right)
    with pytest.raises(ValueError, match=r"X_pool has 4 features, must have 5.* missing: \['a'\]"):
        chosen.query(model, frame[30:].drop(columns="a"))


# Settings of other libraries


@pytest.mark.parametrize("output", ["pandas", "polars"])
@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_frames_from_transformers_change_nothing(output, kind, sampler, diabetes, digits):
    X, y = {"classification": digits, "regression": diabetes}[kind]
    net = {"classification": ConstrainedNetClassifier, "regression": ConstrainedNetRegressor}[kind]
    model = make_pipeline(StandardScaler(), net(**SMALL, module__dropout=0.1))
    names = [f"x{j}" for j in range(X.shape[1])]
    X = pd.DataFrame(X, columns=names)
    plain = utilities(sampler, model.fit(X[:100], y[:100]), X[100:], X[:100], y[:100])
    with config_context(transform_output=output):
        found = utilities(sampler, model.fit(X[:100], y[:100]), X[100:], X[:100], y[:100])
    finite = np.isfinite(plain)
    assert np.array_equal(np.isfinite(found), finite)
    atol = 1e-3 * np.ptp(plain[finite]) + 1e-5
    assert np.allclose(found[finite], plain[finite], rtol=1e-4, atol=atol)


def test_a_target_that_is_a_frame_once_transformed_has_a_loss(diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(**SMALL, normalize_y=False)
    model = TransformedTargetRegressor(net, transformer=StandardScaler()).fit(X, y)
    plain = Pool(model, X, X, y).labeled.loss
    with config_context(transform_output="pandas"):
        assert np.allclose(Pool(model, X, X, y).labeled.loss, plain, rtol=1e-5)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_torchs_default_precision_changes_no_query(
    kind, sampler, classifier, digits, regressor, diabetes
):
    net, (X, y) = {
        "classification": (classifier, digits), "regression": (regressor, diabetes),
    }[kind]  # fmt: skip
    plain = utilities(sampler, net, X[150:], X[:150], y[:150])
    torch.set_default_dtype(torch.float64)
    try:
        found = utilities(sampler, net, X[150:], X[:150], y[:150])
    finally:
        torch.set_default_dtype(torch.float32)
    assert np.isfinite(found).sum() == np.isfinite(plain).sum()
    assert np.ptp(found[np.isfinite(found)]) <= 10 * np.ptp(plain[np.isfinite(plain)])
