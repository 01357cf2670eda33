import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.nets.embedding import find_embedding_layer
from skally.nets.encodings import ENCODINGS
from skally.nets.quantiles import column_quantiles
from skally.nets.tabular import Dropout, RobustScaling, TabularMLP
from skally.pool.gradients import gradient_sketch

SMALL = {"hidden_layer_sizes": (16, 16)}


def seeded(n_features, n_outputs=1, **params):
    """Module with the weights of seed 0, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TabularMLP(n_features, n_outputs, **{**SMALL, **params}).eval()


@pytest.fixture(params=ENCODINGS)
def encoding(request):
    return request.param


@pytest.fixture
def X(rng):
    """Columns that are normal, of any size, binary, integer, an indicator of a missing value."""
    n = 200
    missing = rng.uniform(size=n) < 0.1
    columns = [
        rng.normal(size=n), 5 + 1e-3 * rng.normal(size=n), rng.randint(2, size=n),
        rng.randint(10, size=n), np.where(missing, 0, rng.normal(size=n)), missing,
    ]  # fmt: skip
    return torch.tensor(np.stack(columns, axis=1), dtype=torch.float32)


def output(X, encoding, **params):
    """Output of a module with the quantiles of its input, n rows."""
    return seeded(X[0].numel(), encoding=encoding, quantiles=column_quantiles(X), **params)(X)


def test_units_do_not_matter(X, encoding):
    units = torch.tensor([1e6, 1e6, 1e-6, 1e6, 1e-6, 1e30])
    # A product is rounded by 6e-8, which is 3e-4 deviations of the second column. Outputs change
    # by a tenth of that; they have deviations of 0.02 to 0.05.
    assert torch.allclose(output(X * units, encoding), output(X, encoding), atol=3e-4)


def test_a_constant_added_does_not_matter(X, encoding):
    shifted = X + torch.tensor([8.0, 0, 2, -3, 1, 1])
    # The first column is rounded by 5e-7.
    assert torch.allclose(output(shifted, encoding), output(X, encoding), atol=1e-5)


def test_scaled_columns_have_median_0_and_unit_spread_and_are_bounded(rng):
    X = rng.normal(5, 100, size=(10_000, 1))  # all of which the quantiles are taken of
    scaled = RobustScaling(column_quantiles(X).astype(float))(torch.tensor(X))
    assert abs(scaled.median()) < 0.01 and scaled.abs().max() < 3
    clipped = rng.normal(size=20_000)
    clipped = clipped / np.sqrt(1 + (clipped / 3) ** 2)
    # The standard deviation of 20,000 has a standard error of 0.5 per cent.
    assert abs(scaled.std() - clipped.std()) < 0.03


def test_rare_values_are_scaled_by_half_the_range():
    X = np.zeros((100, 1))
    X[:10] = 8
    scaled = RobustScaling(column_quantiles(X).astype(float))(torch.tensor(X))
    assert np.allclose(scaled[[0, -1], 0], [2 / np.sqrt(1 + 4 / 9), 0])


def test_a_column_of_one_value_is_ignored_whatever_it_is_later(X, encoding):
    X = X.clone()
    X[:, 1] = 5.0
    module = seeded(6, encoding=encoding, quantiles=column_quantiles(X))
    expected = module(X)
    for value in (0.0, -7.0, 1e30, 3e38):
        X[:, 1] = value
        assert torch.allclose(module(X), expected, atol=1e-5)


@pytest.mark.parametrize("value", [1e30, -1e30, 3e38, -3e38, np.inf])
def test_outliers_are_bounded_in_training_and_later(X, encoding, value):
    module = seeded(6, encoding=encoding, quantiles=column_quantiles(X))
    ordinary, X = module(X), X.clone()
    X[:3] = value
    X[3:6] = -value
    for quantiles in (None, column_quantiles(X)):
        late = seeded(6, encoding=encoding, quantiles=quantiles)(X)
        assert late.isfinite().all()
    assert module(X).isfinite().all()
    assert torch.allclose(module(X)[6:], ordinary[6:], atol=1e-5)


def test_outliers_hardly_change_how_other_rows_are_scaled(rng):
    X = torch.tensor(rng.normal(size=(1_000, 1)), dtype=torch.float32)
    with_outliers = X.clone()
    with_outliers[:10], with_outliers[10:20] = 1e30, -1e30
    scaled = [
        RobustScaling(column_quantiles(table).astype(float))(X) for table in (X, with_outliers)
    ]
    # One per cent of the rows more at either end moves the quartiles by 0.02 deviations.
    assert torch.allclose(*scaled, atol=0.1)


def test_what_is_not_a_number_is_not_hidden(X, encoding):
    X = X.clone()
    X[0, 0] = np.nan
    assert seeded(6, encoding=encoding)(X)[0].isnan().all()


def test_gradients_are_finite_at_outliers(X, encoding):
    X = X.clone()
    X[0] = 1e30
    X.requires_grad_()
    module = seeded(6, encoding=encoding, quantiles=column_quantiles(X.detach()))
    module(X).sum().backward()
    assert all(t.grad.isfinite().all() for t in [X, *module.parameters()])
    assert X.grad[1:].abs().sum() > 0


def stacked_output(modules, X, randomness="error"):
    """Outputs of several modules in one go, (K, n, 1)."""
    tensors = stack_module_state(modules)

    def run(parameters, buffers):
        return functional_call(modules[0], (parameters, buffers), (X,))

    return vmap(run, randomness=randomness)(*tensors)


def test_stacked_modules_give_what_they_give_one_after_another(X, encoding):
    tables = [X[:90], X[90:], X[:, torch.tensor([5, 4, 3, 2, 1, 0])]]
    modules = [
        TabularMLP(6, 1, encoding=encoding, quantiles=column_quantiles(table), **SMALL).eval()
        for table in tables
    ]
    expected = torch.stack([module(X) for module in modules])
    assert torch.allclose(stacked_output(modules, X), expected, atol=1e-4)


def test_stacked_modules_drop_units_of_their_own(X, encoding):
    module = seeded(6, encoding=encoding, dropout=0.5).train()
    outputs = stacked_output([module, deepcopy(module)], X, "different")
    assert not torch.allclose(outputs[0], outputs[1], atol=1e-3)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean(p):
    """Share and mean of 300,003 units, to within four standard errors."""
    torch.manual_seed(0)
    X = torch.ones(3, 100_001, dtype=torch.float64)
    dropped = Dropout(p)(X)
    assert dropped.shape == X.shape and dropped.dtype == X.dtype
    assert abs((dropped == 0).double().mean() - p) <= 4 * (p * (1 - p) / X.numel()) ** 0.5
    assert torch.allclose(dropped[dropped != 0], X.new_tensor(1 / (1 - p)))
    torch.manual_seed(0)
    assert torch.equal(Dropout(p)(X), dropped)
    assert torch.equal(Dropout(p).eval()(X), X)


def test_dropout_has_other_units_in_each_row_and_call():
    torch.manual_seed(0)
    first, second = (Dropout(0.5)(torch.ones(64, 32)) for _ in range(2))
    for left, right in ((first, second), (first[:-1], first[1:]), (first[:, :-1], first[:, 1:])):
        assert abs((left == right).double().mean() - 0.5) < 0.06


def test_variants_differ_in_their_encoding_and_can_be_made():
    assert [each["encoding"] for each in TabularMLP.variants] == list(ENCODINGS)
    for each in TabularMLP.variants:
        assert seeded(3, 2, **each)(torch.zeros(4, 3)).shape == (4, 2)


def test_without_quantiles_values_are_clipped_and_not_scaled():
    X = torch.tensor([[-3.0, 0, 4]]).T
    expected = X / (1 + X**2 / 9).sqrt()
    assert torch.allclose(seeded(1).scaling(X), expected, atol=1e-6)


def test_any_shape_of_input_is_flattened(rng, encoding):
    X = torch.tensor(rng.normal(size=(20, 2, 3, 2)), dtype=torch.float32)
    assert torch.allclose(output(X, encoding), output(X.flatten(1), encoding), atol=1e-5)


def test_shapes_of_tensors_follow_from_the_sizes_alone(X, encoding):
    shapes = [
        {name: tensor.shape for name, tensor in seeded(6, encoding=encoding, quantiles=q)
         .state_dict().items()}
        for q in (None, column_quantiles(X), column_quantiles(torch.zeros(3, 6), 5))
    ]  # fmt: skip
    assert shapes[0] == shapes[1] == shapes[2]


def test_state_dict_and_pickle_carry_the_quantiles(X, encoding):
    module = seeded(6, encoding=encoding, quantiles=column_quantiles(X))
    other = TabularMLP(6, 1, encoding=encoding, **SMALL).eval()
    other.load_state_dict(module.state_dict())
    # Alike, but one way or the other may call another kernel for another alignment of memory.
    assert torch.allclose(other(X), module(X), atol=1e-5)
    assert torch.allclose(pickle.loads(pickle.dumps(module))(X), module(X), atol=1e-5)


def test_double_precision_is_kept(X, encoding):
    module = seeded(6, encoding=encoding, quantiles=column_quantiles(X))
    expected = module(X)
    actual = module.double()(X.double())
    assert actual.dtype == torch.float64
    assert torch.allclose(actual.float(), expected, atol=1e-5)


@pytest.mark.parametrize("n_features, is_encoded", [(256, True), (257, False)])
def test_wide_tables_are_plain(n_features, is_encoded, encoding):
    module = seeded(n_features, encoding=encoding)
    assert (module.encoding.size > 0) == (is_encoded and encoding != "plain")
    assert module(torch.zeros(2, n_features)).shape == (2, 1)


def test_the_last_linear_layer_is_the_embedding_layer(encoding):
    module = seeded(3, 2, encoding=encoding)
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    assert find_embedding_layer(module) is layers[-1]
    assert [layer.out_features for layer in layers] == [16, 16, 2]


@pytest.mark.parametrize("params, message", [
    ({"encoding": "PLE"}, r"encoding == 'PLE', must be one of \['plain', 'ple', 'pbld'\]"),
    ({"encoding": ["ple"]}, "encoding == "), ({"quantiles": np.zeros((9, 2))}, "quantiles has"),
    ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes == "), ({"dropout": 2.0}, "dropout"),
])  # fmt: skip
def test_bad_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        TabularMLP(3, 1, **params)


@pytest.mark.parametrize("n_columns", [1, 4])
def test_inputs_of_another_length_are_named(n_columns, encoding):
    with pytest.raises(ValueError, match=rf"rows of shape \({n_columns},\).*n_features == 3"):
        seeded(3, encoding=encoding)(torch.zeros(2, n_columns))


def test_prediction_is_about_as_good_for_the_exponential_of_the_columns(rng, encoding):
    X = rng.normal(size=(400, 3)).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + X[:, 1]
    errors = []
    for table in (X, np.exp(X), np.exp(3 * X)):
        net = ConstrainedNetRegressor(
            TabularMLP, module__quantiles=column_quantiles(table[:200]),
            module__encoding=encoding, module__hidden_layer_sizes=(64, 64), max_epochs=40,
            lr=5e-3, batch_size=50, random_state=0,
        ).fit(table[:200], y[:200])  # fmt: skip
        errors.append(np.mean((net.predict(table[200:]) - y[200:]) ** 2) / y.var())
    assert errors[0] < 0.1 and errors[1] < 0.2 and errors[2] < 0.4


def test_a_classifier_with_it_embeds_and_has_gradients(X, encoding):
    y = np.array(["no", "yes"])[X[:, 2].int()]
    net = ConstrainedNetClassifier(
        TabularMLP, n_members=1, module__quantiles=column_quantiles(X), module__encoding=encoding,
        module__hidden_layer_sizes=(8,), max_epochs=2, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert net.train_embedding_.shape == (200, 8)
    assert np.isfinite(gradient_sketch(net, X, 16, 0)).all()
