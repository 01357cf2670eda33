"""Each gradient sampler against its own definition."""

import numpy as np
import pytest
import torch
from modAL.models import ActiveLearner, Committee
from one_net import one_classifier
from picks import assert_drawn
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from skorch import NeuralNetClassifier
from torch import nn

from skally import BADGESampler, BAITSampler, LCMDSampler


def last_layer_gradients(net, X):
    """Gradient of the loss at the predicted class by the last layer's weights, by autograd."""
    module, rows = net.module_.eval(), []
    layer = [m for m in module.modules() if isinstance(m, nn.Linear)][-1]
    for x in torch.tensor(X):
        logits = module(x[None])
        loss = nn.functional.cross_entropy(logits, logits.argmax(dim=1))
        rows.append(torch.autograd.grad(loss, layer.weight)[0].flatten().numpy())
    return np.array(rows)


def test_badge_draws_by_distance_between_autograds_gradients(digits):
    X, y = digits[0][:150], digits[1][:150]
    net = one_classifier(max_epochs=20, random_state=0).fit(X, y)
    X = digits[0][150:]
    g = last_layer_gradients(net, X)
    picks, utility = BADGESampler(random_state=3).query(net, X, 8, return_utilities=True)
    assert_drawn(picks, g, np.random.RandomState(3))
    # a probability near 1 is known to 1e-7, and so is what is missing to 1
    lengths = np.linalg.norm(g, axis=1)
    assert np.allclose(utility, lengths, rtol=1e-4, atol=1e-5 * lengths.max())


def test_badge_takes_plain_skorch_nets_and_scikit_learn_classifiers(digits):
    X, y = digits
    module = nn.Sequential(nn.Linear(64, 10), nn.Softmax(dim=1))
    net = NeuralNetClassifier(module, max_epochs=2, verbose=0, train_split=None).fit(X, y)
    for model in (net, GaussianNB(var_smoothing=0.1).fit(X, y)):
        p = model.predict_proba(X)
        q = np.eye(10)[p.argmax(axis=1)] - p
        _, utility = BADGESampler().query(model, X, return_utilities=True)
        norms = np.linalg.norm(q, axis=1) * np.linalg.norm(X, axis=1)
        assert np.allclose(utility, norms, rtol=1e-4)


def test_badge_says_why_it_takes_no_regressor(regressor, diabetes):
    with pytest.raises(ValueError, match="BADGESampler needs a classifier.*BAITSampler and LCMD"):
        BADGESampler().query(regressor, diabetes[0])


def dense_bait(x, x_labeled, k, regularization, rank=None, pick_weight=None):
    """The definition, by inverses of dense matrices: x of shape (n, r, D).

    The rank, D by default, is the number of directions that any row tells about.

    Returns
    -------
    chosen : list
    margin : float
        Least difference between the best and the second best trace of all steps, as a share.
    """
    weight = k if pick_weight is None else pick_weight

    def total(rows):
        return np.einsum("nri,nrj->ij", rows, rows)

    F = (total(x) + total(x_labeled)) / (len(x) + len(x_labeled))
    prior = total(x_labeled) + regularization * np.trace(F) / (rank or len(F)) * np.eye(len(F))
    chosen, margins = [], []

    def best(rows, others):
        """The row whose choice leaves the least trace; others(i) are the rows then chosen."""
        traces = [np.trace(np.linalg.inv(prior + weight * total(x[others(i)])) @ F) for i in rows]
        least, second = np.sort([*traces, np.inf])[:2]
        margins.append((second - least) / least)
        return rows[int(np.argmin(traces))]

    while len(chosen) < min(2 * k, len(x)):
        rest = [i for i in range(len(x)) if i not in chosen]
        chosen.append(best(rest, lambda i: [*chosen, i]))
    while len(chosen) > k:
        chosen.remove(best(chosen, lambda i: [j for j in chosen if j != i]))
    return chosen, min(margins)


def softmax_rows(p, h):
    return np.array([[np.sqrt(p[i, c]) * np.kron(np.eye(p.shape[1])[c] - p[i], h[i])
                      for c in range(p.shape[1])] for i in range(len(h))])  # fmt: skip


@pytest.mark.parametrize("regularization", [0.01, 1.0])
def test_bait_equals_the_dense_trace_formula_for_classes(regularization, rng):
    X, y = rng.normal(size=(50, 3)), rng.randint(3, size=50)
    model = GaussianNB().fit(X[:20], y[:20])
    x = softmax_rows(model.predict_proba(X), X)
    expected, margin = dense_bait(x[20:], x[:20], 6, regularization, rank=2 * 3)
    assert margin > 1e-5  # in float64: no rounding turns a pick
    sampler = BAITSampler(regularization=regularization)
    assert sampler.query(model, X[20:], 6, X=X[:20]).tolist() == expected


def test_bait_of_a_net_equals_the_dense_trace_formula(rng):
    X, y = rng.normal(size=(50, 3)), rng.randint(3, size=50)
    n_compared = 0
    for seed in range(20):
        net = one_classifier(module__hidden_layer_sizes=(5,), max_epochs=5, random_state=seed)
        net.fit(X[:20], y[:20])
        x = softmax_rows(net.predict_proba(X), net.embed(X).astype(float))
        expected, margin = dense_bait(x[20:], x[:20], 6, 1.0, rank=2 * 5)
        if margin > 1e-4:  # float32 knows the embedding to 1e-7, and the trace to some 1e-6
            n_compared += 1
            assert BAITSampler().query(net, X[20:], 6, X=X[:20]).tolist() == expected
            assert BAITSampler().query(net, X[20:], 6).tolist() == expected  # the net's own rows
        if n_compared == 3:
            return
    raise AssertionError("no net whose picks rounding cannot turn")


def test_bait_equals_the_dense_trace_formula_for_numbers(rng):
    X, y = rng.normal(size=(60, 6)), rng.normal(size=60)
    expected, margin = dense_bait(X[20:, None], X[:20, None], 4, 1.0)
    assert margin > 1e-5  # in float64: no rounding turns a pick
    model = LinearRegression().fit(X, y)
    assert BAITSampler().query(model, X[20:], 4, X=X[:20]).tolist() == expected


def test_the_weight_of_baits_picks_is_that_of_the_authors_code_unless_given(diabetes):
    X, y = diabetes[0][:60].astype(float), diabetes[1][:60]
    model, k = LinearRegression().fit(X, y), 5
    x, x_labeled, L = X[20:, None], X[:20, None], 20
    F = np.einsum("nri,nrj->ij", X[:, None], X[:, None]) / 60
    start = np.trace(F) / 10 * np.eye(10) / (L + k) + X[:20].T @ X[:20] / L * (L / (L + k))
    chosen, scaled = [], X[20:] * np.sqrt(k / (L + k))  # as the authors' code has it
    for _ in range(2 * k):
        traces = [np.trace(np.linalg.inv(start + scaled[[*chosen, i]].T @ scaled[[*chosen, i]]) @ F)
                  if i not in chosen else np.inf for i in range(40)]  # fmt: skip
        chosen.append(int(np.argmin(traces)))
    picks = BAITSampler().query(model, X[20:], k, X=X[:20])
    assert set(picks.tolist()) <= set(chosen)
    expected, margin = dense_bait(x, x_labeled, k, 1.0)
    assert picks.tolist() == expected
    equal = BAITSampler(pick_weight=1.0).query(model, X[20:], k, X=X[:20])
    equally, margin_of_equal = dense_bait(x, x_labeled, k, 1.0, pick_weight=1.0)
    assert equal.tolist() == equally != picks.tolist()
    assert min(margin, margin_of_equal) > 1e-5  # in float64: no rounding turns a pick


def test_baits_utility_is_its_first_pick_and_falls_where_labels_are(rng):
    X = rng.normal(size=(40, 4))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    picks, utility = BAITSampler().query(model, X, 1, X=X[:10], return_utilities=True)
    again = BAITSampler().query(model, X, 1, X=np.vstack([X[:10], X[picks]]), return_utilities=True)
    assert np.isclose(utility[picks[0]], utility.max(), rtol=1e-9)
    assert again[1][picks[0]] < utility[picks[0]]


def test_bait_does_not_depend_on_the_units_of_the_embedding(rng):
    X = rng.normal(size=(40, 4))
    model = LinearRegression().fit(X, X[:, 0])
    picks = BAITSampler().query(model, X, 8, X=X[:6])
    scaled = BAITSampler().query(model, X * 1024, 8, X=X[:6] * 1024)  # a power of 2: no rounding
    assert scaled.tolist() == picks.tolist()


@pytest.mark.parametrize("name", ["regularization", "pick_weight"])
def test_bait_names_a_bad_parameter(name, regressor, diabetes):
    for bad in (0, -1.0, "1", np.nan):
        with pytest.raises(ValueError, match=f"{name} == "):
            BAITSampler(**{name: bad}).query(regressor, diabetes[0])


def test_a_committee_is_one_net_with_its_members_embeddings_side_by_side(rng):
    X, y = rng.normal(size=(40, 2)), rng.randint(3, size=40)
    learners = [ActiveLearner(GaussianNB(), X_training=X[i:25], y_training=y[i:25]) for i in (0, 5)]
    committee = Committee(learners)
    p, h = committee.predict_proba(X[25:]), np.hstack([X[25:]] * 2)
    q = np.eye(3)[p.argmax(axis=1)] - p
    _, utility = BADGESampler().query(committee, X[25:], return_utilities=True)
    assert np.allclose(utility, np.linalg.norm(q, axis=1) * np.linalg.norm(h, axis=1))
    held = np.vstack([X[:25], X[5:25]])
    x = softmax_rows(p, h)
    x_held = softmax_rows(committee.predict_proba(held), np.hstack([held] * 2))
    expected, margin = dense_bait(x, x_held, 3, 1.0, rank=2 * 4)
    assert margin > 1e-5  # in float64: no rounding turns a pick
    assert BAITSampler().query(committee, X[25:], 3).tolist() == expected


DEGENERATE = {
    "gradients of zero": np.zeros((9, 64), np.float32),
    "one row nine times": np.full((9, 64), 0.3, np.float32),
    "three rows three times": np.repeat(np.eye(64, dtype=np.float32)[:3], 3, axis=0),
}


@pytest.mark.parametrize("X", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("gradient_sampler", [
    BADGESampler(random_state=0), BAITSampler(), LCMDSampler(),
    LCMDSampler(features="gradient", sketch_size=8, random_state=0),
])  # fmt: skip
def test_degenerate_pools_still_give_distinct_positions(gradient_sampler, X, classifier, digits):
    model = GaussianNB(var_smoothing=1.0).fit(*digits)
    for estimator in (classifier, model):
        if estimator is model and getattr(gradient_sampler, "features", None) == "gradient":
            continue
        for k in (1, 4, 9):
            picks = gradient_sampler.query(estimator, X, k, X=digits[0][:5])
            assert len(set(picks.tolist())) == k
