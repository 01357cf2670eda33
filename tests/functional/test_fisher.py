import numpy as np
import pytest
from margins import clear_argmax

from skally.functional.fisher import (
    candidates,
    fisher_greedy,
    information,
    inverse_of,
    quadratic_forms,
    softmax_factor,
    trace_change,
)


def problem(seed, n=24, n_outputs=3, d=4, prior=0.1):
    """Factors of a pool, the information known before, and that of interest."""
    rng = np.random.RandomState(seed)
    h = rng.normal(size=(n, d))
    A = np.ones((n, 1, 1))
    if n_outputs > 1:
        A = softmax_factor(rng.dirichlet(np.ones(n_outputs), size=n))
    F = information(A, h) / n
    return A, h, information(A[:3], h[:3]) + prior * np.eye(len(F)), F


def dense(A, h):
    """x_i = A_i (x) h_i^T, multiplied out: (n, r, C d)."""
    return np.array([np.kron(A[i], h[i]) for i in range(len(h))])


def brute_fisher_greedy(A, h, known, F, k):
    """The definition, with an inverse for every candidate.

    The condition of ``known`` is at most 1e8, so traces are right to about 1e-8 of their size; the
    best of them lead the second by 1e-7.
    """
    assert np.linalg.cond(known) < 1e8
    x, chosen = dense(A, h), []

    def best(candidates):
        informed = [known + sum(x[j].T @ x[j] for j in rows) for rows in candidates]
        return clear_argmax([-np.trace(np.linalg.inv(each) @ F) for each in informed], 1e-7)

    for _ in range(min(2 * k, len(h))):
        longer = [[*chosen, i] for i in range(len(h)) if i not in chosen]
        chosen = longer[best(longer)]
    while len(chosen) > k:
        shorter = [[j for j in chosen if j != i] for i in chosen]
        chosen = shorter[best(shorter)] if k else []
    return chosen


def test_rows_of_the_softmax_factor_are_those_of_the_paper(rng):
    p = rng.dirichlet(np.ones(4))
    rows = np.array([np.sqrt(p[c]) * (np.eye(4)[c] - p) for c in range(4)])
    A = softmax_factor(p[None])[0]
    assert A.shape == (4, 3) and np.allclose(A @ A.T, rows @ rows.T)
    assert np.array_equal(softmax_factor(np.ones((2, 1))), np.zeros((2, 1, 1)))  # exactly 1 - 1


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
@pytest.mark.parametrize("chunk", [1, 100, 2**21])
def test_information_and_forms_equal_the_dense_ones(n_outputs, chunk, monkeypatch):
    monkeypatch.setattr("skally.functional.fisher.CHUNK", chunk)
    A, h, M, _ = problem(0, n_outputs=n_outputs)
    x = dense(A, h)  # and any symmetric M will do
    assert np.allclose(information(A, h), np.einsum("nri,nrj->ij", x, x))
    assert np.allclose(quadratic_forms(A, h, M), x @ M @ x.transpose(0, 2, 1))


@pytest.mark.parametrize("n_outputs", [1, 4])
@pytest.mark.parametrize("sign", [1, -1])
def test_trace_change_equals_that_of_the_inverses(n_outputs, sign):
    A, h, known, F = problem(1, n_outputs=n_outputs)
    known = known + (sign < 0) * information(A, h)
    M = np.linalg.inv(known)
    change = trace_change(quadratic_forms(A, h, M), quadratic_forms(A, h, M @ F @ M), sign)
    traces = [np.trace(np.linalg.inv(known + sign * x.T @ x) @ F) for x in dense(A, h)]
    assert np.allclose(change, sign * (np.trace(M @ F) - np.array(traces)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_outputs", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 5, 15, 24])
def test_fisher_greedy_equals_brute_force(seed, n_outputs, k):
    args = problem(seed, n_outputs=n_outputs)
    assert fisher_greedy(candidates(*args), k).tolist() == brute_fisher_greedy(*args, k)


@pytest.mark.parametrize("weight", [0.3, 8.0])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_picks_that_weigh_more_are_picks_of_more_information(n_outputs, weight):
    A, h, known, F = problem(3, n_outputs=n_outputs)
    picks = fisher_greedy(candidates(A, h, known, F), 6, weight).tolist()
    assert picks == brute_fisher_greedy(A * weight**0.5, h, known, F, 6)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_only_rows_that_can_win_are_computed_and_the_picks_are_the_same(n_outputs, monkeypatch):
    A, h, known, F = problem(7, n=600, n_outputs=n_outputs)
    expected, seen = brute_forward(A, h, known, F, 5), []
    monkeypatch.setattr(
        "skally.functional.fisher.trace_change",
        lambda U, V, sign=1: seen.append(len(U)) or trace_change(U, V, sign),
    )
    assert set(fisher_greedy(candidates(A, h, known, F), 5)) <= set(expected)
    assert max(seen) < 600


def brute_forward(A, h, known, F, k):
    """The rows that are added, with the change of the trace computed for every row."""
    chosen = []
    for _ in range(2 * k):
        M = np.linalg.inv(known)
        U, V = quadratic_forms(A, h, M), quadratic_forms(A, h, M @ F @ M)
        gain = trace_change(U, V)
        gain[chosen] = 0.0
        chosen.append(clear_argmax(gain, 1e-7))
        x = np.kron(A[chosen[-1]], h[chosen[-1]])
        known = known + x.T @ x
    return chosen


@pytest.mark.parametrize("prior", [1e-3, 1e-6])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_picks_are_right_where_next_to_nothing_is_known_before(prior, n_outputs):
    for seed in range(5):
        args = problem(seed, n=40, n_outputs=n_outputs, d=6, prior=prior)
        assert fisher_greedy(candidates(*args), 8).tolist() == brute_fisher_greedy(*args, 8)


def test_forms_keep_their_digits_where_some_rows_tell_much_and_most_little():
    rng = np.random.RandomState(0)
    h = np.abs(rng.normal(size=(300, 4))) @ rng.rand(4, 20) * 20 + 1e-4 * rng.normal(size=(300, 20))
    A = softmax_factor(rng.dirichlet(np.full(10, 0.1), size=300))
    known = information(A[:150], h[:150]) + 1e-5 * np.eye(180)
    roots = [np.linalg.solve(np.linalg.cholesky(known), x.T) for x in dense(A, h)]
    expected = np.array([root.T @ root for root in roots])
    M = inverse_of(known)
    assert np.array_equal(M, M.T)
    # The a priori bound of an inverse. Gaussian elimination has about that error, 30 times this.
    bound = np.finfo(float).eps * np.linalg.cond(known) * expected.max()
    assert np.abs(quadratic_forms(A, h, M) - expected).max() < bound < 1e-5 * expected.max()


def test_what_rounding_leaves_of_no_information_is_an_error_with_advice():
    A, h, known, F = problem(0)
    with pytest.raises(np.linalg.LinAlgError, match="larger regularization or a smaller pick_"):
        candidates(A, h, known - 2 * np.eye(len(F)), F)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_rows_that_alone_tell_about_a_direction_can_be_taken_away(n_outputs):
    """Without its row such a direction has information 1e-9 / 1e4 left, beside 1 in others.

    That is 500 times eps: lost in U by then, but no matrix is indefinite by rounding alone.
    """
    for seed in range(5):
        rows = candidates(*problem(seed, n=40, n_outputs=n_outputs, d=6, prior=1e-9))
        for k in (1, 3, 15):
            assert len(set(fisher_greedy(rows, k, weight=1e4))) == k


def test_fall_by_taking_away_which_only_rounding_can_find_is_not_believed(monkeypatch):
    def rounded(U, V, sign=1):
        change = trace_change(U, V, sign)
        if sign == -1:
            change[0] = -1e-3
        return change

    args = problem(2)
    first = brute_forward(*args, 1)[0]
    monkeypatch.setattr("skally.functional.fisher.trace_change", rounded)
    assert fisher_greedy(candidates(*args), 4)[0] == first


def test_rows_without_information_are_still_distinct():
    A, h = np.zeros((6, 2, 2)), np.ones((6, 3))
    for F in (np.zeros((6, 6)), np.eye(6)):
        assert sorted(fisher_greedy(candidates(A, h, np.eye(6), F), 6)) == [0, 1, 2, 3, 4, 5]
        assert len(set(fisher_greedy(candidates(A, h, np.eye(6), F), 4))) == 4


def test_what_is_known_before_is_left_as_it_was():
    rows = candidates(*problem(0))
    before = [array.copy() for array in vars(rows).values()]
    fisher_greedy(rows, 4)
    assert all(map(np.array_equal, vars(rows).values(), before))
