"""Query strategies of scikit-activeml as samplers."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from modAL.models import ActiveLearner, Committee
from one_net import one_classifier, one_regressor
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skally import ComposedSampler, CoreSetSampler, KMeansSampler, MarginSampler, StochasticSampler
from skally.benchmark import learning_curves

pytest.importorskip("skactiveml")

from skactiveml import pool as strategies  # noqa: E402
from skactiveml.base import SingleAnnotatorPoolQueryStrategy  # noqa: E402
from skactiveml.classifier import (  # noqa: E402
    MixtureModelClassifier,
    ParzenWindowClassifier,
    SklearnClassifier,
)
from skactiveml.regressor import SklearnRegressor  # noqa: E402

from skally.activeml import ActiveMLSampler, SkallyStrategy  # noqa: E402

ROWS = np.random.RandomState(0).permutation(150)[:90]
DATA, CLASSES = (array[ROWS] for array in load_iris(return_X_y=True))
X, X_POOL, Y = DATA[:50], DATA[50:], CLASSES[:50]
MODEL = LogisticRegression().fit(X, Y)
FOREST = RandomForestClassifier(5, random_state=0).fit(X, Y)
TWO = LogisticRegression().fit(X, Y > 0)
RIDGE = BayesianRidge().fit(X[:, 1:], X[:, 0])
TREE = DecisionTreeRegressor(min_samples_leaf=5, random_state=0).fit(X[:, 1:], X[:, 0])
PARZEN = ParzenWindowClassifier(classes=[0, 1, 2])


def strategy(name, **params):
    return getattr(strategies, name)(**params)


UNCERTAIN = strategy("UncertaintySampling", method="entropy")
MARGIN = strategy("UncertaintySampling", method="margin_sampling")
SEEDED = {"random_state": 0}  # without which the clusters come from NumPy's global generator
# Class, what constructs it, the estimator of the query, and arguments of its own query.
STRATEGIES = [
    ("Badge", {}, MODEL, {}),
    ("BatchBALD", {}, FOREST, {}),
    ("Clue", {"cluster_algo_dict": SEEDED}, MODEL, {}),
    ("ContrastiveAL", {}, MODEL, {}),
    ("CoreSet", {}, MODEL, {}),
    ("CostEmbeddingAL", {"classes": [0, 1, 2]}, MODEL, {}),
    ("DiscriminativeAL", {}, MODEL, {"discriminator": ParzenWindowClassifier(classes=[0, 1])}),
    ("DropQuery", {"cluster_algo_dict": SEEDED}, MODEL, {}),
    ("EpistemicUncertaintySampling", {}, TWO, {}),
    ("ExpectedModelChangeMaximization", {}, RIDGE, {}),
    ("ExpectedModelOutputChange", {}, RIDGE, {}),
    ("ExpectedModelVarianceReduction", {}, RIDGE, {}),
    ("Falcun", {}, MODEL, {}),
    ("FourDs", {}, MODEL, {"clf": MixtureModelClassifier(classes=[0, 1, 2], random_state=0)}),
    ("GreedyBALD", {}, FOREST, {}),
    ("GreedySamplingTarget", {}, RIDGE, {}),
    ("GreedySamplingX", {}, RIDGE, {}),
    ("KLDivergenceMaximization", {}, RIDGE, {}),
    ("MaxHerding", {}, MODEL, {}),
    ("MonteCarloEER", {}, MODEL, {"fit_clf": True}),
    ("ParallelUtilityEstimationWrapper", {"query_strategy": UNCERTAIN, "n_jobs": 1}, MODEL, {}),
    ("ProbCover", {}, MODEL, {}),
    ("ProbabilisticAL", {}, MODEL, {"clf": PARZEN}),
    ("QueryByCommittee", {}, FOREST, {}),
    ("Quire", {"classes": [0, 1, 2]}, MODEL, {}),
    ("RandomSampling", {}, MODEL, {}),
    ("RegressionTreeBasedAL", {}, TREE, {}),
    ("SubSamplingWrapper", {"query_strategy": UNCERTAIN, "max_candidates": 10}, MODEL, {}),
    ("TypiClust", {}, MODEL, {}),
    ("UncertaintySampling", {}, MODEL, {}),
    ("ValueOfInformationEER", {}, MODEL, {"fit_clf": True}),
]  # fmt: skip


def query(sampler, estimator, k=1, **kwargs):
    """Query of classes, or of the first column if the estimator is a regressor."""
    if estimator in (RIDGE, TREE):
        return sampler.query(estimator, X_POOL[:, 1:], k, X=X[:, 1:], y=X[:, 0], **kwargs)
    y = Y > 0 if estimator is TWO else Y
    return sampler.query(estimator, X_POOL, k, X=X, y=y, **kwargs)


def test_no_strategy_is_left_out():
    classes = [getattr(strategies, name) for name in strategies.__all__]
    found = {
        cls.__name__
        for cls in filter(inspect.isclass, classes)
        if issubclass(cls, SingleAnnotatorPoolQueryStrategy)
    }
    assert found - {"ExpectedErrorReduction"} == {name for name, *_ in STRATEGIES}  # a base class


@pytest.mark.filterwarnings("ignore")  # of what their own code does
@pytest.mark.parametrize("name, params, estimator, given", STRATEGIES, ids=lambda x: str(x)[:20])
def test_every_strategy_is_a_sampler(name, params, estimator, given):
    sampler = ActiveMLSampler(strategy(name, **params), given, random_state=0)
    k = 1 if name == "ParallelUtilityEstimationWrapper" else 3  # which takes no other
    picks, utility = query(sampler, estimator, k, return_utilities=True)
    assert len(set(picks.tolist())) == k and 0 <= picks.min() and picks.max() < 40
    assert utility.shape == (40,) and (utility[picks[:1]] > -np.inf).all()
    again, same = query(clone(sampler), estimator, k, return_utilities=True)
    assert np.array_equal(picks, again) and np.array_equal(utility, same)


@pytest.mark.parametrize("method", ["entropy", "least_confident", "margin_sampling"])
def test_picks_and_utilities_are_those_of_the_strategy(method):
    asked = strategy("UncertaintySampling", method=method, random_state=0)
    y = np.r_[Y, np.full(40, np.nan)]
    wrapped = SklearnClassifier(LogisticRegression(), classes=[0, 1, 2]).fit(DATA, y)
    expected, values = asked.query(
        DATA, y, wrapped, fit_clf=False, batch_size=4, return_utilities=True
    )
    sampler = ActiveMLSampler(strategy("UncertaintySampling", method=method), random_state=0)
    picks, utility = query(sampler, MODEL, 4, return_utilities=True)
    assert np.array_equal(picks + 50, expected) and np.allclose(utility, values[0, 50:])


def test_picks_of_a_regressor_are_those_of_the_strategy():
    asked = strategy("GreedySamplingTarget", random_state=0)
    y = np.r_[X[:, 0], np.full(40, np.nan)]
    wrapped = SklearnRegressor(LinearRegression()).fit(DATA[:, 1:], y)
    expected = asked.query(DATA[:, 1:], y, wrapped, fit_reg=False, batch_size=4)
    sampler = ActiveMLSampler(strategy("GreedySamplingTarget"))
    model = LinearRegression().fit(X[:, 1:], X[:, 0])
    picks = sampler.query(model, X_POOL[:, 1:], 4, X=X[:, 1:], y=X[:, 0])
    assert np.array_equal(picks + 50, expected)


def test_the_estimator_is_asked_as_it_is_fitted():
    model = LogisticRegression().fit(X, Y)
    model.coef_ = -model.coef_  # as no fit would have it
    picks = query(ActiveMLSampler(UNCERTAIN), model)
    proba = model.predict_proba(X_POOL)
    assert picks[0] == np.argmax(-(proba * np.log(proba)).sum(axis=1))


def test_one_that_asks_no_estimator_sees_the_embedding_of_a_net():
    net = one_classifier(module__hidden_layer_sizes=(6,), max_epochs=5, random_state=0)
    model = make_pipeline(StandardScaler(), net).fit(X, Y)
    sampler = ActiveMLSampler(strategy("CoreSet"))
    expected = CoreSetSampler().query(model, X_POOL, 5, X=X)
    assert np.array_equal(query(sampler, model, 5), expected)


def test_one_that_asks_no_estimator_starts_without_labels():
    sampler = ActiveMLSampler(strategy("TypiClust"), random_state=0)
    for model in (
        None,
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ):
        assert np.array_equal(sampler.query(model, X_POOL, 3), sampler.query(None, X_POOL, 3))


def test_pipelines_frames_and_words_for_classes_make_no_difference():
    sampler = ActiveMLSampler(MARGIN, random_state=0)
    words = np.array(["setosa", "versicolor", "virginica"])[Y]
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = make_pipeline(StandardScaler(), LogisticRegression())
    expected = MarginSampler().query(clone(model).fit(X, Y), X_POOL, 5)
    model.fit(frame, words)
    pool = pd.DataFrame(X_POOL, columns=list("abcd"))
    assert np.array_equal(sampler.query(model, pool, 5, X=frame, y=words), expected)
    refit = ActiveMLSampler(MARGIN, {"fit_clf": True}, random_state=0)
    assert np.array_equal(refit.query(model, pool, 5, X=frame, y=words), expected)


def test_targets_are_scaled_as_the_estimator_sees_them():
    model = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
    plain = LinearRegression().fit(X[:, 1:], X[:, 0])
    sampler = ActiveMLSampler(strategy("GreedySamplingTarget", method="GSy"))
    y = 1000 * X[:, 0]
    picks = sampler.query(model.fit(X[:, 1:], y), X_POOL[:, 1:], 4, X=X[:, 1:], y=y)
    expected = sampler.query(plain, X_POOL[:, 1:], 4, X=X[:, 1:], y=X[:, 0])
    assert np.array_equal(picks, expected)


def test_an_estimator_of_scikit_activeml_goes_as_it_is():
    model = clone(PARZEN).fit(X, Y)
    asked = strategy("ProbabilisticAL", random_state=0)
    expected = asked.query(DATA, np.r_[Y, np.full(40, np.nan)], clf=model, fit_clf=False)
    picks = query(ActiveMLSampler(strategy("ProbabilisticAL")), model)
    assert np.array_equal(picks + 50, expected)


def test_an_estimator_of_scikit_activeml_decides_what_is_missing():
    names = np.array(["a", "b", "c"])
    sampler = ActiveMLSampler(strategy("ProbabilisticAL"), random_state=0)
    expected = query(sampler, clone(PARZEN).fit(X, Y), 4)
    for missing, y in ((-1, Y), ("nan", names[Y]), (None, names[Y]), (None, Y)):
        model = ParzenWindowClassifier(classes=np.unique(y).tolist(), missing_label=missing)
        assert np.array_equal(sampler.query(model.fit(X, y), X_POOL, 4, X=X, y=y), expected)


def test_nets_give_what_strategies_for_regression_ask():
    net = one_regressor(module__hidden_layer_sizes=(6,), max_epochs=5, random_state=0)
    net.fit(X[:, 1:], X[:, 0])
    sampler = ActiveMLSampler(strategy("GreedySamplingTarget", method="GSi"))
    assert sampler.query(net, X_POOL[:, 1:], 3, X=X[:, 1:], y=X[:, 0]).shape == (3,)


def test_learners_of_modal_ask_and_teach():
    learner = ActiveLearner(LogisticRegression(), ActiveMLSampler(MARGIN), X, Y)
    indices, _ = learner.query(X_POOL, n_instances=3)
    assert np.array_equal(indices, MarginSampler().query(learner, X_POOL, 3))
    learner.teach(X_POOL[indices], CLASSES[50:][indices])
    assert len(learner.X_training) == 53


def test_samplers_that_wrap_others_take_it():
    sampler = ActiveMLSampler(UNCERTAIN, random_state=0)
    composed = ComposedSampler(sampler, KMeansSampler(), random_state=0)
    _, utility = query(composed, MODEL, 5, return_utilities=True)
    assert np.allclose(utility, query(sampler, MODEL, return_utilities=True)[1])
    some = ActiveMLSampler(strategy("SubSamplingWrapper", query_strategy=UNCERTAIN))
    picks, utility = query(
        StochasticSampler(some, kind="softmax", random_state=0), MODEL, 3, return_utilities=True
    )
    assert np.isfinite(utility).sum() == 4 and np.isfinite(utility[picks]).all()  # a tenth of 40


def test_learning_curves_compare_both_kinds():
    samplers = {"ours": MarginSampler(), "theirs": ActiveMLSampler(MARGIN)}
    curves = learning_curves(
        LogisticRegression(max_iter=500), samplers, DATA, CLASSES, n_initial=10, n_instances=5,
        n_rounds=3, random_states=[0], cache=None,
    )  # fmt: skip
    (data_set,) = curves.data_sets
    (_, ours), (_, theirs) = (curves.scores(data_set, sampler) for sampler in samplers)
    assert ours.shape == (1, 4) and np.allclose(ours, theirs)


def test_a_sampler_comes_back_from_its_own_strategy():
    there_and_back = ActiveMLSampler(SkallyStrategy(MarginSampler()))
    assert np.array_equal(query(there_and_back, MODEL, 6), query(MarginSampler(), MODEL, 6))


def test_clone_pickle_and_parameters():
    sampler = ActiveMLSampler(strategy("RandomSampling"), random_state=0)
    again = pickle.loads(pickle.dumps(clone(sampler)))
    assert repr(again) == repr(sampler)
    assert np.array_equal(query(again, MODEL, 9), query(sampler, MODEL, 9))
    other = clone(sampler).set_params(random_state=1, query_strategy__random_state=5)
    assert other.query_strategy.random_state == 5 and sampler.query_strategy.random_state is None
    assert not np.array_equal(query(other, MODEL, 9), query(sampler, MODEL, 9))


def test_nothing_that_was_given_is_changed():
    state, model = np.random.get_state()[1].copy(), pickle.dumps(FOREST)  # noqa: NPY002
    sampler = ActiveMLSampler(strategy("QueryByCommittee"), random_state=0)
    params = repr(sampler.get_params())
    query(sampler, FOREST, 3)
    assert pickle.dumps(FOREST) == model and repr(sampler.get_params()) == params
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_what_it_cannot_ask_is_an_error():
    sampler = ActiveMLSampler(MARGIN)
    for other in ("entropy", MarginSampler(), type(MARGIN)):
        with pytest.raises((ValueError, TypeError), match="query_strategy|clone"):
            query(ActiveMLSampler(other), MODEL)
    for model in (None, LogisticRegression()):
        with pytest.raises((ValueError, NotFittedError), match="must be a fitted one|not fitted"):
            query(sampler, model)
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        sampler.query(MODEL, X_POOL)
    with pytest.raises(ValueError, match="y == None, must be the labels"):
        sampler.query(MODEL, X_POOL, X=X)
    with pytest.raises(ValueError, match="y has 3 labels, must have 50"):
        sampler.query(MODEL, X_POOL, X=X, y=Y[:3])
    with pytest.raises(ValueError, match=r"y has shape \(50, 2\), must be \(n,\)"):
        two = LinearRegression().fit(X, X[:, :2])
        ActiveMLSampler(strategy("GreedySamplingTarget")).query(two, X_POOL, X=X, y=X[:, :2])
    with pytest.raises(ValueError, match="is a committee, must be one estimator"):
        learners = [ActiveLearner(LogisticRegression(), X_training=X, y_training=Y)] * 2
        sampler.query(Committee(learners), X_POOL)
    with pytest.raises(TypeError, match="SkactivemlClassifier"):
        query(sampler, RIDGE)
