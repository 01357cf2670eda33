import numpy as np
import pytest
import torch
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from threads import in_threads

from skally.utils.random import clone_seeded, draw_seed, make_rng, torch_seeded


def test_torch_state_is_put_back():
    before = torch.get_rng_state()
    with torch_seeded(3):
        torch.rand(5)
    assert torch.equal(before, torch.get_rng_state())


def test_same_seed_draws_the_same_inside():
    draws = []
    for _ in range(2):
        with torch_seeded(3):
            draws.append(torch.rand(5))
        torch.rand(1)
    assert torch.equal(*draws)


def test_sections_of_threads_and_sections_within_draw_their_own_numbers():
    state = torch.get_rng_state()

    def draw():
        with torch_seeded(3):
            first = torch.rand(2)
            with torch_seeded(4):
                inner = torch.rand(3)
            return torch.cat([first, inner, torch.rand(2)])

    alone = draw()
    assert all(torch.equal(found, alone) for found in in_threads(draw, 50))
    assert torch.equal(torch.get_rng_state(), state)


def test_none_neither_reads_nor_moves_numpys_global_generator():
    np.random.seed(0)  # noqa: NPY002
    a = draw_seed(make_rng(None))
    np.random.seed(0)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert a != draw_seed(make_rng(None))
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("bad", ["seed", 1.5, np.random.default_rng(0)])
def test_bad_random_state_is_named(bad):
    with pytest.raises(ValueError, match="random_state == "):
        make_rng(bad)


def test_every_part_of_a_clone_is_seeded():
    forest = BaggingClassifier(DecisionTreeClassifier(max_depth=3))
    model = make_pipeline(LinearRegression(), forest)
    again, same = (clone_seeded(model, np.random.RandomState(0)) for _ in range(2))
    assert again[1] is not forest and forest.random_state is None
    assert again[1].estimator.max_depth == 3
    seeds = [again[1].random_state, again[1].estimator.random_state]
    assert len(set(seeds)) == 2 and None not in seeds
    assert seeds == [same[1].random_state, same[1].estimator.random_state]
