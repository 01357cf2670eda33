import torch

from skally.modules import MLP


def test_any_shape_of_input_is_flattened():
    assert MLP(12, 3)(torch.zeros(2, 3, 4)).shape == (2, 3)


def test_no_hidden_layer_is_a_linear_model():
    assert [tuple(p.shape) for p in MLP(4, 2, hidden_layer_sizes=()).parameters()] == [(2, 4), (2,)]


def test_dropout_follows_each_activation():
    names = [type(layer).__name__ for layer in MLP(4, 2, (8, 8), dropout=0.5)]
    assert names == ["Flatten", *["Linear", "ReLU", "Dropout"] * 2, "Linear"]
