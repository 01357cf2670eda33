"""Queries of dask pools, against the plain query of each block and of the shortlists."""

import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from modAL.models import ActiveLearner, Committee
from picks import is_settled
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from skally import (
    ALLYSampler,
    BADGESampler,
    BALDSampler,
    BaseSampler,
    ComposedSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoreSetSampler,
    DiscriminativeSampler,
    DualLCMDSampler,
    DualRegressor,
    EntropySampler,
    LearningLossSampler,
    LeastConfidentSampler,
    RandomSampler,
    StochasticSampler,
    SubsampledSampler,
    WeightedLCMDSampler,
)
from skally.functional.selection import top_k
from skally.pool.pool import Pool
from skally.utils.random import draw_seed

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
import dask.array as da  # noqa: E402 (only where there is dask)
import dask.dataframe as dd  # noqa: E402
from dask.bag import from_sequence  # noqa: E402

SMALL = {
    "n_members": 6, "module__hidden_layer_sizes": (4,), "module__dropout": 0.1, "random_state": 0
}  # fmt: skip
K = 4
LENGTHS = (20, 3, 0, 17, 10)  # of blocks; one has fewer rows than are queried
FOR_OTHER_TASKS = ("is no regressor", "has no predict_proba", "needs a classifier")
# Those that draw, train or hook: what threads and processes might disturb.
DRAWING = [
    ALLYSampler(regressor=DualRegressor(max_epochs=3), random_state=0),
    BADGESampler(random_state=0),
    BALDSampler(random_state=0),
    DiscriminativeSampler(classifier=GaussianNB(var_smoothing=1.0), n_parts=3, random_state=0),
    LearningLossSampler(max_epochs=3, random_state=0),
    RandomSampler(random_state=0),
]
# Those that learn from the labelled samples alone.
LEARNING = [
    ALLYSampler(regressor=DualRegressor(max_epochs=3), random_state=0),
    DualLCMDSampler(regressor=DualRegressor(max_epochs=3), random_state=0),
    LearningLossSampler(max_epochs=3, random_state=0),
    WeightedLCMDSampler([ALLYSampler(regressor=DualRegressor(max_epochs=3))], random_state=0),
    StochasticSampler(LearningLossSampler(max_epochs=3), kind="softmax", random_state=0),
]


def as_utility(sampler):
    """Sampler that takes its utility from another."""
    return ComposedSampler(sampler, RandomSampler())


@pytest.fixture(scope="module")
def classifier(digits):
    """Small constrained net, fitted on 150 rows of the classification data."""
    net = ConstrainedNetClassifier(max_epochs=20, lr=5e-3, **SMALL)
    return net.fit(digits[0][:150], digits[1][:150])


@pytest.fixture(scope="module")
def regressor(diabetes):
    """Small constrained net, fitted on 150 rows of the regression data."""
    net = ConstrainedNetRegressor(max_epochs=20, lr=5e-3, **SMALL)
    return net.fit(diabetes[0][:150], diabetes[1][:150])


@pytest.fixture(params=["classification", "regression"])
def ask(request, classifier, digits, regressor, diabetes):
    """Query of a fitted net, or a skip where the sampler says that it is for other tasks."""
    net, (X, y) = {
        "classification": (classifier, digits), "regression": (regressor, diabetes),
    }[request.param]  # fmt: skip

    def query(sampler, X_pool, k=K, **kwargs):
        try:
            return sampler.query(net, X_pool, k, X=X[:150], y=y[:150], **kwargs)
        except ValueError as error:
            if any(message in str(error) for message in FOR_OTHER_TASKS):
                pytest.skip(str(error))
            raise

    query.X_pool = X[150:]
    query.pool = Pool(net, X[150:], X[:150], y[:150])
    return query


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread."""
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """Client of the cluster, which all queries of the test go through."""
    with distributed.Client(cluster, set_as_default=False) as client, client.as_current():
        yield client


def blocks_of(X, lengths=LENGTHS):
    """Dask array with blocks of these lengths."""
    return da.from_array(X, chunks=(lengths, *X.shape[1:]))


def greedi(sampler, ask, X_pool, lengths, k):
    """The definition: each block picks k of its rows, then the sampler k of all picks.

    By calls of the same shapes as those of the blocks, so that the same numbers come out.
    """
    stops = np.cumsum(lengths)
    rng, given = (np.random.RandomState(sampler.random_state) for _ in range(2))
    sampler, candidates, utilities = sampler.prepare(ask.pool, given), [], []
    for start, stop in zip(stops - lengths, stops, strict=True):
        if start < stop:
            own = clone(sampler).set_params(random_state=draw_seed(rng))
            picks, utility = ask(
                own, X_pool[start:stop], min(k, stop - start), return_utilities=True
            )
            candidates += sorted(start + picks)
            utilities.append(utility)
    sampler = clone(sampler).set_params(random_state=given)
    return np.array(candidates)[ask(sampler, X_pool[candidates], k)], np.concatenate(utilities)


# What is picked


def test_picks_are_the_samplers_among_the_picks_of_each_block(sampler, ask):
    expected, utility = greedi(sampler, ask, ask.X_pool, LENGTHS, K)
    pool = blocks_of(ask.X_pool)
    picks = ask(sampler, pool)
    assert picks.dtype.kind == "i" and len(set(picks.tolist())) == K
    assert np.array_equal(picks, expected)
    picks, shown = ask(sampler, pool, return_utilities=True)
    assert np.array_equal(picks, expected) and np.array_equal(shown, utility)


@pytest.mark.parametrize("learning", LEARNING, ids=repr)
def test_blocks_value_rows_as_the_plain_query_does(learning, ask):
    """Blocks with heads of their own would differ by about the range of the utilities.

    Embeddings of blocks and of the whole differ by the rounding of float32, some 1e-7 of their
    size, which the head divides by the deviation of each feature: up to some thousand times more.
    """
    picks, utility = ask(learning, ask.X_pool, return_utilities=True)
    _, shown = ask(learning, blocks_of(ask.X_pool), return_utilities=True)
    assert np.ptp(utility) > 0
    assert np.allclose(shown, utility, rtol=0, atol=1e-3 * np.ptp(utility))


class CountingRegressor(LinearRegression):
    """Counts how often it is fitted."""

    n_fits = 0

    def fit(self, X, y):
        CountingRegressor.n_fits += 1
        return super().fit(X, y)


@pytest.mark.parametrize("wrap", [clone, StochasticSampler, SubsampledSampler, as_utility])
def test_a_head_is_learned_once_whatever_the_blocks(wrap, classifier, digits):
    sampler = wrap(ALLYSampler(regressor=CountingRegressor(positive=True)))
    for lengths in ((60, 90, 50), (10,) * 20):
        CountingRegressor.n_fits = 0
        with dask.config.set(scheduler="synchronous"):
            sampler.query(classifier, blocks_of(digits[0], lengths), 5, return_utilities=True)
        assert CountingRegressor.n_fits == 1


def test_each_learner_of_a_committee_has_its_own_head(classifier, digits):
    X, y = digits
    other = clone(classifier).set_params(random_state=1).fit(X[:100], y[:100])
    sampler = ALLYSampler(regressor=Ridge(), random_state=0)  # small weights: they add no error
    committee = Committee([ActiveLearner(net) for net in (classifier, other)])
    _, utility = sampler.query(committee, X, 5, return_utilities=True)
    _, shown = sampler.query(committee, blocks_of(X, (110, 90)), 5, return_utilities=True)
    assert np.allclose(shown, utility, rtol=0, atol=1e-4 * np.ptp(utility))


def test_a_selection_alone_learns_no_head(digits):
    model = LogisticRegression(max_iter=1000).fit(*digits)  # has no duals
    sampler = ComposedSampler(EntropySampler(), ALLYSampler(), random_state=0)
    assert len(set(sampler.query(model, blocks_of(digits[0], (90, 110)), 5).tolist())) == 5


def test_one_block_gives_the_plain_picks_and_utilities(sampler, ask):
    for k in (K, 50):
        plain = ask(sampler, ask.X_pool, k, return_utilities=True)
        for lengths in ((50,), (0, 50, 0)):
            pool = blocks_of(ask.X_pool, lengths)
            given = ask(sampler, pool, k, return_utilities=True)
            assert all(map(np.array_equal, plain, given))
            assert np.array_equal(ask(sampler, pool, k), plain[0])


def test_blocks_that_hand_over_all_their_rows_give_the_plain_picks(sampler, ask):
    X_pool = ask.X_pool[:12]
    for lengths, k in (((1,) * 12, 1), ((1,) * 12, 5), ((5, 4, 3), 5), ((5, 4, 3), 12)):
        pool = blocks_of(X_pool, lengths)
        assert np.array_equal(ask(sampler, pool, k), ask(sampler, X_pool, k))


def test_the_labelled_samples_scale_the_columns_of_trees_in_all_blocks(diabetes):
    X, y = diabetes[0] * np.logspace(-3, 3, 10), diabetes[1]
    trees = ExtraTreesRegressor(10, random_state=0).fit(X[:150], y[:150])
    known = {"X": X[:150], "y": y[:150]}
    plain = CoreSetSampler().query(trees, X[150:], K, return_utilities=True, **known)[1]
    blocks = CoreSetSampler().query(trees, blocks_of(X[150:]), K, return_utilities=True, **known)[1]
    assert np.allclose(blocks, plain, rtol=1e-4, atol=1e-4 * plain.max())
    with pytest.raises(ValueError, match="X has fewer than 2 rows, must have at least 2"):
        LearningLossSampler().query(trees, blocks_of(X[150:]), K, X=X[:1], y=y[:1])


def test_empty_blocks_change_nothing(digits, classifier):
    sampler = StochasticSampler(EntropySampler(), random_state=0)
    picks = [
        sampler.query(classifier, blocks_of(digits[0], lengths), 5)
        for lengths in ((120, 80), (0, 120, 0, 0, 80, 0))
    ]
    assert np.array_equal(*picks)


def test_a_generator_moves_on_with_each_query():
    pool = blocks_of(np.zeros((50, 2)))
    first, again = (RandomSampler(random_state=np.random.RandomState(3)) for _ in range(2))
    picks = [first.query(None, pool, 10) for _ in range(3)]
    assert len({tuple(each) for each in picks}) == 3
    assert all(np.array_equal(each, again.query(None, pool, 10)) for each in picks)
    one = blocks_of(np.zeros((50, 2)), (50,))
    assert not np.array_equal(first.query(None, one, 10), first.query(None, one, 10))


# What a pool may be


def test_data_frames_pick_what_arrays_pick(ask):
    frame = pd.DataFrame(ask.X_pool, index=np.arange(50)[::-1])
    pool = dd.from_pandas(frame, npartitions=4, sort=False)
    lengths = tuple(pool.map_partitions(len).compute())
    assert len(lengths) == 4
    for sampler in (CoreSetSampler(random_state=0), RandomSampler(random_state=0)):
        assert np.array_equal(ask(sampler, pool), ask(sampler, blocks_of(ask.X_pool, lengths)))


def test_data_frames_keep_their_columns(rng):
    """Probabilities of continuous data in float64: no rounding brings two rows together."""
    frame = pd.DataFrame({"size": rng.normal(size=60), "kind": rng.choice(list("abc"), size=60)})
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["size"]))
    model = make_pipeline(columns, LogisticRegression()).fit(frame, frame["size"] > 0)
    pool = dd.from_pandas(frame, npartitions=3)
    sampler = LeastConfidentSampler(random_state=0)
    assert np.array_equal(sampler.query(model, pool, 5), sampler.query(model, frame, 5))
    some = pool[pool["size"] > 10 * (pool.index < 30)]  # a partition without rows
    expected = sampler.query(model, frame[30:][frame["size"][30:] > 0], 5)
    assert np.array_equal(sampler.query(model, some, 5), expected)


def test_images_are_cut_along_the_first_axis_only(digits):
    X, y = digits[0].reshape(-1, 1, 8, 8), digits[1]
    layers = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    net = ConstrainedNetClassifier(layers, max_epochs=2, random_state=0).fit(X[:100], y[:100])
    sampler = CoreSetSampler(random_state=0)
    expected = sampler.query(net, da.from_array(X[100:], chunks=(40, 1, 8, 8)), 5)
    cut = da.from_array(X[100:], chunks=(40, 1, 3, 8))
    assert np.array_equal(sampler.query(net, cut, 5), expected)


def test_sparse_blocks_pick_what_dense_ones_pick(digits):
    X, y = digits
    model = LogisticRegression(max_iter=1000).fit(X, y)
    dense = blocks_of(X, (90, 110))
    from_sparse = dense.map_blocks(sparse.csr_matrix)
    sampler = CoreSetSampler()  # on the columns, which are the same numbers
    picks = sampler.query(model, from_sparse, 5, X=X[:9])
    assert np.array_equal(picks, sampler.query(model, dense, 5, X=X[:9]))
    utilities = [EntropySampler().query(model, pool, 5, return_utilities=True)[1]
                 for pool in (from_sparse, dense)]  # fmt: skip
    assert np.allclose(*utilities, atol=1e-4)  # float32: logits of 64 products, then ten logarithms


def test_labelled_samples_may_be_dask_arrays(digits, classifier):
    X, y = digits
    sampler, pool = DiscriminativeSampler(GaussianNB(), random_state=0), blocks_of(X[150:])
    expected = sampler.query(classifier, pool, 5, X=X[:150], y=y[:150])
    labelled = {"X": da.from_array(X[:150]), "y": da.from_array(y[:150])}
    assert np.array_equal(sampler.query(classifier, pool, 5, **labelled), expected)


def test_learners_and_committees_of_modal(digits):
    X, y = digits
    members = [
        ActiveLearner(RandomForestClassifier(5, random_state=seed), X_training=X[:50],
                      y_training=y[:50]) for seed in (0, 1)
    ]  # fmt: skip
    pool = blocks_of(X[50:], (70, 80))
    learner = ActiveLearner(members[0].estimator, EntropySampler(random_state=0), X[:50], y[:50])
    for asked, sampler in ((learner, CoreSetSampler()), (Committee(members), BALDSampler())):
        assert len(set(sampler.query(asked, pool, 6).tolist())) == 6
    with pytest.raises(TypeError, match="datatype is not supported"):  # modAL's own, for the rows
        learner.query(pool, n_instances=3)


# Bad pools


def never(block):
    raise AssertionError("work was submitted")


def test_bad_pools_are_errors_before_any_work(digits, classifier):
    known = blocks_of(digits[0], (100, 100))
    untouched = known.map_blocks(never, dtype=float, meta=np.empty((0, 64)))
    frame = pd.DataFrame(digits[0][:, :5])
    unknown = known[known[:, 3] > 0.5].map_blocks(never, dtype=float)
    cases = [
        (untouched, 201, "n_instances == 201, must be <= 200, the size of the pool"),
        (untouched, 0, "n_instances == 0, must be >= 1"),
        (untouched[:, :63], 1, "X_pool has 63 features, must have 64"),
        (untouched[:0], 1, "X_pool has 0 rows"),
        (unknown, 1, r"unknown size.* X_pool.compute_chunk_sizes\(\)"),
        (from_sequence([1]), 1, "is a dask Bag, must be a dask array or data frame"),
        (dd.from_pandas(frame, 2), 1, "X_pool has 5 features, must have 64"),
        (dd.from_pandas(frame[:0], 1), 1, "X_pool has 0 rows"),
    ]  # fmt: skip
    for pool, k, message in cases:
        with pytest.raises(ValueError, match=message):
            EntropySampler().query(classifier, pool, k)
    with pytest.raises(ValueError, match="random_state == 'x'"):
        EntropySampler(random_state="x").query(classifier, untouched)
    with pytest.raises(ValueError, match="max_dual == -1"):
        ALLYSampler(max_dual=-1).query(classifier, untouched)
    with pytest.raises(ValueError, match="LogisticRegression has no dual_variables_"):
        ALLYSampler().query(LogisticRegression(max_iter=1000).fit(*digits), untouched)


def test_a_block_of_another_length_than_it_says_is_an_error():
    parts = [dask.delayed(np.ones)((length, 2)) for length in (5, 6)]
    pool = da.concatenate([da.from_delayed(part, (5, 2), dtype=float) for part in parts])
    with pytest.raises(ValueError, match="X_pool has a block of 6 rows, must be of 5"):
        CoreSetSampler().query(None, pool, 2)


class ForkedSampler(BaseSampler):
    """As if it were good at small pools only."""

    def utility(self, pool, rng):
        if len(pool) > 90:
            raise ValueError(f"{len(pool)} rows are too many for me.")
        return np.zeros(len(pool))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_what_a_sampler_says_of_a_block_reaches_the_user(scheduler, digits):
    pool = blocks_of(digits[0], (80, 120))
    with dask.config.set(scheduler=scheduler):
        with pytest.raises(ValueError, match="120 rows are too many for me"):
            ForkedSampler().query(None, pool, 3)


# What is embedded, and where


class RecordingSampler(BaseSampler):
    """Sizes of all the pools that it is shown."""

    seen = []

    def select(self, pool, utility, k, rng):
        self.seen.append((len(pool), k))
        return top_k(utility, k, rng)


def test_only_shortlists_are_seen_together():
    with dask.config.set(scheduler="synchronous"):
        RecordingSampler().query(None, blocks_of(np.zeros((50, 1))), 4)
    assert sorted(RecordingSampler.seen) == [(10, 4), (15, 4), (17, 4), (20, 4)]
    assert RecordingSampler.seen[-1] == (15, 4)  # 4 + 3 + 0 + 4 + 4


# Schedulers


def draw(sampler, classifier, digits, X_pool=None):
    """Picks from six blocks, with utilities."""
    pool = blocks_of(digits[0][50:] if X_pool is None else X_pool, (30, 20, 40, 10, 26, 24))
    labelled = {"X": digits[0][:50], "y": digits[1][:50]}
    return sampler.query(classifier, pool, 6, return_utilities=True, **labelled)


@pytest.fixture(scope="module")
def expected(classifier, digits):
    """What the drawing samplers give, one block after another, and whether rounding can turn it."""
    with dask.config.set(scheduler="synchronous"):
        answers = [draw(sampler, classifier, digits) for sampler in DRAWING]
        settled = [
            is_settled(lambda X, s=sampler: draw(s, classifier, digits, X)[0], digits[0][50:])
            for sampler in DRAWING
        ]
    assert sum(settled) >= 3
    return list(zip(answers, settled, strict=True))


def check_same(answers, expected):
    """Threads and processes may sum in another order: utilities are the same to float32."""
    for (picks, utility), ((same, close), is_same) in zip(answers, expected, strict=True):
        assert np.allclose(utility, close, rtol=1e-4, atol=1e-4 * np.ptp(close))
        assert np.array_equal(picks, same) or not is_same


def test_threads_pick_the_same(classifier, digits, expected):
    for _ in range(3):
        with dask.config.set(scheduler="threads", num_workers=4):
            check_same([draw(sampler, classifier, digits) for sampler in DRAWING], expected)


def test_a_cluster_picks_the_same(classifier, digits, expected, client):
    check_same([draw(sampler, classifier, digits) for sampler in DRAWING], expected)


class Stamp:
    """Part of an estimator that knows how often it was packed to travel."""

    n_packed = 0

    def __reduce__(self):
        Stamp.n_packed += 1
        return int, ()


def test_the_estimator_leaves_once_whatever_the_blocks(digits, client):
    model = LogisticRegression(max_iter=1000).fit(*digits)
    model.stamp_, n_packed = Stamp(), []
    for lengths in ((100, 100), (10,) * 20):
        Stamp.n_packed = 0
        EntropySampler().query(model, blocks_of(digits[0], lengths), 3)
        n_packed.append(Stamp.n_packed)
    assert n_packed[0] == n_packed[1] == 1


def test_heavy_estimators_travel_without_a_warning(digits, client):
    model = LogisticRegression(max_iter=1000).fit(*digits)
    model.ballast_ = np.random.RandomState(0).bytes(11_000_000)
    assert len(EntropySampler().query(model, blocks_of(digits[0], (100, 100)), 3)) == 3


def die_once(block, flag):
    """The block; the first process that wants it dies instead."""
    if not os.path.exists(flag):
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def test_a_worker_killed_in_mid_query_changes_no_pick(digits, classifier, client, tmp_path):
    X_pool, flag = digits[0][50:], tmp_path / "died"
    pool = blocks_of(X_pool, (30, 50, 40, 30))
    sampler = BADGESampler(random_state=0)
    mortal = pool.map_blocks(packed_by_value(die_once), flag=str(flag), meta=X_pool[:0])
    picks = sampler.query(classifier, mortal, 6)
    assert flag.exists()
    assert np.array_equal(picks, sampler.query(classifier, pool, 6))


def wait_for_the_end(block, flag):
    """Say that the work has begun, and work until the worker is killed."""
    open(flag, "w").close()
    while True:
        time.sleep(0.1)


def test_a_cluster_that_goes_away_is_an_error(tmp_path):
    flag = tmp_path / "began"
    slow = blocks_of(np.zeros((20, 2)), (10, 10)).map_blocks(
        packed_by_value(wait_for_the_end), flag=str(flag), meta=np.zeros((0, 2))
    )
    with distributed.LocalCluster(1, threads_per_worker=1, dashboard_address=":0") as cluster:
        with distributed.Client(cluster, set_as_default=False) as client, client.as_current():
            end = threading.Thread(target=close_once, args=(cluster, flag))
            end.start()
            with pytest.raises(RuntimeError, match="The cluster went away"):
                RandomSampler().query(None, slow, 3)
            end.join()


def close_once(cluster, flag):
    """Close a cluster as soon as its work has begun."""
    while not flag.exists():
        time.sleep(0.05)
    cluster.close()


def packed_by_value(function):
    """The same function for workers that cannot import this file."""
    return type(function)(function.__code__, {"os": os, "signal": signal, "time": time})
