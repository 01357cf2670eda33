import numpy as np
import pytest
from margins import clear_argmax
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from skally.functional.matching import match_batches, simulate_sequences


def total_distance(Z, chosen, batches):
    costs = [cdist(Z[chosen], Z[batch]) for batch in batches]
    return sum(cost[linear_sum_assignment(cost)].sum() for cost in costs)


@pytest.mark.parametrize("seed", range(10))
def test_a_batch_of_one_is_the_medoid(seed):
    rng = np.random.RandomState(seed)
    Z, batches = rng.normal(size=(30, 2)), rng.permutation(30)[:7, None]
    totals = cdist(Z[batches[:, 0]], Z[batches[:, 0]]).sum(axis=1)
    assert match_batches(Z, batches).tolist() == [batches[clear_argmax(-totals), 0]]


@pytest.mark.parametrize("seed", range(10))
def test_matching_moves_the_first_batch_nearer_to_all(seed):
    rng = np.random.RandomState(seed)
    Z = rng.normal(size=(50, 2))
    batches = np.array([rng.permutation(50)[:6] for _ in range(5)])
    chosen = match_batches(Z, batches)
    assert len(set(chosen.tolist())) == 6 and set(chosen) <= set(batches.ravel())
    assert total_distance(Z, chosen, batches) < total_distance(Z, batches[0], batches)


def test_batches_that_agree_are_the_answer(rng):
    Z, batch = rng.normal(size=(20, 2)), rng.permutation(20)[:5]
    assert match_batches(Z, np.array([batch] * 3)).tolist() == batch.tolist()


def test_sequences_without_chance_are_the_greedy_ones(rng):
    Z, worth = rng.normal(size=(30, 2)), rng.uniform(size=30)
    left, expected = worth.copy(), []
    for _ in range(8):
        expected.append(clear_argmax(left))
        left *= 1 - np.exp(-cdist(Z, Z[expected[-1:]], "sqeuclidean")[:, 0] / (2 * 0.7**2))
        left[expected] = -1
    picks = simulate_sequences(worth, Z, np.ones((30, 1)), 0.7, 8, 3, rng)
    assert picks.tolist() == [expected] * 3


def test_a_label_explains_rows_of_that_label_only(rng):
    """Rows 1 and 2 lie at row 0; its label is 0 in 80 % of draws, as row 1's is for certain."""
    Z, worth = np.array([[0.0], [0], [0], [9]]), np.array([1.0, 0.9, 0.8, 0.1])
    proba = np.array([[0.8, 0.2], [1, 0], [0, 1], [1, 0]])
    picks = simulate_sequences(worth, Z, proba, 1.0, 2, 2000, rng)
    assert np.all(picks[:, 0] == 0) and set(picks[:, 1]) == {1, 2}
    assert abs((picks[:, 1] == 2).mean() - 0.8) < 0.04
