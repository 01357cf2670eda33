"""Algorithm 1, step by step, and what skorch users expect of a net."""

import pickle

import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from sklearn.base import clone
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, EpochScoring, LRScheduler
from skorch.dataset import ValidSplit
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset, WeightedRandomSampler

from skally.nets.data import ArrayDataset
from skally.nets.loader import BatchLoader
from skally.nets.loop import LeanLoop

QUICK = {"max_epochs": 3, "random_state": 0}


class Memory(Callback):
    """The duals, and the losses that they moved by, after each epoch."""

    def initialize(self):
        self.duals, self.slacks, self.seen = [], [], []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.duals.append(net.criterion_.multipliers.dual.numpy().copy())
        self.slacks.append(net.criterion_.multipliers.slack.numpy().copy())

    def on_batch_end(self, net, batch, training, **kwargs):
        self.seen.append(net.rows_.numpy().copy())


def assert_same_training(a, b):
    """Duals, slacks and embeddings of two nets are equal up to float32's rounding.

    A sum of 256 terms is off by at most 256 * 1.2e-7 = 3e-5 of their size. Other trainings differ
    by much more.
    """
    for name in ("dual_variables_", "slacks_", "train_embedding_"):
        x, y = getattr(a, name), getattr(b, name)
        assert np.allclose(x, y, rtol=0, atol=1e-4 * np.nanmax(np.abs(y)), equal_nan=True), name


def fit_remembering(X, y, **params):
    net = one_regressor(callbacks=[("memory", Memory)], **{**QUICK, **params}).fit(X, y)
    return net, dict(net.net_.callbacks_)["memory"]


def test_each_epoch_ends_in_one_projected_dual_step_on_all_rows(diabetes):
    net, memory = fit_remembering(*diabetes, dual_lr=0.3, epsilon=0.2)
    lam = np.zeros(200)
    for slack, dual in zip(memory.slacks, memory.duals, strict=True):
        lam = np.maximum(0, lam + np.float32(0.3) * slack)
        assert np.allclose(dual, lam, atol=1e-6)
    assert net.n_dual_updates_ == 3
    assert np.array_equal(net.dual_variables_, memory.duals[-1])
    # The weights have not moved since. A sum of 256 terms in float32 is off by 3e-5 at most.
    assert np.allclose(net.slacks_, memory.slacks[-1], rtol=1e-4, atol=1e-4)


def test_slack_is_the_loss_of_the_fitted_net_minus_epsilon(diabetes):
    X, y = (a[:150] for a in diabetes)
    regressor = one_regressor(module__dropout=0.1, max_epochs=10, random_state=0).fit(X, y)
    assert np.allclose(regressor.slacks_, regressor.sample_loss(X, y) - 0.1, atol=1e-4)
    z = (y - y.mean()) / y.std()
    z_pred = (regressor.predict(X) - y.mean()) / y.std()
    assert np.allclose(regressor.sample_loss(X, y), (z - z_pred) ** 2, atol=1e-4)


def test_batch_updates_follow_algorithm_1_by_hand():
    """One linear unit, two samples a batch, plain gradient descent: by hand in numpy."""
    X, y = np.array([[1.0], [2.0], [-1.0]], dtype="f4"), np.array([1.0, -1.0, 0.5], dtype="f4")
    net = one_regressor(
        nn.Linear(1, 1, bias=False), module__in_features=1, module__out_features=1,
        module__bias=False, normalize_y=False, epsilon=0.1, dual_lr=0.5, dual_update="batch",
        optimizer=torch.optim.SGD, lr=0.05, batch_size=2, iterator_train__shuffle=False,
        max_epochs=4, random_state=0, callbacks="disable",
    )  # fmt: skip
    start = clone(net).set_params(max_epochs=1, lr=0.0).fit(X, y).module_.weight.item()
    w, lam = start, np.zeros(3)
    for _ in range(4):
        for rows in ([0, 1], [2]):
            residual = w * X[rows, 0] - y[rows]
            gradient = np.mean((1 + lam[rows]) * 2 * residual * X[rows, 0])
            w -= 0.05 * gradient
            lam[rows] = np.maximum(0, lam[rows] + 0.5 * (residual**2 - 0.1))
    net.fit(X, y)
    assert np.allclose(net.dual_variables_, lam, atol=1e-5)
    assert np.allclose(net.module_.weight.item(), w, atol=1e-5)
    assert net.n_dual_updates_ == 8


@pytest.mark.parametrize("dual_update, expected", [("epoch", 7), ("batch", 7)])
def test_primal_steps_say_how_many_steps_lie_between_dual_steps(diabetes, dual_update, expected):
    net = one_regressor(primal_steps=4, batch_size=20, dual_update=dual_update, **QUICK).fit(
        *diabetes
    )  # 10 batches an epoch, 3 epochs
    assert net.n_dual_updates_ == expected


def test_primal_steps_beyond_the_training_leave_the_duals_alone(diabetes):
    net = one_regressor(primal_steps=10**6, dual_init=0.25, **QUICK).fit(*diabetes)
    assert net.n_dual_updates_ == 0 and np.all(net.dual_variables_ == 0.25)
    assert np.isfinite(net.history[:, "max_violation"]).all()


def test_duals_stay_at_their_start_value_during_the_warm_up(diabetes):
    net, memory = fit_remembering(*diabetes, dual_warmup=2, dual_init=0.5)
    assert np.all(np.array(memory.duals[:2]) == 0.5) and np.any(memory.duals[2] != 0.5)
    assert net.n_dual_updates_ == 1


@pytest.mark.parametrize("batch_size", [1, 7, 50, 199, 200, -1])
@pytest.mark.parametrize("dual_update", ["epoch", "batch"])
def test_rows_keep_their_dual_in_every_batch_size(diabetes, batch_size, dual_update):
    """Row 11 alone has a tolerance that it cannot meet: its dual alone may rise."""
    X, y = diabetes
    epsilon = np.full(200, 1e3)
    epsilon[11] = 0.0
    net = one_regressor(
        batch_size=batch_size, dual_update=dual_update, max_epochs=1, random_state=0
    ).fit(X, y, epsilon=epsilon)
    assert np.flatnonzero(net.dual_variables_).tolist() == [11]


def test_last_batch_of_one_row_trains_a_net_with_batch_normalisation(diabetes):
    module = nn.Sequential(nn.Linear(10, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    X, y = diabetes
    net = one_regressor(module, batch_size=50, **QUICK).fit(X[:101], y[:101])
    assert np.isfinite(net.dual_variables_).all()


@pytest.mark.parametrize("params", [
    {}, {"iterator_train__shuffle": False}, {"iterator_train__num_workers": 1},
    {"iterator_train__drop_last": True},
    {"iterator_train__drop_last": True, "dual_update": "batch"},
])  # fmt: skip
@pytest.mark.parametrize("is_data_set", [False, True])
def test_batch_normalisation_trains_whatever_loads_the_batches(params, is_data_set, diabetes):
    module = nn.Sequential(nn.BatchNorm1d(10), nn.Linear(10, 1))
    X, y = diabetes
    data = TensorDataset(torch.tensor(X[:101]).double(), torch.tensor(y[:101]))
    net = one_regressor(module, batch_size=50, **{**QUICK, **params})
    net.fit(*((data,) if is_data_set else (X[:101], y[:101])))
    assert np.isfinite(net.dual_variables_).all()


def test_a_batch_of_one_row_that_cannot_be_avoided_says_what_to_do(diabetes):
    module = nn.Sequential(nn.BatchNorm1d(10), nn.Linear(10, 1))
    with pytest.raises(ValueError, match="batch has one row.*iterator_train__drop_last=True"):
        one_regressor(module, batch_size=1, **QUICK).fit(*diabetes)


@pytest.mark.parametrize("params, message", [
    ({"iterator_valid__drop_last": True}, "iterator_valid__drop_last == True, must be False"),
    ({"iterator_valid__shuffle": True}, "iterator_valid__shuffle == True, must be False"),
    ({"iterator_valid": DataLoader, "iterator_valid__shuffle": True}, "iterator_valid must give"),
    ({"iterator_valid__sampler": range(3)}, "iterator_valid must give every row"),
    ({"iterator_train__drop_last": True, "batch_size": 300}, "gives no batch of 200 rows"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:You set iterator_valid__shuffle=True")  # skorch says so too
def test_loaders_that_leave_out_or_move_rows_are_errors(params, message, diabetes):
    net = one_regressor(**{**QUICK, **params})
    with pytest.raises(ValueError, match=message):
        net.fit(*diabetes)
    assert not hasattr(net, "net_")


def test_rows_that_a_loader_of_ones_own_never_gives_have_not_diverged(diabetes):
    class Halves(BatchLoader):
        def __iter__(self):
            yield from list(super().__iter__())[:1]

    with pytest.raises(ValueError, match="iterator_valid gives 50 rows, must give all 200"):
        one_regressor(iterator_valid=Halves, iterator_valid__batch_size=50, **QUICK).fit(*diabetes)


@pytest.mark.parametrize("params", [
    {"iterator_train__sampler": WeightedRandomSampler(np.ones(200), 200)},
    {"iterator_train__batch_sampler": [[0, 1, 2], [5, 4]]},
])  # fmt: skip
def test_samplers_of_torch_draw_the_training_batches(params, diabetes):
    X, y = diabetes
    net, memory = fit_remembering(X, y, **params)
    if "iterator_train__batch_sampler" in params:
        assert [rows.tolist() for rows in memory.seen[:2]] == [[0, 1, 2], [5, 4]]
    assert np.isfinite(net.dual_variables_).all()


def split_off_first_rows(dataset, y=None, groups=None):
    return Subset(dataset, np.arange(30, 200)), Subset(dataset, np.arange(30))


def split_nested(dataset, y=None):
    train = Subset(Subset(dataset, np.arange(199, -1, -1)), np.arange(170))  # rows 199 to 30
    return train, Subset(dataset, np.arange(30))


@pytest.mark.parametrize("split", [split_off_first_rows, split_nested])
def test_held_out_rows_get_nan_and_the_others_their_own_dual(diabetes, split):
    X, y = diabetes
    epsilon = np.full(200, 1e3)
    epsilon[[10, 45]] = 0.0
    net = one_regressor(train_split=split, **QUICK).fit(X, y, epsilon=epsilon)
    assert np.isnan(net.dual_variables_[:30]).all()
    assert np.flatnonzero(np.nan_to_num(net.dual_variables_)).tolist() == [45]
    assert net.train_embedding_.shape == (200, 256) and np.isfinite(net.slacks_).all()
    assert np.allclose(net.sensitivity_[45], -net.dual_variables_[45] / 170)


def test_skorchs_own_splits_work(digits, diabetes):
    X, y = digits
    net = one_classifier(train_split=ValidSplit(5, stratified=True), **QUICK).fit(X, y)
    assert np.isnan(net.dual_variables_).sum() == 40
    assert {"valid_loss", "valid_acc"} <= set(net.history[-1])
    valid = ArrayDataset(X[:20], y[:20].astype(np.int64))
    net = one_classifier(train_split=predefined_split(valid), **QUICK).fit(X, y)
    assert np.isfinite(net.dual_variables_).all() and "valid_acc" in net.history[-1]


def test_split_whose_rows_cannot_be_traced_is_an_error(diabetes):
    def copies(dataset, y=None):
        return ArrayDataset(dataset.X[:5], dataset.y[:5]), None

    with pytest.raises(ValueError, match="train_split"):
        one_regressor(train_split=copies, **QUICK).fit(*diabetes)


def test_history_has_the_columns_of_the_dual_problem(diabetes):
    net, memory = fit_remembering(*diabetes, dual_lr=0.3)
    last, dual = net.history[-1], memory.duals[-1]
    assert np.isclose(last["dual_mean"], dual.mean()) and np.isclose(last["dual_max"], dual.max())
    assert np.isclose(last["fraction_active"], (dual > 0).mean())
    assert np.isclose(last["max_violation"], max(0, memory.slacks[-1].max()))
    loss = memory.slacks[-1] + np.float32(0.1)
    assert np.isclose(last["objective"], loss.mean(), atol=1e-5)
    assert np.isclose(last["lagrangian"], (loss + dual * memory.slacks[-1]).mean(), atol=1e-5)
    assert len(net.history[:, "train_loss"]) == 3 and net.history_ is net.history


@pytest.fixture
def settled_weights(monkeypatch):
    """Training in which every automatic dual step is due."""

    def measured(net):
        net._measure()
        return 0.0

    monkeypatch.setattr("skally.nets.primal_dual.agreement_of_gradients", measured)


@pytest.mark.usefixtures("settled_weights")
def test_automatic_training_draws_rows_in_proportion_to_one_plus_their_dual(diabetes):
    params = {"dual_lr": "auto", "dual_max": 1e9, "epsilon": 0.3, "penalty": 50.0, "max_epochs": 6}
    net, memory = fit_remembering(*diabetes, batch_size=20, **params)
    drawn = np.bincount(np.concatenate(memory.seen[-10:]), minlength=200)  # of the last epoch
    weights = 1 + memory.duals[-2].astype(float)
    expected = 200 * weights / weights.sum()
    assert expected.max() > 1.5 and expected.min() < 0.7
    assert np.all((drawn >= np.floor(expected - 1e-4)) & (drawn <= np.ceil(expected + 1e-4)))


@pytest.mark.usefixtures("settled_weights")
def test_automatic_dual_steps_grow_tenfold_and_fall_with_the_learning_rate(diabetes):
    params = {"dual_lr": "auto", "dual_max": 1e9, "epsilon": 0.3, "max_epochs": 6}
    net, memory = fit_remembering(*diabetes, batch_size=20, **params)
    decay = 10 ** (np.arange(6) / 6) * (1 + np.cos(np.pi * np.arange(6) / 6)) / 2
    lam = np.zeros(200, dtype=np.float32)
    for slack, dual, part in zip(memory.slacks, memory.duals, decay, strict=True):
        lam = np.maximum(
            0, lam + np.float32(part * net.net_.dual_step_.dual_lr) * np.minimum(slack, 0.03)
        )
        assert np.allclose(dual, lam, atol=1e-4)
    assert np.isclose(net.net_.criterion_.penalty, net.net_.dual_step_.dual_lr * 10 ** (5 / 6))


def test_a_penalty_is_the_step_of_automatic_duals(diabetes):
    net = one_regressor(dual_lr="auto", penalty=0.7, dual_max=1e9, **QUICK)
    assert net.fit(*diabetes).net_.dual_step_.dual_lr == 0.7
    net.set_params(dual_decay=1.0).fit(*diabetes)
    assert net.net_.dual_step_.dual_lr == 0.5  # a step of 1 / dual_decay would jump about


def test_weight_decay_keeps_its_say_however_large_the_duals(rng):
    """At the saddle point, the gradient of the Lagrangian balances the decay, undivided."""
    X = rng.normal(size=(30, 2)).astype(np.float32)
    y = X @ [1.0, -1.0] + rng.normal(size=30)
    net = one_regressor(
        module__hidden_layer_sizes=(), normalize_y=False, epsilon=0.5, dual_lr=0.5, dual_max=4.0,
        optimizer=torch.optim.SGD, optimizer__weight_decay=0.3, lr=0.05, batch_size=-1,
        max_epochs=600, callbacks__lr_decay=None, random_state=0,
    ).fit(X, y)  # fmt: skip
    weight, bias = (p.detach().numpy() for p in net.module_.parameters())
    residual = X @ weight[0] + bias - y
    pull = 2 * (1 + net.dual_variables_) * residual / 30
    assert net.dual_variables_.mean() > 0.5
    assert np.allclose(pull @ X, -0.3 * weight[0], atol=1e-2)


def test_stationarity_is_the_length_of_the_lagrangians_gradient(diabetes):
    X, y = diabetes
    net = one_regressor(normalize_y=False, module__hidden_layer_sizes=(), **QUICK)
    net.fit(X, y)
    residual = net.predict(X) - y
    weight = (1 + net.dual_variables_) * 2 * residual / len(y)
    expected = np.linalg.norm([*(weight @ X), weight.sum()])
    assert np.isclose(net.kkt_["stationarity"], expected, rtol=1e-3)


# Callbacks, checkpoints, continuing


def test_callbacks_see_a_skorch_net_in_its_own_units(digits):
    X, y = digits
    words = np.array(["zero", "one", "two", "three", "four"])[y % 5]
    net = one_classifier(
        callbacks=[
            ("acc", EpochScoring("accuracy", on_train=True, name="acc", lower_is_better=False)),
            ("schedule", LRScheduler(policy="StepLR", step_size=1, gamma=0.5)),
        ],
        callbacks__acc__name="train_acc",
        **QUICK,
    ).fit(X, words)
    assert net.history[-1, "train_acc"] > net.history[0, "train_acc"] > 0
    assert np.isclose(net.net_.optimizer_.param_groups[0]["lr"], 1e-3 / 8)
    assert set(net.predict(X)) <= set(words)


def duals_at_epoch(X, y, epoch, **params):
    return one_regressor(max_epochs=epoch, random_state=0, **params).fit(X, y)


@pytest.mark.parametrize("kind", ["early stopping", "checkpoint"])
def test_best_weights_come_back_with_the_duals_of_their_epoch(diabetes, tmp_path, kind):
    X, y = diabetes

    def rises_after_the_fourth(net, *_):
        return abs(len(net.history) - 4)

    score = EpochScoring(rises_after_the_fourth, name="score", lower_is_better=True)
    back = (
        EarlyStopping("score", patience=3, load_best=True)
        if kind == "early stopping"
        else Checkpoint(monitor="score_best", load_best=True, dirname=tmp_path)
    )
    params = {"train_split": split_off_first_rows, "dual_lr": 0.2, "callbacks__lr_decay": None}
    best = one_regressor(max_epochs=8, random_state=0, callbacks=[score, back], **params).fit(X, y)
    fourth = duals_at_epoch(X, y, 4, **params)
    assert np.allclose(best.predict(X), fourth.predict(X), rtol=1e-4)
    assert_same_training(best, fourth)
    fifth = duals_at_epoch(X, y, 5, **params)
    assert np.nanmax(np.abs(fifth.dual_variables_ - fourth.dual_variables_)) > 0.01


def test_saved_files_bring_back_weights_and_duals(diabetes, tmp_path):
    X, y = diabetes
    files = {"f_params": tmp_path / "params.pt", "f_criterion": tmp_path / "criterion.pt"}
    net = one_regressor(dual_lr=0.2, **QUICK).fit(X, y)
    net.net_.save_params(**files)
    other = one_regressor(max_epochs=1, random_state=1).fit(X, y)
    other.net_.load_params(**files)
    assert np.array_equal(net.predict(X), other.predict(X))
    assert np.array_equal(net.dual_variables_, other.net_.criterion_.multipliers.dual)
    assert set(torch.load(files["f_params"], weights_only=True)) == set(net.module_.state_dict())


def test_partial_fit_goes_on_with_new_data_and_new_duals(diabetes):
    X, y = diabetes
    net = one_regressor(**QUICK).partial_fit(X, y)
    before = net.sample_loss(X, y).mean()
    net.partial_fit(X[:50], y[:50])
    assert net.dual_variables_.shape == (50,) and len(net.history) == 6
    net.partial_fit(X, y)
    assert net.sample_loss(X, y).mean() < before


def test_partial_fit_knows_classes_to_come(digits):
    X, y = digits
    some = y < 5
    net = one_classifier(**QUICK).partial_fit(X[some], y[some], classes=range(10))
    net.partial_fit(X, y)
    assert net.classes_.tolist() == list(range(10))
    with pytest.raises(ValueError, match="unseen labels"):
        net.partial_fit(X[:10], np.full(10, 77))


def test_warm_start_keeps_the_weights_and_fit_without_it_does_not(diabetes):
    net = one_regressor(warm_start=True, **QUICK).fit(*diabetes)
    first = net.sample_loss(*diabetes).mean()
    assert net.fit(*diabetes).sample_loss(*diabetes).mean() < first
    cold = net.set_params(warm_start=False).fit(*diabetes)
    assert np.isclose(cold.sample_loss(*diabetes).mean(), first)


def test_parameters_set_after_fit_are_used_when_training_goes_on(diabetes):
    net = one_regressor(module__hidden_layer_sizes=(8,), **QUICK).fit(*diabetes)
    weights = net.module_[1].weight.detach().clone()
    net = pickle.loads(pickle.dumps(net)).set_params(lr=0.0, dual_lr=7.0, max_epochs=1)
    net.partial_fit(*diabetes)
    assert torch.equal(net.module_[1].weight, weights)
    assert net.dual_variables_.max() > 1


def test_training_data_are_not_part_of_a_fitted_net(rng):
    X = rng.normal(size=(20_000, 10)).astype(np.float32)
    net = one_regressor(
        max_epochs=1, module__hidden_layer_sizes=(2,), iterator_valid__batch_size=5000
    ).fit(X, X[:, 0])
    assert len(pickle.dumps(net)) < X.nbytes + 20_000 * 4 * 12


def test_module_instance_is_not_changed_by_fit(diabetes):
    module = nn.Linear(10, 1)
    weights = module.weight.detach().clone()
    a = one_regressor(module, **QUICK).fit(*diabetes)
    assert torch.equal(module.weight, weights) and not torch.equal(a.module_.weight, weights)


def test_global_random_state_is_neither_read_nor_changed(diabetes):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    nets = [one_regressor(module__dropout=0.5, **QUICK).fit(*diabetes)]
    assert torch.equal(states[0], torch.get_rng_state())
    assert np.array_equal(states[1], np.random.get_state()[1])  # noqa: NPY002
    torch.manual_seed(6)
    nets += [clone(nets[0]).fit(*diabetes)]
    assert np.array_equal(nets[0].dual_variables_, nets[1].dual_variables_)


def test_unseeded_nets_differ(diabetes):
    a, b = (one_regressor(max_epochs=1).fit(*diabetes) for _ in range(2))
    assert not np.array_equal(a.predict(diabetes[0]), b.predict(diabetes[0]))


def test_a_callback_may_end_the_training_and_keep_what_was_learned(diabetes):
    class Enough(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    net = one_regressor(callbacks=[Enough()], max_epochs=50, random_state=0)
    net.fit(*diabetes)
    assert len(net.history) == 2 and np.isfinite(net.dual_variables_).all()


class Rates(Callback):
    """Learning rate of each epoch."""

    def on_batch_end(self, net, **kwargs):
        self.rates = [*getattr(self, "rates", []), net.optimizer_.param_groups[0]["lr"]]


def rates_of(net, *data):
    net.fit(*data)
    return dict(net.net_.callbacks_)["rates"].rates


def test_learning_rate_falls_along_half_a_cosine_in_every_fit(diabetes):
    net = one_regressor(callbacks=[("rates", Rates)], max_epochs=4, batch_size=-1)
    falling = 1e-3 * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    assert np.allclose(rates_of(net, *diabetes), falling)
    net.partial_fit(*diabetes)
    assert np.allclose(dict(net.net_.callbacks_)["rates"].rates, [*falling, *falling])


@pytest.mark.parametrize("params", [
    {"callbacks": [("rates", Rates), LRScheduler("StepLR", step_size=9)]},
    {"callbacks": [("rates", Rates), ("mine", LRScheduler)], "callbacks__mine__lr_lambda": len,
     "callbacks__mine__policy": "LambdaLR"},
    {"callbacks": [("rates", Rates)], "callbacks__lr_decay": None},
])  # fmt: skip
def test_a_schedule_of_the_users_own_takes_its_place(diabetes, params):
    if "callbacks__mine__lr_lambda" in params:
        params = {**params, "callbacks__mine__lr_lambda": lambda epoch: 1.0}
    net = one_regressor(max_epochs=3, batch_size=-1, **params)
    assert np.allclose(rates_of(net, *diabetes), 1e-3)


@pytest.mark.parametrize("batch_size", [20, 300])
@pytest.mark.parametrize("in_memory", [True, False])
def test_data_in_memory_are_predicted_in_large_batches_filled_up(in_memory, batch_size, diabetes):
    X, y = diabetes
    net = one_regressor(batch_size=batch_size, max_epochs=1, random_state=0).fit(X, y)
    sizes = []
    net.module_.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    X = np.tile(X, (6, 1))  # 1,200 rows
    net.predict(X if in_memory else TensorDataset(torch.tensor(X), torch.zeros(len(X))))
    if in_memory:
        assert sizes == [1024, 192]  # 1,024 and 176
    else:
        assert sizes == ([32] * 60 if batch_size == 20 else [320] * 4)


def test_rows_drawn_more_often_count_for_less(diabetes):
    """Importance sampling: over all draws, the mean is that of the plain Lagrangian."""
    X, y = diabetes[0][:6], torch.arange(6.0)[:, None]
    net = one_regressor(epsilon=0.3, dual_lr=5.0, **QUICK).fit(X, y.ravel()).net_
    y_pred, dual, rows = torch.zeros(6, 1), net.criterion_.multipliers.dual, torch.arange(6)
    assert dual.max() > 1
    net.scale_, net.share_, net.rows_ = 1.0, None, rows
    plain = net.get_loss(y_pred, y, X=X, training=True)
    net.share_ = share = (1 + dual) / (1 + dual).mean()
    values = []
    for i in range(6):
        one = slice(i, i + 1)
        net.rows_ = rows[one]
        values.append(net.get_loss(y_pred[one], y[one], X=X[one], training=True))
    assert torch.isclose((share * torch.stack(values)).sum() / 6, plain, rtol=1e-5)


@pytest.mark.parametrize(
    "params, fused",
    [
        ({}, True), ({"optimizer": torch.optim.AdamW}, True),
        ({"optimizer__fused": False}, False), ({"optimizer__foreach": True}, None),
        ({"optimizer": torch.optim.SGD}, None), ({"optimizer": torch.optim.Adagrad}, None),
    ],
)  # fmt: skip
def test_adam_moves_all_weights_by_one_call_unless_told_otherwise(params, fused, diabetes):
    net = one_regressor(max_epochs=1, random_state=0, **params).fit(*diabetes)
    assert net.net_.optimizer_.param_groups[0]["fused"] == fused


def test_batch_mode_records_what_its_batches_found(diabetes):
    """Without duals that is the loss of training."""
    net = one_regressor(
        dual_update="batch", dual_lr=0.0, max_epochs=4, batch_size=50, random_state=0
    ).fit(*diabetes)
    assert np.allclose(net.history[:, "objective"], net.history[:, "train_loss"], rtol=1e-4)


def test_a_callback_that_predicts_leaves_the_net_in_training(diabetes):
    class Predicts(Callback):
        def on_batch_end(self, net, **kwargs):
            net.predict(diabetes[0][:5])

    seen = []
    module = nn.Sequential(nn.Linear(10, 1))
    module.register_forward_pre_hook(lambda m, _: seen.append(m.training))
    one_regressor(module, batch_size=50, dual_warmup=1, max_epochs=1, callbacks=[Predicts()]).fit(
        *diabetes
    )
    assert seen[:8] == [True, False] * 4


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"dual_update": "batch"},
        {"primal_steps": 3, "train_split": ValidSplit(5)},
        {"optimizer": torch.optim.LBFGS, "lr": 0.1, "batch_size": -1},
    ],
    ids=["epoch", "batch", "split", "LBFGS"],
)
def test_lean_steps_are_those_of_skorch(params, diabetes, monkeypatch):
    """The same operations in the same order: only the optimizer's kernel would be another."""
    lean = one_regressor(**QUICK, **params).fit(*diabetes)
    for name in ("train_step", "train_step_single"):
        monkeypatch.delattr(LeanLoop, name)
    net = one_regressor(**QUICK, **params).fit(*diabetes)
    assert_same_training(lean, net)
    for ours, skorchs in zip(lean.history, net.history, strict=True):
        assert ours.keys() == skorchs.keys()
        assert len(ours["batches"]) == len(skorchs["batches"])
        assert np.isclose(ours["train_loss"], skorchs["train_loss"], rtol=1e-4)


def test_a_callback_that_looks_at_gradients_gets_them(diabetes):
    class Gradients(Callback):
        n_seen = 0

        def on_grad_computed(self, net, named_parameters, **kwargs):
            Gradients.n_seen += all(p.grad is not None for _, p in named_parameters)

    plain = one_regressor(**QUICK).fit(*diabetes)
    net = one_regressor(**QUICK, callbacks=[Gradients]).fit(*diabetes)
    assert Gradients.n_seen == 3 * 4  # batches of 200 rows
    assert_same_training(net, plain)
