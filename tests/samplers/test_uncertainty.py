import numpy as np
import pytest
import scipy.stats
import torch
from one_net import one_classifier
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from skally import (
    BALDSampler,
    ConstrainedNetClassifier,
    EntropySampler,
    LeastConfidentSampler,
    MarginSampler,
    RandomSampler,
    SpreadSampler,
)
from skally.nets.data import ArrayDataset
from skally.nets.loader import BatchLoader
from skally.utils.random import draw_seed, torch_seeded

# Of entropies of ten probabilities in float32: each of ten terms, of up to 0.4, is known to 1e-7,
# and scipy divides by the sum of the probabilities, which a classifier leaves some 1e-6 from 1.
ROUNDING = 1e-5


def test_random_draws_are_uniform():
    counts = np.zeros(6)
    for seed in range(600):
        counts[RandomSampler(random_state=seed).query(None, np.zeros((6, 1)), 2)] += 1
    assert np.all(np.abs(counts - 200) < 60)


def test_entropy_takes_the_rows_least_sure(digits):
    X, y = digits
    model = GaussianNB(var_smoothing=0.1).fit(X[:150], y[:150])
    proba = model.predict_proba(X[150:])
    h = scipy.stats.entropy(proba, axis=1)
    picks, utility = EntropySampler().query(model, X[150:], 5, return_utilities=True)
    assert np.allclose(utility, h, atol=ROUNDING)
    assert np.allclose(h[picks], np.sort(h)[:-6:-1], atol=ROUNDING)


def test_least_confident_and_margin_take_the_ends_of_a_sort(digits):
    X, y = digits
    model = GaussianNB(var_smoothing=0.1).fit(X[:150], y[:150])
    ranked = -np.sort(-model.predict_proba(X), axis=1)
    picks, utility = LeastConfidentSampler().query(model, X, 5, return_utilities=True)
    assert np.allclose(utility, 1 - ranked[:, 0], atol=1e-6)
    assert np.allclose(utility[picks], np.sort(utility)[:-6:-1])
    picks, utility = MarginSampler().query(model, X, 5, return_utilities=True)
    assert np.allclose(utility, 1 - (ranked[:, 0] - ranked[:, 1]), atol=1e-6)
    assert np.allclose(utility[picks], np.sort(utility)[:-6:-1])


# torch's DataLoader takes a random number itself; BatchLoader does not.
BATCHES = {"dataset": ArrayDataset, "iterator_valid": BatchLoader}


def information(draws):
    draws = np.array(draws)
    return scipy.stats.entropy(draws.mean(axis=0), axis=1) - scipy.stats.entropy(
        draws, axis=2
    ).mean(axis=0)


def bald(model, X, **params):
    sampler = BALDSampler(random_state=0, **params)
    return sampler.query(model, X, 1, return_utilities=True)[1]


@pytest.fixture
def normed_net(digits):
    """Plain skorch net with dropout behind batch normalisation."""
    with torch_seeded(0):
        module = nn.Sequential(
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10)
        )
    net = NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, lr=0.5, max_epochs=5, verbose=0, **BATCHES
    )
    with torch_seeded(0):
        return net.fit(digits[0], digits[1])


def test_bald_of_a_net_is_the_mutual_information_of_draws_of_its_dropout(normed_net, digits):
    X, module = torch.tensor(digits[0]), normed_net.module_
    draws, rng = [], np.random.RandomState(0)
    module.eval()
    module[3].train()
    for _ in range(5):
        with torch_seeded(draw_seed(rng)), torch.no_grad():
            draws.append(torch.cat([module(x).softmax(1) for x in X.split(128)]).numpy())
    module.eval()
    expected = information(draws)
    assert expected.max() > 0.01
    assert np.allclose(bald(normed_net, digits[0], n_draws=5), expected, atol=ROUNDING)


def test_bald_leaves_batch_normalisation_and_modes_as_they_were(normed_net, digits):
    before = {k: v.clone() for k, v in normed_net.module_.state_dict().items()}
    predicted = normed_net.predict_proba(digits[0])
    bald(normed_net, digits[0])
    assert all(torch.equal(v, before[k]) for k, v in normed_net.module_.state_dict().items())
    assert not any(layer.training for layer in normed_net.module_.modules())
    assert not normed_net.module_[3]._forward_pre_hooks
    assert np.array_equal(normed_net.predict_proba(digits[0]), predicted)


def test_bald_transforms_the_pool_once_for_all_draws(digits, monkeypatch):
    X, y = digits
    net = ConstrainedNetClassifier(module__dropout=0.2, max_epochs=1, random_state=0)
    model, calls = make_pipeline(StandardScaler(), net).fit(X, y), []
    transform = StandardScaler.transform
    monkeypatch.setattr(
        StandardScaler, "transform", lambda *a, **k: calls.append(1) or transform(*a, **k)
    )
    utility = bald(model, X)
    assert len(calls) == 1 and utility.min() >= 0 and utility.max() > 0


def test_bald_of_dropout_regressors_is_the_variance_of_their_draws(diabetes):
    X, y = diabetes
    module = nn.Sequential(nn.Linear(10, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    net = NeuralNetRegressor(module, max_epochs=1, verbose=0, **BATCHES)
    net.fit(X, y.astype(np.float32)[:, None])
    utility = bald(net, X, n_draws=1000)  # the variance of n draws is known to sqrt(2 / n), 5 %
    with torch.no_grad():
        share = net.module_[2].weight[0] * net.module_[0](torch.tensor(X))
    assert np.allclose(utility, (share**2).sum(dim=1), rtol=0.4)  # a unit is 0 or doubled


def test_bald_of_a_forest_is_the_mutual_information_of_its_trees(digits):
    X, y = digits[0], digits[1].astype(str)
    model = RandomForestClassifier(9, max_depth=4, random_state=0).fit(X, y)
    assert np.allclose(bald(model, X), information([t.predict_proba(X) for t in model]))
    pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    assert bald(pipeline, X).max() > 0.1


def test_bald_of_bagged_models_aligns_their_features_and_classes(digits):
    X, y = digits[0][:40], digits[1][:40] + 5
    model = BaggingClassifier(
        KNeighborsClassifier(2), 6, max_samples=4, max_features=0.5, random_state=0
    ).fit(X, y)
    assert min(len(member.classes_) for member in model.estimators_) < 10
    draws = np.zeros((6, 40, 10))
    for draw, member, columns in zip(
        draws, model.estimators_, model.estimators_features_, strict=True
    ):
        draw[:, member.classes_] = member.predict_proba(X[:, columns])
    assert np.allclose(np.mean(draws, axis=0), model.predict_proba(X))
    assert np.allclose(bald(model, X), information(draws))


def test_bald_of_votes_and_of_forests_for_regression(digits, diabetes):
    members = [("a", GaussianNB(var_smoothing=0.1)), ("b", LogisticRegression(max_iter=500))]
    model = VotingClassifier(members, voting="soft").fit(*digits)
    expected = information([member.predict_proba(digits[0]) for member in model.estimators_])
    assert expected.max() > 0.1 and np.allclose(bald(model, digits[0]), expected, atol=ROUNDING)
    model = RandomForestRegressor(7, random_state=0).fit(*diabetes)
    expected = np.var([tree.predict(diabetes[0]) for tree in model], axis=0)
    assert np.allclose(bald(model, diabetes[0]), expected)


def test_spread_is_the_variance_of_predictions_summed_over_outputs(digits, diabetes):
    def spread(model, X):
        return SpreadSampler(random_state=0).query(model, X, return_utilities=True)[1]

    X, y = diabetes[0], np.column_stack([diabetes[1], -2 * diabetes[1] + diabetes[0][:, 0]])
    model = RandomForestRegressor(7, random_state=0).fit(X, y)
    expected = np.var([tree.predict(X) for tree in model], axis=0).sum(axis=1)
    assert np.allclose(spread(model, X), expected)
    model = RandomForestClassifier(7, max_depth=3, random_state=0).fit(*digits)
    draws = [tree.predict_proba(digits[0]) for tree in model]
    assert np.allclose(spread(model, digits[0]), np.var(draws, axis=0).sum(axis=1), atol=1e-12)


def test_spread_of_the_default_nets_members(regressor, diabetes):
    members = np.array(list(regressor.predict_members(diabetes[0]))).reshape(6, 200)
    utility = SpreadSampler().query(regressor, diabetes[0], return_utilities=True)[1]
    assert np.allclose(utility, members.var(axis=0), rtol=1e-3)


def test_bald_says_what_is_missing(digits):
    X, y = digits
    net = one_classifier(max_epochs=1).fit(X, y)
    with pytest.raises(ValueError, match="MLP has no dropout layer.*module__dropout"):
        bald(net, X)
    with pytest.raises(ValueError, match="LogisticRegression gives no draws"):
        bald(LogisticRegression(max_iter=500).fit(X, y), X)
    with pytest.raises(ValueError, match="GradientBoostingClassifier gives no draws"):
        bald(GradientBoostingClassifier(n_estimators=1).fit(X, y), X)
    with pytest.raises(ValueError, match="n_draws == 1, must be"):
        bald(net, X, n_draws=1)
