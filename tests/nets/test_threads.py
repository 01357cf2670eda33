"""A fitted net gives several threads what it gives one."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import joblib
import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from sklearn.base import is_classifier
from sklearn.model_selection import cross_val_predict
from threads import in_threads
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from skally import DualRegressor
from skally.criteria import ConsistencyLoss
from skally.nets.embedding import dropout_active, recorded_inputs
from skally.nets.watching import watched

# The same numbers by other threads of the processor differ by the rounding of float32.
ATOL = 1e-5


@pytest.mark.parametrize("method", ["embed", "predict", "predict_proba", "score", "sample_loss"])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_threads_get_what_one_gets(kind, method, request):
    net = request.getfixturevalue(kind)
    X, y = request.getfixturevalue("digits" if is_classifier(net) else "diabetes")
    if not hasattr(net, method):
        pytest.skip("a regressor has no probabilities")
    X, y = np.tile(X, (8, 1)), np.tile(y, 8)
    given = (X, y) if method in ("score", "sample_loss") else (X,)
    alone = getattr(net, method)(*given)
    for found in in_threads(lambda: getattr(net, method)(*given)):
        assert np.shape(found) == np.shape(alone)
        assert np.allclose(found, alone, rtol=1e-5, atol=ATOL)


def test_embeddings_beside_draws_of_dropout_are_those_without(classifier, digits):
    X, alone = digits[0], classifier.embed(digits[0])
    proba, turn = classifier.predict_proba(X), iter(range(1000))

    def one_or_the_other():
        if next(turn) % 2:
            with dropout_active(classifier.module_):
                return classifier.predict_proba(X)
        return classifier.embed(X)

    found = in_threads(one_or_the_other, 10)
    embeddings = [each for each in found if each.shape == alone.shape]
    assert len(embeddings) == 40 and all(np.allclose(Z, alone, atol=ATOL) for Z in embeddings)
    drawn = [each for each in found if each.shape == proba.shape]
    assert len(drawn) == 40 and not any(np.allclose(p, proba, atol=1e-3) for p in drawn)


def test_noise_of_a_loss_is_the_same_in_every_thread(diabetes):
    X, y = diabetes
    net = one_regressor(
        constraint_criterion=ConsistencyLoss, module__hidden_layer_sizes=(8,), max_epochs=1
    ).fit(X, y)
    alone, state = net.constraint_loss(X, y), torch.get_rng_state()
    assert all(
        np.allclose(found, alone, rtol=1e-4, atol=ATOL)
        for found in in_threads(lambda: net.constraint_loss(X, y), 10)
    )
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "estimator",
    [
        one_regressor(
            module__hidden_layer_sizes=(8,), module__dropout=0.5, max_epochs=2, random_state=0
        ),
        DualRegressor(max_epochs=2, random_state=0),
    ],
    ids=["net", "head"],
)
def test_fits_of_one_seed_in_several_threads_are_one_fit(estimator, diabetes):
    X, y = diabetes
    alone, state = deepcopy(estimator).fit(X, y).predict(X), torch.get_rng_state()
    for found in in_threads(lambda: deepcopy(estimator).fit(X, y).predict(X), 2):
        assert np.allclose(found, alone, rtol=1e-3, atol=1e-3 * np.std(alone))
    assert torch.equal(torch.get_rng_state(), state)


def test_joblibs_threads_get_what_one_job_gets(digits):
    net = one_classifier(
        module__hidden_layer_sizes=(8,), module__dropout=0.5, max_epochs=2, random_state=0
    )
    alone = cross_val_predict(net, *digits, cv=4, method="predict_proba")
    state = torch.get_rng_state()
    with joblib.parallel_config("threading", n_jobs=4):
        found = cross_val_predict(net, *digits, cv=4, method="predict_proba")
    assert np.allclose(found, alone, rtol=1e-3, atol=1e-4)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_module_that_is_watched_is_not_touched(classifier, digits):
    layers = [layer for layer in classifier.module_.modules() if not list(layer.children())]
    before = pickle.dumps(classifier.module_.eval())
    with watched(layers, lambda *_: None, lambda *_: None), dropout_active(classifier.module_):
        assert pickle.dumps(classifier.module_) == before
        classifier.predict_proba(digits[0])
        assert not any(layer.training for layer in layers)


def test_a_thread_does_not_see_what_another_runs():
    module, X = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), torch.ones(5, 3)
    with recorded_inputs(module[1]) as chunks:
        module(X)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(module, X).result()
    assert len(chunks) == 1


def test_layers_within_a_transformer_are_watched():
    """Where nothing is trained, torch has a shortcut that calls no layer within."""
    module = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.5, batch_first=True).eval()
    X = torch.rand(6, 3, 8)
    with torch.no_grad():
        plain = module(X)
        with recorded_inputs(module.linear2) as chunks:
            again = module(X)
        assert np.shape(chunks) == (1, 6, 3 * 16) and torch.allclose(plain, again, atol=1e-5)
        with dropout_active(module):
            assert not torch.allclose(plain, module(X), atol=1e-5)
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_layer_that_is_never_called_is_named():
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    with pytest.raises(ValueError, match="out_features=1.* was not called"):
        with recorded_inputs(module[1]):
            module[0](torch.ones(5, 3))


@pytest.mark.parametrize("iterator", [None, DataLoader], ids=["ours", "torch"])
def test_predictions_for_a_data_set_leave_torchs_generator_as_it_is(iterator, diabetes):
    X, y = map(torch.tensor, diabetes)
    params = {} if iterator is None else {"iterator_valid": iterator}
    net = one_regressor(max_epochs=1, random_state=0, **params)
    data = TensorDataset(X, y.float()[:, None])
    net.fit(data)
    state = torch.get_rng_state()
    net.predict(data)
    net.embed(data)
    assert torch.equal(torch.get_rng_state(), state)


def test_one_thread_embeds_while_another_trains(classifier, digits):
    X, y = digits
    alone, done = classifier.embed(X), threading.Event()

    def train():
        try:
            net = one_classifier(max_epochs=5, random_state=0)
            return [deepcopy(net).fit(X, y).dual_variables_ for _ in range(2)]
        finally:
            done.set()

    with ThreadPoolExecutor(2) as pool:
        duals = pool.submit(train)
        while not done.is_set():
            assert np.allclose(classifier.embed(X), alone, atol=ATOL)
        assert np.allclose(*duals.result(), atol=1e-6)
