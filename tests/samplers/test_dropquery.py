"""DropQuery against its definition, by the estimator's own predictions of masked inputs."""

import numpy as np
import pytest
from modAL.models import ActiveLearner, Committee
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset
from torch import nn

from skally import BaseSampler, ComposedSampler, DropQuerySampler, KMeansSampler
from skally.pool import masking
from skally.samplers.dropquery import candidates
from skally.utils import chunks


def masked_classes(predict_proba, X, rate, n_masks, seed=0):
    """Predicted classes of X and under each mask, (1 + n_masks, n)."""
    rng = np.random.RandomState(seed)
    masks = [(rng.random_sample(X.shape) >= rate) / (1 - rate) for _ in range(n_masks)]
    return np.array([predict_proba(X * m).argmax(axis=1) for m in [np.ones(X.shape), *masks]])


@pytest.fixture(scope="module")
def model(digits):
    """Logistic regression, fitted on 60 rows of the classification data."""
    return LogisticRegression(max_iter=1000).fit(digits[0][:60], digits[1][:60])


def shares(model, X, **params):
    sampler = DropQuerySampler(random_state=0, **params)
    return sampler.query(model, X, 1, return_utilities=True)[1]


def test_the_utility_is_the_share_of_masks_that_change_the_class(model, digits):
    X = digits[0][60:].astype(float)
    for rate, n_masks in ((0.75, 3), (0.3, 8)):
        classes = masked_classes(model.predict_proba, X, rate, n_masks)
        expected = (classes[1:] != classes[0]).mean(axis=0)
        assert np.allclose(shares(model, X, rate=rate, n_masks=n_masks), expected)
        assert 0 < expected.mean() < 1
    assert shares(model, X, rate=0.0).max() == 0


def test_inputs_are_what_the_last_step_of_a_pipeline_sees(digits):
    X, y = digits[0].astype(float), digits[1]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X[:60], y[:60])
    classes = masked_classes(model[-1].predict_proba, model[0].transform(X), 0.75, 3)
    assert np.allclose(shares(model, X), (classes[1:] != classes[0]).mean(axis=0))


def test_a_committee_decides_by_its_mean_probabilities(digits):
    X, y = digits[0].astype(float), digits[1]
    rows = [np.arange(60), np.flatnonzero(y[:60] != 3)]  # the second knows one class less
    learners = [
        ActiveLearner(GaussianNB(var_smoothing=0.1), X_training=X[r], y_training=y[r]) for r in rows
    ]
    rng, classes = np.random.RandomState(0), []
    for mask in (False, True, True, True):
        proba = np.zeros((2, 200, 10))
        for i, known in enumerate((np.arange(10), np.delete(np.arange(10), 3))):
            kept = (rng.random_sample(X.shape) >= 0.75) / 0.25 if mask else 1.0
            proba[i][:, known] = learners[i].predict_proba(X * kept)
        classes.append(proba.mean(axis=0).argmax(axis=1))
    expected = (np.array(classes[1:]) != classes[0]).mean(axis=0)
    assert np.allclose(shares(Committee(learners), X), expected)


def test_candidates_are_the_rows_above_one_half_or_enough_of_the_next():
    utility = np.array([0, 1, 2, 3, 3, 2, 1, 0]) / 3
    assert candidates(utility, 2).tolist() == candidates(utility, 4).tolist() == [2, 3, 4, 5]
    assert candidates(utility, 5).tolist() == [1, 2, 3, 4, 5, 6]
    assert candidates(utility, 7).tolist() == list(range(8))
    assert candidates(np.zeros(4), 2).tolist() == [0, 1, 2, 3]


class Given(BaseSampler):
    """A sampler of fixed utilities."""

    def __init__(self, values, *, random_state=None):
        super().__init__(random_state=random_state)
        self.values = values

    def utility(self, pool, rng):
        return np.asarray(self.values, dtype=float)


def test_the_batch_is_of_the_candidates_nearest_to_the_centres(model, digits):
    X, shown = digits[0][60:], np.arange(140) % 3 == 0
    sampler = ComposedSampler(Given(shown * 1.0), DropQuerySampler(), random_state=4)
    picks = sampler.query(model, X, 6)
    of_candidates = KMeansSampler(random_state=4).query(model, X[shown], 6)
    assert picks.tolist() == np.flatnonzero(shown)[of_candidates].tolist()
    assert shown[sampler.query(model, X, 47)].all()
    assert len(set(sampler.query(model, X, 60).tolist())) == 60


@pytest.mark.parametrize("form", [
    sparse.csr_matrix, np.ndarray.tolist, lambda X: Dataset(X, np.zeros(len(X))),
])  # fmt: skip
def test_pools_of_any_form_have_the_same_shares(form, digits):
    X, y = digits
    module = nn.Sequential(nn.Linear(64, 10), nn.Softmax(dim=1))
    net = NeuralNetClassifier(module, max_epochs=2, verbose=0, train_split=None).fit(X, y)
    model = RandomForestClassifier(5, random_state=0).fit(X, y)
    asked = net if form(X[:2]).__class__ is Dataset else model
    assert np.allclose(shares(asked, form(X)), shares(asked, X))


def test_images_keep_their_shape(digits):
    X, y = digits[0].reshape(-1, 1, 8, 8), digits[1]
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 10), nn.Softmax(dim=1))
    net = NeuralNetClassifier(layers, max_epochs=2, verbose=0, train_split=None).fit(X, y)
    classes = masked_classes(
        lambda Z: net.predict_proba(Z.astype(np.float32)), X.astype(float), 0.75, 3
    )
    flat = masked_classes(
        lambda Z: net.predict_proba(Z.reshape(X.shape).astype(np.float32)),
        X.reshape(200, -1).astype(float), 0.75, 3,
    )  # fmt: skip
    assert np.array_equal(classes, flat)
    assert np.abs(shares(net, X) - (flat[1:] != flat[0]).mean(axis=0)).mean() < 0.01


def test_large_pools_are_predicted_in_parts(model, digits, monkeypatch):
    monkeypatch.setattr(chunks, "ROWS", 64)
    sizes, predicted = [], masking.predicted_class
    monkeypatch.setattr(
        masking, "predicted_class",
        lambda pool, inputs: sizes.append(len(inputs[0])) or predicted(pool, inputs),
    )  # fmt: skip
    assert shares(model, digits[0]).shape == (200,)
    assert sizes == [64] * 12 + [8] * 4


@pytest.mark.parametrize("bad, message", [
    ({"rate": 1.0}, "rate == 1.0, must be < 1"), ({"rate": -0.1}, "rate == -0.1, must be >= 0"),
    ({"rate": np.nan}, "rate == nan"), ({"n_masks": 0}, "n_masks == 0, must be >= 1"),
])  # fmt: skip
def test_bad_parameters_are_named(bad, message, model, digits):
    with pytest.raises(ValueError, match=message):
        DropQuerySampler(**bad).query(model, digits[0])


def test_regressors_have_no_classes_to_change(diabetes):
    with pytest.raises(ValueError, match="LinearRegression has no predict_proba"):
        DropQuerySampler().query(LinearRegression().fit(*diabetes), diabetes[0])
