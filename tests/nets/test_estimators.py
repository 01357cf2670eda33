"""Input of every kind, parameters, and errors that come before anything is trained."""

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from one_net import one_classifier, one_regressor
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import TabularMLP

QUICK = {"max_epochs": 2, "random_state": 0}
SMALL = {"module__hidden_layer_sizes": (16,), **QUICK}
# Batches of another order add up gradients in another order. SGD passes on the rounding as it is,
# while Adam's first steps only depend on a gradient's sign.
SGD = {"optimizer": torch.optim.SGD, "lr": 0.05, "batch_size": -1}


class Conv(nn.Module):
    """A user's image net."""

    def __init__(self, n_outputs):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(4 * 6 * 6, n_outputs)

    def forward(self, X):
        return self.head(self.features(X))


def memory_map(X, path):
    X.tofile(path)
    return np.memmap(path, dtype=X.dtype, shape=X.shape, mode="r")


FORMS = {
    "float64": lambda X, path: X.astype(np.float64),
    "list": lambda X, path: X.tolist(),
    "pandas": lambda X, path: pd.DataFrame(X, columns=[f"f{i}" for i in range(X.shape[1])]),
    "polars": lambda X, path: pl.DataFrame(X, schema=[f"f{i}" for i in range(X.shape[1])]),
    "tensor": lambda X, path: torch.tensor(X, requires_grad=True),
    "float64 tensor": lambda X, path: torch.tensor(X, dtype=torch.float64),
    "csr": lambda X, path: sparse.csr_matrix(X),
    "coo array": lambda X, path: sparse.coo_array(X),
    "memory map": memory_map,
    "fortran order": lambda X, path: np.asfortranarray(X),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_x_gives_the_same_net(form, diabetes, tmp_path):
    X, y = diabetes
    formed = FORMS[form](X, tmp_path / "X")
    expected = one_regressor(**SMALL).fit(X, y)
    net = one_regressor(**SMALL).fit(formed, y)
    assert np.allclose(net.dual_variables_, expected.dual_variables_, atol=1e-5)
    assert np.allclose(net.predict(formed), expected.predict(X), rtol=1e-4)
    assert np.allclose(net.embed(formed), expected.embed(X), atol=1e-4)
    assert np.allclose(net.embed(formed), net.train_embedding_, atol=1e-4)
    assert np.allclose(net.sample_loss(formed, y), expected.sample_loss(X, y), atol=1e-4)


@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_column_names_are_kept_and_checked(form, diabetes):
    X, y = diabetes
    frame = FORMS[form](X, None)
    net = one_regressor(**SMALL).fit(frame, y)
    assert net.feature_names_in_.tolist() == [f"f{i}" for i in range(10)]
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[[f"f{i}" for i in range(9, -1, -1)]])


@pytest.mark.parametrize("form_y", [list, torch.tensor, pd.Series, pl.Series])
def test_every_form_of_y_gives_the_same_duals(form_y, diabetes):
    X, y = diabetes
    expected = one_regressor(**SMALL).fit(X, y)
    net = one_regressor(**SMALL).fit(X, form_y(y))
    assert np.allclose(net.dual_variables_, expected.dual_variables_, atol=1e-6)


@pytest.mark.parametrize("Data", [Dataset, lambda X, y: TensorDataset(*map(torch.tensor, (X, y)))])
@pytest.mark.parametrize("Net, data", [
    (ConstrainedNetRegressor, "diabetes"), (ConstrainedNetClassifier, "digits"),
])  # fmt: skip
def test_data_sets_of_torch_and_skorch_give_the_same_net(Data, Net, data, request):
    X, y = request.getfixturevalue(data)
    X = 1024 * X  # which the net scales
    params = {"module__dropout": 0.0, **SMALL, **SGD}  # rows of a batch are in another order
    expected = Net(**params).fit(X, y)
    data = Data(X, y)
    net = Net(**params).fit(data)
    assert np.allclose(net.dual_variables_, expected.dual_variables_, atol=1e-5)
    assert np.allclose(net.embed(data), expected.embed(X), atol=1e-4)
    assert np.allclose(net.sample_loss(data, None), expected.sample_loss(X, y), atol=1e-4)
    assert np.array_equal(net.predict(data).shape, expected.predict(X).shape)


def test_images_go_to_a_users_module_in_their_own_shape(digits):
    X, y = digits
    images = X.reshape(-1, 1, 8, 8)
    net = one_classifier(Conv, max_epochs=15, random_state=0).fit(images, y)
    assert net.embed(images).shape == (200, 144) and net.predict_proba(images).shape == (200, 10)
    assert net.score(images, y) > 0.5
    flat = one_classifier(**SMALL).fit(images, y)
    assert np.allclose(flat.dual_variables_, one_classifier(**SMALL).fit(X, y)
                       .dual_variables_, atol=1e-5)  # fmt: skip


def test_embedding_is_the_input_of_the_layer_named(digits):
    X, y = digits
    net = one_classifier(module__hidden_layer_sizes=(7, 5), **QUICK).fit(X, y)
    assert net.embed(X).shape == (200, 5)
    first = clone(net).set_params(embedding_layer="3").fit(X, y)
    assert first.embed(X).shape == (200, 7)
    with torch.no_grad():
        assert np.allclose(first.embed(X), nn.Sequential(*list(first.module_)[:3])(torch.tensor(X)),
                           atol=1e-4)  # fmt: skip


def test_several_targets_average_their_losses_and_come_back_in_their_units(diabetes):
    X, y = diabetes
    Y = np.c_[y, 1000 * X[:, 0], -X[:, 1]]
    net = one_regressor(max_epochs=60, random_state=0).fit(X, Y)
    assert net.predict(X).shape == Y.shape and net.dual_variables_.shape == (200,)
    Z, Z_pred = ((a - Y.mean(axis=0)) / Y.std(axis=0) for a in (Y, net.predict(X)))
    assert np.allclose(net.sample_loss(X, Y), ((Z - Z_pred) ** 2).mean(axis=1), atol=1e-3)
    assert net.score(X, Y) > 0.5


def test_predictions_do_not_depend_on_the_targets_unit(diabetes):
    X, y = diabetes
    a, b = (one_regressor(**SMALL).fit(X, s * y + 7) for s in (1, 1024))
    assert np.allclose(a.dual_variables_, b.dual_variables_, atol=1e-4)
    assert np.allclose((a.predict(X) - 7) * 1024, b.predict(X) - 7, rtol=1e-2, atol=1)


@pytest.mark.parametrize("criterion", [
    nn.CrossEntropyLoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss(reduction="none"),
])  # fmt: skip
def test_two_classes_of_any_label_have_probabilities(criterion, digits):
    X, y = digits
    labels = np.array(["low", "high"])[(y > 4).astype(int)]
    net = one_classifier(criterion=criterion, max_epochs=20, random_state=0)
    proba = net.fit(X, labels).predict_proba(X)
    assert net.classes_.tolist() == ["high", "low"]
    assert np.allclose(proba.sum(axis=1), 1, atol=1e-5) and proba.shape == (200, 2)
    assert net.score(X, labels) > 0.9


def test_constraint_loss_of_its_own_decides_the_slacks(diabetes):
    X, y = diabetes
    net = one_regressor(
        constraint_criterion=nn.HuberLoss, constraint_criterion__delta=0.5, **SMALL
    ).fit(X, y)
    residual = np.sqrt(net.sample_loss(X, y))
    huber = np.where(residual < 0.5, 0.5 * residual**2, 0.5 * (residual - 0.25))
    assert np.allclose(net.slacks_, huber - 0.1, atol=1e-4)


def absolute(y_pred, y_true):
    """A loss that is a function."""
    return (y_pred - y_true).abs()


def test_loss_may_be_a_function(diabetes):
    X, y = diabetes
    net = one_regressor(criterion=absolute, **SMALL).fit(X, y)
    expected = np.abs(net.predict(X) - y) / y.std()
    assert np.allclose(net.sample_loss(X, y), expected, atol=1e-4)


def test_torchs_loader_gives_the_same_course_as_ours_on_full_batches(diabetes):
    nets = [
        one_regressor(iterator_train=loader, **SMALL, **SGD).fit(*diabetes)
        for loader in (DataLoader, one_regressor().iterator_train)
    ]
    assert np.allclose(nets[0].dual_variables_, nets[1].dual_variables_, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 63, 64, 65, 130])
def test_predictions_of_a_row_do_not_depend_on_the_rows_beside_it(n, digits, diabetes):
    """Up to float32's rounding: a sum of 256 terms is off by 256 * 1.2e-7 = 3e-5 of their size."""
    for Net, (X, y) in ((one_classifier, digits), (one_regressor, diabetes)):
        net = Net(**QUICK).fit(X, y)
        predict = getattr(net, "predict_proba", net.predict)
        assert np.allclose(predict(X[:n]), predict(X)[:n], rtol=1e-4, atol=1e-5)
        assert np.allclose(net.embed(X[:n]), net.embed(X)[:n], atol=1e-4)


# Parameters


@pytest.mark.parametrize("Net", [ConstrainedNetClassifier, ConstrainedNetRegressor])
def test_the_default_is_twelve_nets_for_tables(Net, digits):
    net = Net(**QUICK).fit(*digits)
    assert len(net.module_) == 12
    assert [type(stack) for stack in net.module_.stacks] == 3 * [TabularMLP]


@pytest.mark.parametrize("Net", [ConstrainedNetClassifier, ConstrainedNetRegressor])
def test_skorchs_parameters_are_all_ours(Net):
    theirs = set(inspect.signature(NeuralNet).parameters) - {"kwargs"}
    assert theirs <= set(inspect.signature(Net).parameters)


def test_double_underscores_are_parameters_like_the_others():
    net = one_regressor(module__hidden_layer_sizes=(3,), optimizer__weight_decay=0.1)
    assert clone(net).get_params()["module__hidden_layer_sizes"] == (3,)
    net.set_params(optimizer__weight_decay=0.2, lr=0.5)
    assert net.get_params()["optimizer__weight_decay"] == 0.2 and net.lr == 0.5
    assert "optimizer__weight_decay=0.2" in repr(net)


def test_misspelt_parameters_are_errors(diabetes):
    with pytest.raises(TypeError, match="max_epoch"):
        one_regressor(max_epoch=3)
    with pytest.raises(ValueError, match="epoch_max"):
        one_regressor().set_params(epoch_max=3)
    with pytest.raises(ValueError, match="optimiser__lr"):
        one_regressor(optimiser__lr=3).fit(*diabetes)


def test_grid_search_over_epsilon_in_a_pipeline(diabetes):
    net = make_pipeline(StandardScaler(), one_regressor(**SMALL))
    grid = {
        "constrainednetregressor__epsilon": [0.05, 0.5],
        "constrainednetregressor__module__hidden_layer_sizes": [(4,), (8,)],
    }
    search = GridSearchCV(net, grid, cv=2).fit(*diabetes)
    assert search.best_estimator_[-1].dual_variables_.shape == (200,)
    assert len(search.cv_results_["mean_test_score"]) == 4


def test_per_sample_epsilon_goes_through_pipeline_and_cross_validation(diabetes):
    X, y = diabetes
    epsilon = np.linspace(0, 5, 200)
    net = make_pipeline(StandardScaler(), one_regressor(**SMALL))
    net.fit(X, y, constrainednetregressor__epsilon=epsilon)
    assert np.array_equal(net[-1].epsilon_, epsilon)
    params = {"constrainednetregressor__epsilon": epsilon}
    assert np.isfinite(cross_val_score(net, X, y, cv=2, params=params)).all()


def test_transformed_target_works(diabetes):
    net = TransformedTargetRegressor(one_regressor(**SMALL), func=np.log, inverse_func=np.exp).fit(
        *diabetes
    )
    assert net.predict(diabetes[0]).min() > 0


# Bad input


def fitted_state(net):
    return {k: v for k, v in vars(net).items() if k.endswith("_")}


BAD_PARAMS = [
    ({"epsilon": -0.1}, r"epsilon == -0\.1, must be finite and >= 0"),
    ({"epsilon": np.nan}, "epsilon == nan"),
    ({"epsilon": np.inf}, "epsilon == inf"),
    ({"epsilon": "much"}, "epsilon == 'much'"),
    ({"dual_lr": -1}, "dual_lr == -1"),
    ({"dual_lr": "fast"}, "dual_lr == 'fast'"),
    ({"dual_update": "sometimes"}, "dual_update == 'sometimes', must be 'epoch' or 'batch'"),
    ({"primal_steps": 0}, "primal_steps == 0, must be"),
    ({"primal_steps": 1.5}, "primal_steps == 1.5"),
    ({"dual_warmup": -1}, "dual_warmup == -1"),
    ({"dual_init": -1.0}, "dual_init == -1.0"),
    ({"dual_max": -1.0}, "dual_max == -1.0"),
    ({"dual_max": np.inf}, "dual_max == inf, must be a finite"),
    ({"dual_max": 1.0, "dual_init": 2.0}, "dual_init == 2.0, must be <= 1.0, which is dual_max"),
    ({"dual_decay": -1.0}, "dual_decay == -1.0"),
    ({"dual_lr": 0.5, "dual_decay": 2.0}, r"dual_lr \* dual_decay == 1.0, must be < 1"),
    ({"penalty": -0.1}, "penalty == -0.1"),
    ({"criterion": lambda p, t: (p - p).mean()}, "criterion must give one value per sample"),
    ({"random_state": "no"}, "random_state == 'no'"),
    ({"embedding_layer": "nowhere"}, "embedding_layer == 'nowhere', must be one of"),
    ({"module": nn.Flatten}, "embedding_layer == None, must be given"),
    ({"criterion__reduction": "sum"}, "criterion__reduction == 'sum'"),
]


@pytest.mark.parametrize("params, message", BAD_PARAMS)
@pytest.mark.parametrize("Net", [ConstrainedNetClassifier, ConstrainedNetRegressor])
def test_bad_parameters_are_named_before_anything_is_trained(Net, params, message, digits):
    X, y = digits
    net = Net(**SMALL).fit(X, y)
    before = fitted_state(net)
    bad = Net(**params)
    with pytest.raises(ValueError, match=message):
        bad.fit(X, y)
    assert not hasattr(bad, "dual_variables_")
    if "module" not in params:
        net.set_params(**params)
        with pytest.raises(ValueError, match=message):
            net.fit(X, y)
        assert fitted_state(net) == before


@pytest.mark.parametrize("bad", [[], [0.1] * 199, [0.1] * 201, np.full((200, 1), 0.1),
                                 [-0.1] * 200, [np.nan] * 200])  # fmt: skip
def test_bad_vectors_of_epsilon_are_errors(bad, diabetes):
    net = one_regressor(**SMALL)
    with pytest.raises(ValueError, match="epsilon"):
        net.fit(*diabetes, epsilon=bad)
    assert not hasattr(net, "net_")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["X", "y"])
def test_nan_and_infinity_are_errors(value, where, diabetes):
    X, y = (a.copy() for a in diabetes)
    (X if where == "X" else y)[3] = value
    with pytest.raises(ValueError, match="NaN|infinity"):
        one_regressor(**SMALL).fit(X, y)


def test_y_of_another_length_or_none_is_an_error(diabetes):
    X, y = diabetes
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        one_regressor(**SMALL).fit(X, y[:-1])
    with pytest.raises(ValueError, match="y"):
        one_regressor(**SMALL).fit(X)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        one_regressor(**SMALL).fit(Dataset(X, y), y[:-1])


def test_other_features_and_unfitted_nets_are_errors(regressor, diabetes):
    X, _ = diabetes
    for method in (regressor.predict, regressor.embed):
        with pytest.raises(ValueError, match="9 features"):
            method(X[:, :9])
    unfitted = one_classifier()
    for method in (unfitted.predict, unfitted.predict_proba, unfitted.embed):
        with pytest.raises(NotFittedError):
            method(X)


def test_continuous_classes_are_an_error(diabetes):
    with pytest.raises(ValueError, match="continuous"):
        one_classifier(**SMALL).fit(diabetes[0], diabetes[1] + 0.5)
