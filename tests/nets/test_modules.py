import pickle

import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from sklearn.base import clone
from torch import nn

from skally.nets.modules import MLP, BasicBlock, ResNet18


def test_any_shape_of_input_is_flattened():
    assert MLP(12, 3)(torch.zeros(2, 3, 4)).shape == (2, 3)


def test_no_hidden_layer_is_a_linear_model():
    assert [tuple(p.shape) for p in MLP(4, 2, hidden_layer_sizes=()).parameters()] == [(2, 4), (2,)]


def test_dropout_follows_each_activation():
    names = [type(layer).__name__ for layer in MLP(4, 2, (8, 8), dropout=0.5)]
    assert names == ["Flatten", *["Linear", "ReLU", "Dropout"] * 2, "Linear"]


def expected_parameters(n_outputs, n_channels, w):
    """Weights of 3 x 3 convolutions, of 1 x 1 shortcuts, two a channel of each norm, the head."""
    widths = (w, 2 * w, 4 * w, 8 * w)
    count = 9 * n_channels * w + 2 * w
    for n_in, n_out in zip((w, *widths[:3]), widths, strict=True):
        count += 9 * n_in * n_out + 3 * 9 * n_out**2 + 4 * 2 * n_out
        count += n_in * n_out + 2 * n_out if n_in != n_out else 0
    return count + 8 * w * n_outputs + n_outputs


@pytest.mark.parametrize("n_outputs, n_channels, width", [(10, 3, 16), (2, 1, 16), (7, 3, 4)])
def test_resnet_has_the_weights_of_eighteen_layers(n_outputs, n_channels, width):
    module = ResNet18(n_outputs, n_channels=n_channels, width=width)
    count = sum(p.numel() for p in module.parameters())
    assert count == expected_parameters(n_outputs, n_channels, width)
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert sum(getattr(layer, "kernel_size", (3, 3)) == (3, 3) for layer in layers) == 18


@pytest.mark.parametrize("side", [32, 96])
def test_resnet_embeds_images_of_any_size_in_128_features(side):
    module = ResNet18(n_outputs=5).eval()
    seen = {}
    for name in ("convolution", "stage1", "stage2", "stage3", "stage4", "head"):
        hook = module.get_submodule(name).register_forward_hook
        hook(lambda _layer, inputs, output, name=name: seen.update({name: (inputs, output)}))
    assert module(torch.rand(2, 3, side, side)).shape == (2, 5)
    assert seen["head"][0][0].shape == (2, 128)
    assert torch.allclose(seen["head"][0][0], seen["stage4"][1].mean(dim=(2, 3)), atol=1e-4)
    shapes = [tuple(seen[name][1].shape[1:]) for name in list(seen)[:-1]]
    halves = [(16 * 2**i, side // 2**i, side // 2**i) for i in (0, 0, 1, 2, 3)]
    assert shapes == halves


def test_a_residual_of_zero_leaves_images_that_are_not_negative():
    """To the bit: a finite number times zero, added to them, is nothing in any kernel."""
    block = BasicBlock(4, 4).eval()
    nn.init.zeros_(block.residual[-1].weight)
    images = torch.rand(2, 4, 5, 5)
    assert torch.equal(block(images), images)


def test_resnet_takes_flat_and_grey_images_as_the_same():
    module = ResNet18(2, n_channels=1, width=2).eval()
    images = torch.rand(3, 1, 8, 8)
    expected = module(images)
    assert torch.allclose(module(images.flatten(1)), expected, atol=1e-5)
    assert torch.allclose(module(images[:, 0]), expected, atol=1e-5)
    coloured, images = ResNet18(2, width=2).eval(), torch.rand(3, 3, 8, 8)
    assert torch.allclose(coloured(images.flatten(1)), coloured(images), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 8, 8), (8, 8, 3), (8, 8), (3 * 8 * 7,), (2,)])
def test_resnet_names_the_shape_that_is_not_of_its_images(shape):
    with pytest.raises(ValueError, match="n_channels == 3"):
        ResNet18(2, width=2)(torch.zeros(2, *shape))


@pytest.mark.parametrize("params, message", [
    ({"n_features": 64}, "n_channels == 3, must divide 64"),
    ({"n_channels": 0}, "n_channels == 0"), ({"width": 0}, "width == 0"),
])  # fmt: skip
def test_bad_sizes_of_resnet_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        ResNet18(2, **params)


@pytest.fixture(scope="module")
def images():
    """Two classes of coloured noise that differ in which half is bright."""
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(25, 3, 32, 32)).astype(np.float32), np.arange(25) % 2
    X[y == 0, :, :16] += 2
    X[y == 1, :, 16:] += 2
    return X, np.array(["top", "bottom"])[y]


@pytest.fixture(scope="module")
def resnet(images):
    """A net fitted on them; its last batch has one row."""
    net = one_classifier(
        ResNet18, module__width=4, batch_size=8, iterator_train__shuffle=False, lr=3e-3,
        max_epochs=12, random_state=0,
    )  # fmt: skip
    return net.fit(*images)


def test_resnet_learns_images_and_has_their_duals(images, resnet):
    untrained = clone(resnet).set_params(lr=0.0, max_epochs=1).fit(*images)
    before, after = (net.sample_loss(*images).mean() for net in (untrained, resnet))
    assert after < 0.5 * before
    assert resnet.train_embedding_.shape == (25, 32)
    assert resnet.dual_variables_.shape == (25,) and resnet.dual_variables_.max() > 0


def test_rows_of_resnet_do_not_depend_on_their_neighbours(images, resnet):
    together = resnet.predict_proba(images[0][:5])
    alone = np.vstack([resnet.predict_proba(images[0][[i]]) for i in range(5)])
    # Eighteen layers of sums of up to 9 * 32 terms, each off by up to 3e-5 of their size.
    assert np.allclose(together, alone, atol=1e-3)


def test_nets_with_a_resnet_are_cloned_and_pickled(images, resnet):
    again = clone(resnet).fit(*images)
    assert np.array_equal(again.dual_variables_, resnet.dual_variables_)
    restored = pickle.loads(pickle.dumps(resnet))
    assert np.array_equal(restored.embed(images[0]), resnet.embed(images[0]))


@pytest.mark.parametrize("shape, channels", [((3, 96, 96), 3), ((1, 16, 16), 1), ((256,), 1)])
def test_resnet_fits_images_of_other_sizes(shape, channels, rng):
    X, y = rng.normal(size=(5, *shape)), rng.normal(size=5)
    net = one_regressor(
        ResNet18, module__n_channels=channels, module__width=4, batch_size=4, max_epochs=1,
        random_state=0,
    )  # fmt: skip
    assert net.fit(X, y).train_embedding_.shape == (5, 32)


def test_a_wrong_number_of_channels_is_named_before_training(rng):
    X, y = rng.normal(size=(4, 1, 16, 16)), [0, 1, 0, 1]
    with pytest.raises(ValueError, match="n_channels == 3, must divide 256"):
        one_classifier(ResNet18, random_state=0).fit(X, y)
