"""Samplers as query strategies of scikit-activeml."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from one_net import one_classifier
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import (
    ALLYSampler,
    CoreSetSampler,
    DualRegressor,
    EntropySampler,
    GreedyInputSampler,
    ImprovedGreedySampler,
    KMeansSampler,
    LearningLossSampler,
    MarginSampler,
    ProbCoverSampler,
    RandomSampler,
    TypiClustSampler,
)

pytest.importorskip("skactiveml")

from skactiveml.base import SingleAnnotatorPoolQueryStrategy  # noqa: E402
from skactiveml.classifier import ParzenWindowClassifier, SklearnClassifier  # noqa: E402
from skactiveml.pool import (  # noqa: E402
    ParallelUtilityEstimationWrapper,
    SubSamplingWrapper,
    UncertaintySampling,
)
from skactiveml.pool.multiannotator import SingleAnnotatorWrapper  # noqa: E402

from skally.activeml import SkallyStrategy  # noqa: E402

X, CLASSES = load_iris(return_X_y=True)
ORDER = np.random.RandomState(0).permutation(len(X))
X, CLASSES = X[ORDER], CLASSES[ORDER]
KNOWN = np.arange(len(X)) % 5 == 0  # 30 rows, not the first ones
POOL = np.flatnonzero(~KNOWN)
Y = np.where(KNOWN, CLASSES, np.nan)
NET = one_classifier(
    module__hidden_layer_sizes=(6,), module__dropout=0.1, max_epochs=5, random_state=0
)
ALLY = ALLYSampler(regressor=DualRegressor(max_epochs=3), random_state=0)
FOREST = RandomForestClassifier(5, random_state=0)


def test_it_is_a_strategy_of_scikit_activeml():
    assert isinstance(SkallyStrategy(RandomSampler()), SingleAnnotatorPoolQueryStrategy)


@pytest.mark.parametrize("k", [1, 7])
@pytest.mark.parametrize("model", [NET, make_pipeline(StandardScaler(), NET)])
def test_picks_and_utilities_are_those_of_the_sampler(sampler, model, k):
    fitted = clone(model).fit(X[KNOWN], CLASSES[KNOWN])
    try:
        picks, utility = sampler.query(
            fitted, X[POOL], k, X=X[KNOWN], y=CLASSES[KNOWN], return_utilities=True
        )
    except ValueError as error:
        pytest.skip(str(error))
    strategy = SkallyStrategy(sampler)
    indices, utilities = strategy.query(X, Y, clf=model, batch_size=k, return_utilities=True)
    assert np.array_equal(indices, POOL[picks]) and utilities.shape == (k, 150)
    assert np.allclose(utilities[0, POOL], utility) and np.isnan(utilities[:, KNOWN]).all()
    for i in range(k):
        assert np.isnan(utilities[i]).sum() == 30 + i and np.isnan(utilities[i, indices[:i]]).all()
    assert np.array_equal(strategy.query(X, Y, clf=model, batch_size=k), indices)


def test_regressors_go_as_reg():
    y = np.where(KNOWN, X[:, 0], np.nan)
    model = LinearRegression().fit(X[KNOWN, 1:], X[KNOWN, 0])
    sampler = ImprovedGreedySampler()
    expected = sampler.query(model, X[POOL, 1:], 4, X=X[KNOWN, 1:], y=X[KNOWN, 0])
    for kwargs in ({"reg": LinearRegression()}, {"reg": model, "fit_reg": False}):
        picks = SkallyStrategy(sampler).query(X[:, 1:], y, batch_size=4, **kwargs)
        assert np.array_equal(picks, POOL[expected])


def test_a_net_in_a_wrapper_of_scikit_activeml_is_found_with_its_duals():
    for model in (NET, make_pipeline(StandardScaler(), NET)):
        picks = SkallyStrategy(ALLY).query(X, Y, clf=model, batch_size=5)
        wrapped = SklearnClassifier(model, classes=[0, 1, 2])
        assert np.array_equal(SkallyStrategy(ALLY).query(X, Y, clf=wrapped, batch_size=5), picks)
        wrapped = SklearnClassifier(clone(model).fit(X[KNOWN], CLASSES[KNOWN]))
        given = SkallyStrategy(ALLY).query(X, Y, clf=wrapped, fit_clf=False, batch_size=5)
        assert np.array_equal(given, picks)


def test_margins_of_a_parzen_window_are_those_of_scikit_activeml():
    model = ParzenWindowClassifier(classes=[0, 1, 2])
    _, ours = SkallyStrategy(MarginSampler()).query(X, Y, clf=model, return_utilities=True)
    theirs = UncertaintySampling("margin_sampling", random_state=0)
    _, expected = theirs.query(X, Y, clf=model, return_utilities=True)
    assert np.allclose(ours, expected, equal_nan=True)  # NaN outside of the candidates in both


def test_candidates_are_positions_or_samples():
    strategy = SkallyStrategy(CoreSetSampler())
    some = POOL[10:40]
    picks, utilities = strategy.query(X, Y, candidates=some, batch_size=3, return_utilities=True)
    assert np.isin(picks, some).all() and utilities.shape == (3, 150)
    assert np.array_equal(np.flatnonzero(~np.isnan(utilities[0])), some)
    rows, of_rows = strategy.query(X, Y, candidates=X[some], batch_size=3, return_utilities=True)
    assert np.array_equal(some[rows], picks) and of_rows.shape == (3, 30)
    assert np.allclose(of_rows, utilities[:, some], equal_nan=True)
    labelled = strategy.query(X, Y, candidates=np.flatnonzero(KNOWN), batch_size=2)
    assert KNOWN[labelled].all()


def test_a_batch_larger_than_the_pool_is_all_of_it_with_a_warning():
    strategy = SkallyStrategy(RandomSampler())
    for candidates in (POOL[:3], X[POOL[:3]]):
        with pytest.warns(UserWarning, match="batch_size=9"):
            assert len(strategy.query(X, Y, candidates=candidates, batch_size=9)) == 3


@pytest.mark.parametrize(
    "unlabeled",
    [CoreSetSampler(), GreedyInputSampler(), KMeansSampler(), ProbCoverSampler(), RandomSampler(),
     TypiClustSampler()],
)  # fmt: skip
def test_samplers_that_need_no_labels_start_without_any(unlabeled):
    nothing = np.full(150, np.nan)
    sampler = clone(unlabeled).set_params(random_state=0)
    picks = SkallyStrategy(sampler).query(X, nothing, batch_size=4)
    assert np.array_equal(picks, sampler.query(None, X, 4))
    # An estimator that cannot be fitted yet makes no difference.
    assert np.array_equal(
        SkallyStrategy(sampler).query(X, nothing, clf=FOREST, batch_size=4), picks
    )


@pytest.mark.filterwarnings("ignore:The 'base_estimator':UserWarning", "ignore:Since the 'base")
def test_one_of_scikit_activeml_that_could_not_be_fitted_gives_what_it_predicts():
    model = SklearnClassifier(FOREST, classes=[0, 1, 2])
    nothing = np.full(150, np.nan)
    _, utilities = SkallyStrategy(EntropySampler()).query(
        X, nothing, clf=model, return_utilities=True
    )
    assert np.allclose(utilities, np.log(3))
    picks = SkallyStrategy(CoreSetSampler()).query(X, nothing, clf=model, batch_size=4)
    assert np.array_equal(picks, CoreSetSampler().query(None, X, 4))


@pytest.mark.parametrize(
    "labeled", [EntropySampler(), ALLY, LearningLossSampler(max_epochs=2)], ids=repr
)
def test_samplers_that_need_labels_say_so_where_there_are_none(labeled):
    for kwargs in ({}, {"clf": FOREST}):
        with pytest.raises((ValueError, NotFittedError), match="not fitted|None|needed here"):
            SkallyStrategy(labeled).query(X, np.full(150, np.nan), **kwargs)


@pytest.mark.parametrize(
    "missing, dtype, names",
    [
        (np.nan, float, [0.0, 1.0, 2.0]),
        (-1, int, [0, 1, 2]),
        (None, object, [0, 1, 2]),
        (None, object, ["a", "b", "c"]),
        ("nan", "U3", ["a", "b", "c"]),
        ("", "U1", ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("in_wrapper", [False, True])
def test_a_missing_label_may_be_of_any_kind(missing, dtype, names, in_wrapper):
    y = np.full(150, missing, dtype=dtype)
    y[KNOWN] = np.array(names, dtype=dtype)[CLASSES[KNOWN]]
    expected = SkallyStrategy(EntropySampler(random_state=0)).query(X, Y, clf=FOREST, batch_size=6)
    model = FOREST
    if in_wrapper:
        model = SklearnClassifier(FOREST, classes=names, missing_label=missing)
    strategy = SkallyStrategy(EntropySampler(random_state=0), missing_label=missing)
    assert np.array_equal(strategy.query(X, y, clf=model, batch_size=6), expected)


def test_the_random_state_is_that_of_scikit_activeml():
    def picks(random_state, y=Y, sampler_state=None):
        strategy = SkallyStrategy(
            RandomSampler(random_state=sampler_state), random_state=random_state
        )
        return strategy.query(X, y, batch_size=9).tolist()

    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert picks(1) == picks(1) == picks(1, sampler_state=5) != picks(2)
    rng = np.random.RandomState(3)
    assert picks(rng) == picks(rng) == picks(np.random.RandomState(3))
    fewer = Y.copy()
    fewer[POOL[0]] = 1  # a label more, and other draws: as many as were drawn among the rest
    shifted = SkallyStrategy(RandomSampler(), random_state=1).query(
        X, fewer, candidates=POOL, batch_size=9
    )
    assert shifted.tolist() != picks(1)
    # Without one the sampler's own counts.
    assert picks(None, sampler_state=5) == picks(None, sampler_state=5) != picks(None)
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_nothing_that_was_given_is_changed():
    model, strategy = clone(NET).fit(X[KNOWN], CLASSES[KNOWN]), SkallyStrategy(ALLY)
    given, state = (X.copy(), Y.copy()), pickle.dumps(model)
    for fit_clf in (True, False):
        strategy.query(X, Y, clf=model, fit_clf=fit_clf, batch_size=3)
    assert pickle.dumps(model) == state and strategy.sampler is ALLY
    assert np.array_equal(given[0], X) and np.array_equal(given[1], Y, equal_nan=True)


def test_clone_pickle_and_parameters(sampler):
    strategy = SkallyStrategy(sampler, missing_label=-1, random_state=3)
    again = pickle.loads(pickle.dumps(clone(strategy)))
    assert repr(again) == repr(strategy) and "SkallyStrategy" in repr(strategy)
    assert clone(strategy).set_params(sampler__random_state=7).sampler.random_state == 7
    assert sampler.random_state == 0


def test_wrappers_of_scikit_activeml_take_it():
    strategy = SkallyStrategy(EntropySampler(), random_state=0)
    expected = strategy.query(X, Y, clf=FOREST)
    some = SubSamplingWrapper(strategy, max_candidates=20, random_state=0)
    picks, utilities = some.query(X, Y, clf=FOREST, return_utilities=True)
    assert (utilities > -np.inf).sum() == 20 and picks[0] == np.nanargmax(utilities)
    parallel = ParallelUtilityEstimationWrapper(strategy, n_jobs=1, random_state=0)
    _, utilities = parallel.query(X, Y, clf=FOREST, return_utilities=True)
    assert np.nanmax(utilities) == utilities[0, expected[0]]
    several = SingleAnnotatorWrapper(strategy, random_state=0)
    pairs = several.query(X, np.column_stack([Y, Y]), clf=FOREST)
    assert pairs[0, 0] in POOL


BAD = [
    ({"clf": "forest"}, TypeError, "clf == 'forest', must be a classifier"),
    ({"clf": RandomForestClassifier}, TypeError, "must be a classifier"),
    ({"clf": LinearRegression()}, TypeError, "clf == LinearRegression.*, must be a classifier"),
    ({"reg": FOREST}, TypeError, "reg == .*, must be a regressor"),
    ({"clf": FOREST, "reg": LinearRegression()}, ValueError, "clf and reg are both given"),
    ({"clf": FOREST, "fit_clf": False}, NotFittedError, "RandomForestClassifier is not fitted"),
    ({"clf": FOREST, "fit_clf": "no"}, TypeError, "fit_clf"),
    ({"clf": FOREST, "sample_weight": np.ones(3)}, ValueError, "inconsistent numbers"),
    ({"clf": SklearnClassifier(FOREST, missing_label=-1)}, ValueError, "must be equal"),
    ({"candidates": [150]}, ValueError, "indices"),
    ({"candidates": X[:, :2]}, ValueError, "features"),
    ({"batch_size": 0}, ValueError, "batch_size"),
    ({"batch_size": 2.0}, TypeError, "batch_size"),
]


@pytest.mark.parametrize("kwargs, kind, message", BAD)
def test_bad_arguments_are_errors(kwargs, kind, message):
    with pytest.raises(kind, match=message):
        SkallyStrategy(RandomSampler()).query(X, Y, **kwargs)


def test_bad_samplers_labels_and_rows_are_errors():
    for sampler in ("random", RandomSampler, None):
        with pytest.raises(TypeError, match="must be a sampler of skally"):
            SkallyStrategy(sampler).query(X, Y)
    strategy = SkallyStrategy(RandomSampler())
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        strategy.query(X, Y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        strategy.query(np.full_like(X, np.nan), Y)
    with pytest.warns(UserWarning, match="batch_size"):
        with pytest.raises(ValueError, match="no label in y is missing"):
            strategy.query(X, CLASSES)
    with pytest.raises(TypeError, match="missing_label"):
        strategy.query(X, CLASSES.astype(str))
    with pytest.raises(ValueError, match="has no predict_proba"):
        SkallyStrategy(EntropySampler()).query(X, Y, reg=LinearRegression())


def test_it_is_imported_only_where_it_is_used():
    code = (
        "import sys, skally, skally.activeml; print('skactiveml' in sys.modules);"
        "skally.activeml.SkallyStrategy; print('skactiveml' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "True"]
