import numpy as np
import pytest
import torch
from one_net import one_classifier
from scipy.stats import spearmanr
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from skorch import NeuralNetClassifier
from torch import nn

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor, LearningLossSampler
from skally.nets.heads import RankingLoss
from skally.pool.pool import Pool


@pytest.mark.parametrize("n", [2, 7, 8])
def test_ranking_loss_is_the_hinge_over_pairs(rng, n):
    p, loss = torch.tensor(rng.normal(size=(2, n, 1)))
    expected = []
    for i in range(n):
        j = (i - n // 2) % n
        sign = np.sign(float(loss[i] - loss[j]))
        expected.append(max(0.0, 1.5 - sign * float(p[i] - p[j])))
    assert torch.isclose(RankingLoss(1.5)(p, loss), torch.tensor(np.mean(expected)))


def test_pairs_of_equal_losses_have_no_gradient():
    p = torch.zeros(5, 1, requires_grad=True)
    RankingLoss(1.0)(p, torch.ones(5, 1)).backward()
    assert torch.equal(p.grad, torch.zeros(5, 1))


def noisy(rng, n):
    """Inputs, and targets that no linear model gets right where the second input is large."""
    X = rng.normal(size=(n, 3))
    return X, X[:, 0] + 3 * np.maximum(X[:, 1], 0) * rng.choice([-1, 1], size=n)


@pytest.mark.parametrize("n", [400, 449])
def test_predicted_losses_are_in_the_order_of_the_true_ones(rng, n):
    X, y = noisy(rng, n)
    model = LinearRegression().fit(X, y)
    X_pool = rng.normal(size=(300, 3))
    _, utility = LearningLossSampler(random_state=0).query(
        model, X_pool, X=X, y=y, return_utilities=True
    )
    assert spearmanr(utility, np.maximum(X_pool[:, 1], 0)).statistic > 0.8


def loss_samples(model, X, y):
    return Pool(model, X, X, y).labeled.embedding_and_loss


def test_losses_of_constrained_nets_are_their_own(regressor, diabetes, classifier, digits):
    for net, (X, y) in ((regressor, diabetes), (classifier, digits)):
        Z, loss = loss_samples(net, X, y)
        assert np.allclose(loss, net.sample_loss(X, y)) and np.allclose(Z, net.embed(X))
        Z, loss = Pool(net, X).labeled.embedding_and_loss
        # what the training left: here the constraint loss is the loss
        assert np.allclose(loss, net.held_out_loss_, rtol=1e-4, atol=1e-5)  # float32
        assert np.array_equal(Z, net.train_embedding_)
    net = one_classifier(max_epochs=10, random_state=0).fit(X, y)
    loss = Pool(net, X).labeled.embedding_and_loss[1]
    assert np.allclose(loss, net.sample_loss(X, y), rtol=1e-4, atol=1e-5)


def test_losses_of_a_transformed_target_are_those_of_the_net_inside(diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(max_epochs=2, random_state=0)
    model = TransformedTargetRegressor(net, func=np.log, inverse_func=np.exp).fit(X, y)
    assert np.allclose(loss_samples(model, X, y)[1], model.regressor_.sample_loss(X, np.log(y)))


def test_losses_of_other_estimators_are_log_loss_and_squared_error(digits, diabetes):
    X, y = digits[0], digits[1].astype(str)
    model = LogisticRegression(max_iter=500).fit(X, y)
    expected = -np.log(model.predict_proba(X)[np.arange(200), digits[1]])
    assert np.allclose(loss_samples(model, X, y)[1], expected)
    X, y = diabetes
    model = LinearRegression().fit(X, y)
    assert np.allclose(loss_samples(model, X, y)[1], (model.predict(X) - y) ** 2)


class Images(nn.Sequential):
    """A convolution and a linear layer."""

    def __init__(self):
        super().__init__(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))


@pytest.mark.parametrize("cls", [NeuralNetClassifier, ConstrainedNetClassifier])
def test_image_nets(cls, digits):
    X, y = digits[0].reshape(-1, 1, 8, 8), digits[1]
    params = {"train_split": None} if cls is NeuralNetClassifier else {}
    net = cls(Images, criterion=nn.CrossEntropyLoss, max_epochs=2, verbose=0, **params)
    net.fit(X[:150], y[:150])
    picks = LearningLossSampler(max_epochs=3).query(net, X[150:], 5, X=X[:150], y=y[:150])
    assert len(set(picks.tolist())) == 5


def test_what_is_missing_is_said(diabetes):
    X, y = diabetes
    model = LinearRegression().fit(X, y)
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        LearningLossSampler().query(model, X)
    with pytest.raises(ValueError, match="y == None, must be the labels of X"):
        LearningLossSampler().query(model, X, X=X)
    with pytest.raises(ValueError, match="margin == -1"):
        LearningLossSampler(margin=-1).query(model, X, X=X, y=y)
