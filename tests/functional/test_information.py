import numpy as np
import pytest
import scipy.stats

from skally.functional import information
from skally.functional.information import gaussian_information, joint_information


@pytest.mark.parametrize("tile", [1, 2**18])
def test_joint_information_is_that_of_the_joint_table_of_classes(tile, rng, monkeypatch):
    monkeypatch.setattr(information, "TILE", tile)
    draws, targets = rng.dirichlet(np.ones(3), (5, 20)), rng.dirichlet(np.ones(3), (5, 4))
    draws[:, 0] = np.eye(3)[0]  # no model doubts the class
    draws[:, 1] = np.eye(3)[[0, 1, 2, 0, 1]]  # models are sure, each of its own
    found, expected = joint_information(draws, targets), np.zeros(20)
    for i in range(20):
        for t in range(4):
            table = np.mean([np.outer(draws[k, i], targets[k, t]) for k in range(5)], axis=0)
            independent = np.outer(table.sum(axis=1), table.sum(axis=0))
            expected[i] += scipy.stats.entropy(table.ravel(), independent.ravel()) / 4
    # sums of nine logarithms of float32, each of up to 0.4
    assert np.allclose(found, expected, atol=2e-6) and expected.max() > 0.05
    assert found[0] < 1e-6


@pytest.mark.parametrize("tile", [1, 2**18])
@pytest.mark.parametrize("noise", [1e-3, 1.0])
def test_gaussian_information_is_that_of_two_normal_labels(tile, noise, rng, monkeypatch):
    monkeypatch.setattr(information, "TILE", tile)
    draws, targets = rng.normal(size=(6, 15, 2)), rng.normal(size=(6, 4, 2))
    found, expected = gaussian_information(draws, targets, noise), np.zeros(15)
    for output in range(2):
        of_noise = noise * targets[:, :, output].var(axis=0).mean()
        for i in range(15):
            for t in range(4):
                pair = np.stack([draws[:, i, output], targets[:, t, output]])
                S = np.cov(pair, bias=True) + of_noise * np.eye(2)
                expected[i] += 0.5 * np.log(S[0, 0] * S[1, 1] / np.linalg.det(S)) / 4
    assert np.allclose(found, expected)


def test_gaussian_information_does_not_depend_on_units_and_is_zero_where_models_agree(rng):
    draws, targets = rng.normal(size=(6, 15, 1)), rng.normal(size=(6, 4, 1))
    plain = gaussian_information(draws, targets, 1.0)
    assert np.allclose(gaussian_information(draws * 1e-9, targets * 1e-9, 1.0), plain)
    assert np.allclose(gaussian_information(draws + 1e3, targets - 1e3, 1.0), plain)
    assert gaussian_information(draws, np.ones((6, 4, 1)), 1.0).tolist() == [0.0] * 15
