"""What comes from elsewhere is checked where it enters: probabilities, features and labels."""

import numpy as np
import pandas as pd
import pytest
import torch
from modAL.models import ActiveLearner, Committee
from scipy import sparse
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skally import (
    BADGESampler,
    BAITSampler,
    BALDSampler,
    ComposedSampler,
    ConstrainedNetClassifier,
    CoordinatedMatchingSampler,
    CoreSetSampler,
    DiscriminativeSampler,
    EntropySampler,
    ImprovedGreedySampler,
    LearningLossSampler,
    LeastConfidentSampler,
    MarginSampler,
    StochasticSampler,
    SubsampledSampler,
)
from skally.pool import Pool, Samples
from skally.pool.checks import as_labels, check_features, check_proba, checking
from skally.stopping import OverallUncertainty, RoundState
from skally.utils.chunks import ROWS, by_parts

# Class probabilities ------------------------------------------------------------------------


class Focal(nn.Module):
    """A loss on logits that skorch does not know, so that ``predict_proba`` gives logits."""

    def forward(self, logits, y):
        p = torch.softmax(logits, dim=1).gather(1, y[:, None])[:, 0]
        return -((1 - p) ** 2) * torch.log(p)


def focal_net(**params):
    return ConstrainedNetClassifier(
        criterion=Focal, max_epochs=1, module__dropout=0.1, random_state=0, **params
    )


def focal_models(X, y):
    learners = [ActiveLearner(focal_net(), X_training=X, y_training=y) for _ in range(2)]
    return {
        "net": focal_net().fit(X, y),
        "pipeline": make_pipeline(StandardScaler(), focal_net()).fit(X, y),
        "committee": Committee(learners),
    }


READS_PROBA = [
    EntropySampler(), MarginSampler(), LeastConfidentSampler(), BALDSampler(n_draws=2),
    BADGESampler(), BAITSampler(), StochasticSampler(EntropySampler()),
    SubsampledSampler(MarginSampler(), size=0.5), CoordinatedMatchingSampler(EntropySampler()),
    ComposedSampler(EntropySampler(), CoreSetSampler()),
]  # fmt: skip


@pytest.fixture(scope="module")
def focal(digits):
    return focal_models(digits[0][:60], digits[1][:60])


@pytest.mark.parametrize("reader", READS_PROBA, ids=lambda reader: type(reader).__name__)
@pytest.mark.parametrize("kind", ["net", "pipeline", "committee"])
def test_logits_are_refused_with_the_parameter_that_helps(reader, kind, focal, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"(?s)ConstrainedNetClassifier\.predict_proba.*nonlinear"):
        reader.query(focal[kind], X[60:], 3, X=X[:60], y=y[:60])


def test_logits_are_refused_by_stopping_and_as_another_classifier_tells_rows_apart(focal, digits):
    X, y = digits
    with pytest.raises(ValueError, match="predict_nonlinearity"):
        OverallUncertainty().observe(RoundState(focal["committee"], X_pool=X))
    with pytest.raises(ValueError, match="predict_nonlinearity"):
        DiscriminativeSampler(focal_net()).query(None, X[60:], X=X[:60])
    bag = BaggingClassifier(focal_net(), 2, random_state=0).fit(X[:60], y[:60])
    with pytest.raises(ValueError, match="BaggingClassifier.predict_proba gives no probabilities"):
        LearningLossSampler().query(bag, X[60:], X=X[:60], y=y[:60])
    with pytest.raises(ValueError, match="predict_nonlinearity"):
        BALDSampler().query(bag, X[60:])


def test_a_softmax_makes_them_probabilities(digits):
    X, y = digits
    net = focal_net(predict_nonlinearity=nn.Softmax(dim=-1)).fit(X[:60], y[:60])
    assert EntropySampler().query(net, X[60:], 3).shape == (3,)


@pytest.mark.parametrize("several", [MultiOutputClassifier(LogisticRegression()),
                                     RandomForestClassifier(3)])  # fmt: skip
@pytest.mark.parametrize("reader", [EntropySampler(), BADGESampler(), LearningLossSampler()])
def test_several_outputs_are_refused(several, reader, digits):
    X, y = digits
    several.fit(X[:60], np.column_stack([y[:60] > 4, y[:60] % 2 == 0]))
    with pytest.raises(ValueError, match="predict_proba gives 2 arrays, must be one"):
        reader.query(several, X[60:], X=X[:60], y=y[:60])


WRONG_PROBA = {
    "negative": ([[0.5, 0.5], [-0.2, 1.2]], "in row 1: values from -0.2 to 1.2 that add up to 1,"),
    "sum": ([[0.5, 0.6]], r"add up to 1.1, must be >= 0 and add up to 1\.$"),
    "nan": ([[np.nan, 1.0]], r"in row 0: .* nan, .* Has the training diverged\?"),
    "infinite": ([[np.inf, 0.0]], "add up to inf"),
    "one column": ([0.5, 0.5], r"an array of shape \(2,\)"),
    "text": ([["a", "b"]], "must be numbers"),
    "none": (np.empty((3, 0)), "must be numbers of shape"),
}


@pytest.mark.parametrize("name", WRONG_PROBA)
def test_rows_that_are_no_probabilities_are_named(name):
    proba, message = WRONG_PROBA[name]
    with pytest.raises(ValueError, match=message):
        check_proba(np.asarray(proba), LogisticRegression())


def test_rounding_is_no_error_and_leaves_nothing_negative():
    proba = check_proba(np.array([[-1e-9, 1.0], [0.3333, 0.6665]]), LogisticRegression())
    assert proba.min() == 0
    counts = check_proba(np.array([[1, 0], [0, 1]]), LogisticRegression())
    assert counts.dtype == np.float64


# Features -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype, value", [(np.float32, -3.4e38), (np.float64, 1e300)])
def test_rows_whose_squares_overflow_are_named(dtype, value, rng):
    Z = rng.normal(size=(20, 3)).astype(dtype)
    assert check_features(Z, "Z") is Z
    Z[[4, 7]] = value
    with pytest.raises(ValueError, match="Z has values that are not finite.* in rows 104, 107:"):
        check_features(Z, "Z", start=100)


def test_half_precision_becomes_single(rng):
    Z = np.full((2, 10), 300.0, dtype=np.float16)  # whose squares overflow
    assert check_features(Z, "Z").dtype == np.float32


def test_rows_of_later_parts_have_their_own_numbers():
    X = np.zeros((ROWS + 10, 2))
    X[ROWS + 3] = np.inf
    check = checking(lambda part, start: check_features(part, "Z", start), lambda part: part)
    with pytest.raises(ValueError, match=f"in row {ROWS + 3}:"):
        by_parts(check, X)


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, sparse.csr_matrix, sparse.coo_matrix])
def test_missing_values_are_named_by_row(make, rng):
    X = rng.normal(size=(9, 2))
    X[[2, 5], 1] = np.nan
    with pytest.raises(ValueError, match="X_pool has missing, .* in rows 2, 5: Input contains NaN"):
        _ = Pool(None, make(X)).inputs


def test_a_fitted_scaler_that_overflows_names_the_rows(rng):
    X = rng.normal(size=(30, 2)).astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, X[:, 0] > 0)
    X[3] = -3.4e38
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="X_pool .* in row 3: "):
        _ = Pool(model, X).embedding


def test_the_embedding_is_computed_once_for_all_rows(rng):
    seen = []

    class Counted(LinearRegression):
        def predict(self, X):
            seen.append(len(X))
            return super().predict(X)

    X = rng.normal(size=(ROWS + 5, 2))
    pool = Pool(Counted().fit(X, X[:, 0]), X)
    assert pool.prediction.shape == (ROWS + 5, 1) and pool.prediction is pool.prediction
    assert seen == [ROWS, 5]


# Labels -------------------------------------------------------------------------------------

MISSING = [
    [1.0, np.nan],
    [1.0, np.inf],
    np.array([1.0, None]),
    ["a", None],
    ["a", np.nan],
    pd.Series([1, pd.NA], dtype="Int64"),
    pd.Series(["a", None], dtype="category"),
    np.array([[1.0, 2.0], [3.0, np.nan]]),
    torch.tensor([0.0, torch.nan]),
]


@pytest.mark.parametrize("y", MISSING, ids=repr)
def test_missing_labels_are_refused(y):
    with pytest.raises(ValueError, match="y has .* in row 1, must have a finite label"):
        as_labels(y)


@pytest.mark.parametrize("y", [np.array(3.0), np.zeros((2, 1, 1)), "word"], ids=repr)
def test_labels_of_another_shape_are_refused(y):
    with pytest.raises(ValueError, match=r"y has shape .* must be \(n,\) or \(n, m\)"):
        as_labels(y)


def test_a_column_of_labels_is_flat():
    for y in (np.zeros((4, 1)), pd.DataFrame({"y": range(4)}), [[1], [2], [3], [4]]):
        assert as_labels(y).shape == (4,)


def test_labels_of_other_rows_are_refused_or_left_out(diabetes):
    X, y = diabetes
    with pytest.raises(ValueError, match="y has 40 labels, must have 60, one for each row of X"):
        Pool(None, X, X[:60], y[:40])
    with pytest.raises(ValueError, match="y has 40 labels, must have 60"):
        _ = Samples(LinearRegression().fit(X, y), X[:60], y=y[:40]).loss
    learner = ActiveLearner(
        LinearRegression(), query_strategy=CoreSetSampler(), X_training=X[:60], y_training=y[:60]
    )
    with pytest.raises(ValueError, match="y == None, must be the labels of X"):
        ImprovedGreedySampler().query(learner, X[60:], X=X[:50])
    with pytest.raises(ValueError, match="y has 40 labels, must have 60"):
        ImprovedGreedySampler().query(learner, X[60:], y=y[:40])


def test_a_learner_lends_its_labels_to_its_own_rows(diabetes):
    X, y = diabetes
    learner = ActiveLearner(
        LinearRegression(), query_strategy=CoreSetSampler(), X_training=X[:60], y_training=y[:60]
    )
    picks = ImprovedGreedySampler().query(learner, X[60:], 3)
    assert np.array_equal(ImprovedGreedySampler().query(learner, X[60:], 3, X=X[:60]), picks)


def test_a_block_of_a_dask_pool_says_how_rows_are_numbered(rng):
    X = rng.normal(size=(40, 2))
    X[33] = np.inf
    X_pool = pytest.importorskip("dask.array").from_array(X, chunks=(20, 2))
    with pytest.raises(ValueError, match="in row 13: .* within a block of 20 rows of X_pool"):
        CoreSetSampler().query(None, X_pool, 3)
