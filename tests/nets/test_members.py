"""Members of a net: beside each module alone, without leaks, and through the estimators."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP, TabularMLP
from skally.nets.embedding import find_embedding_layer, recorded_inputs
from skally.nets.members import MOST_COLUMNS, Members, apart
from skally.pool.ensembles import model_draws
from skally.pool.gradients import gradient_sketch
from skally.samplers import ALLYSampler, BALDSampler, LCMDSampler

QUICK = {
    "module__hidden_layer_sizes": (16,),
    "n_members": 4,
    "max_epochs": 4,
    "lr": 0.01,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def table():
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:120], y[:120]


class Recurrent(nn.Module):
    """Has a layer for which vmap has no rule."""

    def __init__(self):
        super().__init__()
        self.layer, self.last = nn.LSTM(5, 7, batch_first=True), nn.Linear(7, 2)

    def forward(self, X):
        return self.last(self.layer(X.reshape(len(X), 1, 5))[0][:, -1])


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 2)
        self.second.weight = self.first.weight

    def forward(self, X):
        return self.last(self.second(self.first(X)))


def normalised():
    return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def members_of(make, n=3):
    torch.manual_seed(0)
    modules = [make() for _ in range(n)]
    return modules, Members([modules], embedding_layer=find_embedding_layer)


class Scaled(TabularMLP):
    """Has a parameter more than the module for tables, whose members run at once."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs)
        self.factor = nn.Parameter(torch.rand(n_outputs))

    def forward(self, X):
        return self.factor * super().forward(X)


TABULAR = {
    "plain": TabularMLP,
    "ple": partial(TabularMLP, encoding="ple"),
    "pbld": partial(TabularMLP, encoding="pbld"),
    "linear": partial(TabularMLP, encoding="ple", hidden_layer_sizes=()),
    "other": partial(TabularMLP, activation=nn.PReLU),
    "derived": Scaled,
}


MAKES = [
    lambda: MLP(5, 2),
    normalised,
    Recurrent,
    Tied,
    *(partial(M, 5, 2) for M in TABULAR.values()),
]


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.filterwarnings("ignore:.*cannot be stacked")
def test_members_may_be_asked_for_some_rows_each(make):
    """The last member for none: what it gives does not matter."""
    modules, members = members_of(make)
    X = torch.randn(12, 5)
    asked = torch.zeros(12, 3, dtype=torch.bool)
    asked[[0, 3, 4, 11], 0] = asked[[1, 3, 5, 6, 7, 8, 9], 1] = True
    with torch.no_grad():
        with apart(members.eval(), asked):
            outputs = members(X)
        alone = torch.stack([module.eval()(X) for module in modules], dim=1)
    assert torch.allclose(outputs[asked], alone[asked], atol=1e-5)
    with torch.no_grad(), apart(members):
        assert torch.allclose(members(X), alone, atol=1e-5)  # all of them, outside


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.filterwarnings("ignore:.*cannot be stacked")
def test_members_give_what_each_module_gives_alone(make, training):
    modules, members = members_of(make)
    X = torch.randn(12, 5)
    members.train(training)
    with apart(members):
        outputs = members(X)
    outputs.square().sum().backward()
    gradients = {name: p.grad for name, p in members.stacks[0].named_parameters()}
    for k, module in enumerate(modules):
        output = module.train(training)(X)
        assert torch.allclose(outputs[:, k], output, atol=1e-5)
        output.square().sum().backward()
        for name, parameter in module.named_parameters():
            assert torch.allclose(gradients[name][k], parameter.grad, rtol=1e-3, atol=1e-4)
        for name, buffer in module.named_buffers():  # batch normalisation's
            stacked = dict(members.stacks[0].named_buffers())[name]
            assert torch.allclose(stacked[k], buffer, atol=1e-5)


@pytest.mark.parametrize("layer", [None, "scaling", "net"])
@pytest.mark.parametrize("make", TABULAR.values(), ids=TABULAR)
@pytest.mark.filterwarnings("error")
def test_embeddings_of_members_at_once_are_those_in_a_row(make, layer):
    torch.manual_seed(0)
    modules = [make(5, 2) for _ in range(3)]
    members = Members([modules], embedding_layer=lambda stack: find_embedding_layer(stack, layer))
    seen = []
    for members.in_a_row in (False, True):
        with recorded_inputs(members.embedding) as chunks, torch.no_grad():
            members(torch.linspace(-2, 2, 60).reshape(12, 5))
        seen.append(chunks[0])
    np.testing.assert_allclose(*seen, atol=1e-5)


def test_what_cannot_be_stacked_is_said_once():
    _, members = members_of(Recurrent)
    with pytest.warns(UserWarning, match="Recurrent cannot be stacked"):
        members(torch.randn(4, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        members(torch.randn(4, 5))


def test_an_error_of_the_module_is_raised_as_it_is():
    _, members = members_of(lambda: MLP(5, 2))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        members(torch.randn(4, 6))
    assert not members.in_a_row


def test_lazy_modules_are_refused(table):
    module = nn.Sequential(nn.LazyLinear(8), nn.Linear(8, 1))
    with pytest.raises(ValueError, match="lazy parameter"):
        ConstrainedNetRegressor(module, n_members=3).fit(*table)


@pytest.mark.parametrize("mean_of", ["outputs", "softmax", "sigmoid"])
def test_the_mean_is_that_of_predictions(mean_of):
    modules = [MLP(5, 2) for _ in range(3)]
    members = Members([modules], mean_of, find_embedding_layer).eval()
    members.weights.copy_(torch.tensor([0.5, 0.3, 0.2]))
    members.temperature.fill_(2.0 if mean_of != "outputs" else 1.0)
    X = torch.randn(7, 5)
    of = {"outputs": lambda z: z, "softmax": lambda z: z.softmax(1), "sigmoid": torch.sigmoid}
    back = {"outputs": lambda p: p, "softmax": torch.log, "sigmoid": torch.logit}
    mean = sum(w * of[mean_of](m(X)) for w, m in zip(members.weights, modules, strict=True))
    expected = back[mean_of](mean) / members.temperature
    assert torch.allclose(members(X), expected, atol=1e-5)


def test_inner_products_of_embeddings_are_those_of_the_members_together():
    modules, members = members_of(lambda: MLP(5, 2, hidden_layer_sizes=(600,)))
    members.eval()
    X = torch.randn(20, 5)
    with recorded_inputs(find_embedding_layer(members)) as chunks, torch.no_grad():
        members(X)
    Z = chunks[0]
    assert Z.shape == (20, MOST_COLUMNS)
    layers = [nn.Sequential(*list(m)[:-1])(X).detach().numpy() for m in modules]
    kernel = sum(each @ each.T for each in layers) / 3
    assert np.linalg.norm(Z @ Z.T - kernel) < 0.15 * np.linalg.norm(kernel)


# Training


def fitted(table, **params):
    params = {**QUICK, "callbacks__best_epoch": None, "dual_lr": 0.0, **params}
    return ConstrainedNetRegressor(**params).fit(*table)


def test_a_label_changes_no_member_from_which_its_row_is_withheld(table):
    X, y = table
    changed = y.copy()
    changed[7] += 5 * y.std()
    before, after = (fitted((X, each), normalize_y=False) for each in (y / 100, changed / 100))
    assert np.array_equal(before.net_.folds_, after.net_.folds_)
    is_withheld = before.module_.folds.numpy() == before.net_.folds_[7]
    assert is_withheld.any()
    differences = abs(before.predict_members(X) - after.predict_members(X)).max(axis=(1, 2))
    assert np.all(differences[is_withheld] < 1e-5)
    assert np.all(differences[~is_withheld] > 1e-4)


@pytest.mark.parametrize("n_members", [4, 8])
def test_held_out_losses_are_those_of_the_members_that_did_not_train_on_a_row(table, n_members):
    net = fitted(table, module=MLP, n_members=n_members)
    predicted = net.predict_members(table[0])[:, :, 0]
    chosen = net.net_.folds_ == net.module_.folds.numpy()[:, None]
    share = net.module_.constant_weight.item()
    mean = (1 - share) * (predicted * chosen).sum(axis=0) / chosen.sum(axis=0)
    mean += share * table[1].mean()
    expected = (mean - table[1]) ** 2 / table[1].var()
    np.testing.assert_allclose(net.held_out_loss_, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(net.slacks_, expected - 0.1, rtol=1e-3, atol=1e-3)


def test_duals_of_training_losses_are_those_of_the_members_that_trained_on_a_row(table):
    net = fitted(table, dual_loss="training")
    predicted = net.predict_members(table[0])[:, :, 0]
    chosen = net.net_.folds_ != net.module_.folds.numpy()[:, None]
    losses = (predicted - table[1]) ** 2 / table[1].var()
    expected = (losses * chosen).sum(axis=0) / chosen.sum(axis=0) - 0.1
    np.testing.assert_allclose(net.slacks_, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("params, step, decay, most", [
    ({}, 0.0125, 40, 0.1),
    ({"dual_max": 0.03}, 0.0125, 40, 0.03),
    ({"dual_max": 9.0, "dual_decay": 0.2}, 2.5, 0.2, 9),
    ({"dual_init": 2.0}, 0.0125, 40, 2),
    ({"dual_loss": "training"}, 0.002, 0, np.inf),
    ({"dual_lr": 0.002}, 0.002, 0, np.inf),
])  # fmt: skip
def test_duals_go_to_the_held_out_slacks_unless_a_step_is_given(table, params, step, decay, most):
    net = fitted(table, lr=0.0, epsilon=0.5, **{"dual_lr": None, **params})
    predicted = net.predict_members(table[0])[:, :, 0]
    is_seen = net.net_.folds_ == net.module_.folds.numpy()[:, None]  # one of the four members
    is_seen = ~is_seen if "dual_loss" in params else is_seen
    loss = (predicted - table[1]) ** 2 / table[1].var()
    slack = (loss * is_seen).sum(axis=0) / is_seen.sum(axis=0) - 0.5
    dual = np.full(120, params.get("dual_init", 0.0))
    for _ in range(QUICK["max_epochs"]):
        dual = np.clip(dual + step * (slack - decay * dual), 0, most)
    assert np.ptp(dual) > 0
    np.testing.assert_allclose(net.dual_variables_, dual, rtol=1e-3, atol=1e-4)


def test_the_larger_epsilon_is_the_fewer_duals_are_active(table):
    nets = [ConstrainedNetRegressor(epsilon=e, **QUICK).fit(*table) for e in (0.01, 0.3, 1, 1e6)]
    shares = [net.kkt_["fraction_active"] for net in nets]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.8 and shares[-1] == 0
    some, without = (net.predict(table[0]) for net in nets[1::2])
    assert abs(some - without).max() > 0.001 * table[1].std()  # after 4 epochs, duals <= 0.1
    stronger = {**QUICK, "epsilon": 0.3, "dual_decay": 4, "dual_max": 1}
    strong = ConstrainedNetRegressor(**stronger).fit(*table).predict(table[0])
    assert abs(strong - without).max() > 0.01 * table[1].std()


def test_predictions_are_the_weighted_mean_of_members_and_constant(table):
    net = fitted(table, module=TabularMLP, n_members=6)
    weights, share = net.module_.weights.numpy(), net.module_.constant_weight.item()
    assert np.isclose(weights.sum(), 1)
    mean = np.einsum("knm,k->n", net.predict_members(table[0]), weights)
    expected = (1 - share) * mean + share * table[1].mean()
    np.testing.assert_allclose(net.predict(table[0]), expected, rtol=1e-4)


def test_the_best_epoch_is_kept(table):
    net = ConstrainedNetRegressor(**{**QUICK, "max_epochs": 60}).fit(*table)
    course = net.history_[:, "held_out_loss"]
    assert net.best_epoch_ == 1 + int(np.argmin(course))
    assert len(course) < 60  # patience has ended


def test_automatic_tolerance_is_a_multiple_of_the_held_out_loss(table):
    net = ConstrainedNetRegressor(epsilon="auto", **QUICK).fit(*table)
    assert np.isclose(net.epsilon_, 1.2 * net.held_out_loss_.mean(), rtol=1e-3)


def test_standard_deviations_are_those_of_residuals(table):
    X, y = load_diabetes(return_X_y=True)
    net = ConstrainedNetRegressor(TabularMLP, **{**QUICK, "n_members": 12, "max_epochs": 30})
    mean, std = net.fit(X[:300], y[:300]).predict(X[300:], return_std=True)
    assert mean.shape == std.shape == (142,)
    ratio = np.sqrt(np.mean(std**2) / np.mean((y[300:] - mean) ** 2))
    assert 0.6 < ratio < 1.7


def test_members_for_tables_are_as_good_as_ridge_regression():
    X, y = load_diabetes(return_X_y=True)
    net = ConstrainedNetRegressor(
        TabularMLP, n_members=12, batch_size=256, lr=2e-3, module__hidden_layer_sizes=(128, 128),
        random_state=0,
    )  # fmt: skip
    errors = [
        np.mean((model.fit(X[:300], y[:300]).predict(X[300:]) - y[300:]) ** 2)
        for model in (net, Ridge(alpha=0.1))
    ]
    assert errors[0] < 1.15 * errors[1]


def test_rows_of_a_group_are_withheld_together(table):
    groups = np.arange(120) // 10
    net = ConstrainedNetRegressor(**QUICK).fit(*table, groups=groups)
    assert groups_are_withheld_together(net, groups)
    pipeline = make_pipeline(ConstrainedNetRegressor(**QUICK))
    pipeline.fit(*table, constrainednetregressor__groups=groups)
    with pytest.raises(ValueError, match="groups has 119 values"):
        ConstrainedNetRegressor(**QUICK).fit(*table, groups=groups[1:])


def groups_are_withheld_together(net, groups):
    """Whether all rows of a group have the same fold."""
    return all(len(np.unique(net.net_.folds_[groups == group])) == 1 for group in set(groups))


def test_groups_reach_the_net_of_a_searched_pipeline_by_metadata_routing(table):
    X, y = table
    groups = np.arange(120) // 10
    with config_context(enable_metadata_routing=True):
        net = ConstrainedNetRegressor(**QUICK).set_fit_request(groups=True)
        pipeline = make_pipeline(StandardScaler(), net).fit(X, y, groups=groups)
        grid = {"constrainednetregressor__epsilon": [0.1, 1.0]}
        search = GridSearchCV(pipeline, grid, cv=GroupKFold(3)).fit(X, y, groups=groups)
    for fitted in (pipeline, search.best_estimator_):
        assert groups_are_withheld_together(fitted[-1], groups)


def test_groups_reach_the_net_of_each_fold_by_metadata_routing(table):
    X, y = table
    groups, cv = np.arange(120) // 10, GroupKFold(3)
    with config_context(enable_metadata_routing=True):
        net = ConstrainedNetRegressor(**QUICK).set_fit_request(groups=True)
        found = cross_validate(
            net, X, y, params={"groups": groups}, cv=cv, return_estimator=True, error_score="raise"
        )
    folds = cv.split(X, y, groups)
    for fitted, (train, _) in zip(found["estimator"], folds, strict=True):
        assert groups_are_withheld_together(fitted, groups[train])


def test_groups_that_were_not_asked_for_are_no_silent_loss(table):
    groups = np.arange(120) // 10
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), ConstrainedNetRegressor(**QUICK))
        with pytest.raises(UnsetMetadataPassedError, match="groups"):
            pipeline.fit(*table, groups=groups)


@pytest.mark.parametrize("given", ["few rows", "one group"])
def test_where_nothing_can_be_withheld_it_is_said(table, given):
    X, y = table
    rows, groups = (slice(12), None) if given == "few rows" else (slice(None), np.zeros(120))
    with pytest.warns(UserWarning, match="No sample is held out"):
        net = ConstrainedNetRegressor(**QUICK).fit(X[rows], y[rows], groups=groups)
    assert np.isnan(net.held_out_loss_).all()
    assert np.isfinite(net.predict(X)).all()
    assert np.isfinite(net.dual_variables_).all()


@pytest.mark.parametrize("n_members", [0, 1.5, -1, "2", True, None])
def test_bad_numbers_of_members(table, n_members):
    with pytest.raises(ValueError, match="n_members == .* or 'auto'"):
        ConstrainedNetRegressor(n_members=n_members).fit(*table)


def test_a_single_net_has_no_spread_and_no_members(table):
    net = ConstrainedNetRegressor(n_members=1, max_epochs=1, random_state=0).fit(*table)
    with pytest.raises(ValueError, match="return_std"):
        net.predict(table[0], return_std=True)
    with pytest.raises(ValueError, match="n_members"):
        net.predict_members(table[0])
    with pytest.raises(ValueError, match="dual_loss"):
        net.set_params(dual_loss="test").fit(*table)


def test_a_target_with_one_value(table):
    net = ConstrainedNetRegressor(**QUICK).fit(table[0], np.full(120, 3.0))
    np.testing.assert_allclose(net.predict(table[0]), 3.0, atol=0.5)


# Everything else an estimator does


@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, nn.BCEWithLogitsLoss])
def test_classifiers(criterion):
    X, y = load_breast_cancer(return_X_y=True)
    net = ConstrainedNetClassifier(criterion=criterion, **{**QUICK, "max_epochs": 15})
    net.fit(scale(X), y)
    proba = net.predict_proba(scale(X))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert net.score(scale(X), y) > 0.93
    assert net.predict_members(scale(X)).shape == (4, len(X), 2)
    weights = net.module_.weights
    assert torch.isclose(weights.sum(), torch.ones(()))


def test_a_class_with_one_row_is_learned_by_all():
    X, y = load_iris(return_X_y=True)
    net = ConstrainedNetClassifier(**QUICK).fit(X[:101], y[:101])
    assert net.net_.folds_[100] == -1
    assert np.isnan(net.held_out_loss_[100])
    assert net.predict_proba(X).shape == (150, 3)


def test_pickles_clones_and_further_training(table):
    net = ConstrainedNetRegressor(**QUICK).fit(*table)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_allclose(again.predict(table[0]), net.predict(table[0]), rtol=1e-5)
    other = clone(net).fit(*table)
    np.testing.assert_allclose(other.dual_variables_, net.dual_variables_, rtol=1e-3, atol=1e-6)
    before = net.predict(table[0])
    net.partial_fit(*table)
    assert net.held_out_loss_.shape == (120,)
    assert not np.allclose(before, net.predict(table[0]))


def test_training_does_not_go_on_with_another_number_of_members(table):
    net = ConstrainedNetRegressor(**QUICK).fit(*table)
    before = net.predict(table[0])
    with pytest.raises(ValueError, match="n_members == 5, must be 4"):
        net.set_params(n_members=5).partial_fit(*table)
    np.testing.assert_allclose(net.predict(table[0]), before)


def test_the_epoch_is_that_of_the_users_own_stopping(table):
    params = {**QUICK, "train_split": ValidSplit(4), "max_epochs": 8, "lr": 0.1}
    net = ConstrainedNetRegressor(callbacks=[EarlyStopping(patience=2)], **params).fit(*table)
    assert net.best_epoch_ == len(net.history_)  # whose weights stay, without load_best
    net = clone(net).set_params(callbacks=[EarlyStopping(load_best=True)]).fit(*table)
    assert net.best_epoch_ == 1 + int(np.argmin(net.history_[:, "valid_loss"]))


def test_a_factory_of_modules_gets_the_quantiles_too(table):
    X, y = table
    net = ConstrainedNetRegressor(partial(TabularMLP), **QUICK).fit(X * 1e6, y)
    assert net.module_.stacks[0].scaling.scale.min() > 1e4


def test_saved_parameters_bring_back_the_mix(table, tmp_path):
    net = ConstrainedNetRegressor(**QUICK).fit(*table)
    net.net_.save_params(f_params=tmp_path / "module.pt")
    other = ConstrainedNetRegressor(**{**QUICK, "random_state": 1}).fit(*table)
    other.net_.load_params(f_params=tmp_path / "module.pt")
    np.testing.assert_allclose(other.predict(table[0]), net.predict(table[0]), rtol=1e-4)


def test_search_over_tolerances(table):
    grid = {"epsilon": [0.05, "auto"], "dual_lr": [0.1]}
    search = GridSearchCV(ConstrainedNetRegressor(**QUICK), grid, cv=2).fit(*table)
    assert search.best_params_["epsilon"] in (0.05, "auto")


def test_members_are_the_draws(table):
    net = ConstrainedNetRegressor(**QUICK).fit(*table)
    draws = list(model_draws(net, table[0], 100, np.random.RandomState(0)))
    np.testing.assert_allclose(draws, net.predict_members(table[0]))


@pytest.mark.parametrize("strategy", [ALLYSampler, LCMDSampler])
def test_strategies_query_members(table, strategy):
    X, y = table
    net = ConstrainedNetRegressor(dual_lr=0.1, **QUICK).fit(X[:60], y[:60])
    picks = strategy(random_state=0)(net, X[60:], n_instances=5)
    assert len(set(picks)) == 5


def test_disagreement_of_members():
    X, y = load_iris(return_X_y=True)
    net = ConstrainedNetClassifier(**QUICK).fit(X, y)
    assert len(BALDSampler(random_state=0)(net, X, n_instances=5)) == 5


def test_gradient_sketch_is_of_all_members(table):
    X = table[0][:6]
    net = fitted(table, n_members=3, module__hidden_layer_sizes=(4,))
    module = net.module_.eval()
    rows = []
    for x in torch.as_tensor(X, dtype=torch.float32):
        gradients = torch.autograd.grad(module(x[None]).sum(), list(module.parameters()))
        rows.append(torch.cat([g.flatten() for g in gradients]).numpy())
    kernel = np.stack(rows) @ np.stack(rows).T
    Z = gradient_sketch(net, X, 40_000, 0)
    assert np.linalg.norm(Z @ Z.T - kernel) < 0.1 * np.linalg.norm(kernel)


def test_the_module_for_tables_has_twelve_members_and_other_modules_are_alone(table):
    def number(**params):
        net = ConstrainedNetRegressor(**{"max_epochs": 1, "random_state": 0, **params})
        return net.fit(*table).net_.n_members

    assert number(module=TabularMLP) == 12
    assert number(module=MLP) == number(module=TabularMLP(10, 1)) == 1
    assert number(module=MLP, n_members=3) == 3


def test_training_on_keeps_the_number_of_members(table):
    net = ConstrainedNetRegressor(MLP, n_members=2, max_epochs=1, random_state=0).fit(*table)
    assert net.set_params(n_members="auto").partial_fit(*table).net_.n_members == 2


def test_few_rows_are_withheld_from_no_member_where_the_number_is_automatic(table):
    net = ConstrainedNetRegressor(TabularMLP, max_epochs=1, random_state=0)
    with pytest.warns(UserWarning, match="No sample is held out"):
        net.fit(*(each[:10] for each in table))
    assert net.net_.n_members == 12 and np.isnan(net.held_out_loss_).all()


def test_threads_share_fitted_members(table):
    net = ConstrainedNetRegressor(TabularMLP, max_epochs=1, random_state=0).fit(*table)
    expected, tol = net.predict(table[0]), 1e-5 * table[1].std()
    with ThreadPoolExecutor(4) as pool:
        for predicted in pool.map(net.predict, [table[0]] * 40):
            np.testing.assert_allclose(predicted, expected, rtol=1e-5, atol=tol)


def test_labels_are_smoothed_for_members_and_losses_are_measured_without(digits):
    X, y = digits[0][:200], digits[1][:200]
    params = {**QUICK, "max_epochs": 2}

    def proba(**others):
        net = ConstrainedNetClassifier(MLP, **{**params, **others}).fit(X, y)
        return net.predict_proba(X), net

    automatic, net = proba()
    smoothed, plain = proba(label_smoothing=0.1)[0], proba(label_smoothing=0.0)[0]
    np.testing.assert_allclose(automatic, smoothed, atol=1e-5)
    assert np.abs(automatic - plain).max() > 1e-3
    loss = -np.log(automatic[np.arange(200), y])
    np.testing.assert_allclose(net.sample_loss(X, y), loss, rtol=1e-3)
    single, unsmoothed = proba(n_members=1)[0], proba(n_members=1, label_smoothing=0.0)[0]
    np.testing.assert_allclose(single, unsmoothed, atol=1e-5)


@pytest.mark.parametrize(
    "params",
    [
        {"label_smoothing": 1.5},
        {"label_smoothing": "some"},
        {"label_smoothing": 0.1, "criterion": nn.NLLLoss},
    ],
)
def test_bad_smoothing(digits, params):
    with pytest.raises(ValueError, match="label_smoothing == "):
        ConstrainedNetClassifier(**params).fit(*digits)
