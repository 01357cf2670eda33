import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from modAL.uncertainty import entropy_sampling
from scipy.stats import entropy
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ALLYSampler, ConstrainedNetClassifier, EntropySampler, RandomSampler
from skally.benchmark import LearningCurves, correct_labels, learning_curves
from skally.benchmark.store import Store
from skally.stopping import Budget, ScoreChange

X, y = load_iris(return_X_y=True)
SAMPLERS = {"random": RandomSampler(), "entropy": EntropySampler()}
SMALL = {"n_initial": 12, "n_instances": 5, "n_rounds": 3, "random_states": [3, 4]}


def curves_of(estimator=None, samplers=SAMPLERS, X=X, y=y, **kwargs):
    estimator = GaussianNB(var_smoothing=1e-3) if estimator is None else estimator
    return learning_curves(estimator, samplers, X, y, **(SMALL | kwargs))


def assert_same(one, other):
    """Equal in everything but the seconds.

    Exact, since the two runs do the same arithmetic: each round fits the same rows in the same
    order from the same seed. Neither a resumed run nor another process changes shapes or order.
    """
    columns = ["data_set", "sampler", "seed", "round", "n_labeled", "score"]
    assert one.frame[columns].equals(other.frame[columns])
    for a, b in zip(one.frame["indices"], other.frame["indices"], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def curves():
    return curves_of()


def test_frame_has_a_row_for_each_round_of_each_curve(curves):
    frame = curves.frame
    assert len(frame) == 2 * 2 * 4
    for (_, _), rows in frame.groupby(["sampler", "seed"]):
        assert rows["round"].tolist() == [0, 1, 2, 3]
        assert rows["n_labeled"].tolist() == [12, 17, 22, 27]
        assert rows["indices"].map(len).tolist() == [12, 5, 5, 5]


def test_score_is_that_of_the_estimator_fitted_on_the_labelled_rows(curves):
    for (_, seed), rows in curves.frame.groupby(["sampler", "seed"]):
        _, test = next(ShuffleSplit(1, test_size=0.25, random_state=seed).split(X))
        labelled = np.concatenate(rows["indices"].tolist())
        estimator = GaussianNB(var_smoothing=1e-3).fit(X[labelled], y[labelled])
        assert rows["score"].iloc[-1] == estimator.score(X[test], y[test])


def test_nothing_is_labelled_twice_and_no_test_row_is_labelled(curves):
    for (_, seed), rows in curves.frame.groupby(["sampler", "seed"]):
        _, test = next(ShuffleSplit(1, test_size=0.25, random_state=seed).split(X))
        labelled = np.concatenate(rows["indices"].tolist())
        assert len(np.unique(labelled)) == 27
        assert not set(labelled) & set(test)


def assert_first_query_has_the_largest_entropies(curves, sampler, seed):
    """By their values and not by position, since rounding and equal rows can exchange picks."""
    rows = curves.frame.query("sampler == @sampler and seed == @seed")
    train, _ = next(ShuffleSplit(1, test_size=0.25, random_state=seed).split(X))
    initial, picks = rows["indices"].iloc[0], rows["indices"].iloc[1]
    estimator = GaussianNB(var_smoothing=1e-3).fit(X[initial], y[initial])
    values = entropy(estimator.predict_proba(X), axis=1)
    largest = np.sort(values[np.setdiff1d(train, initial)])[-5:]
    assert not set(picks) & set(initial)
    # float64, log-likelihoods up to 1e3: probabilities are rounded by about 1e-13
    np.testing.assert_allclose(np.sort(values[picks]), largest, atol=1e-9)


@pytest.mark.parametrize("seed", [3, 4])
def test_picks_are_those_of_a_query_of_the_rows_that_are_left(curves, seed):
    assert_first_query_has_the_largest_entropies(curves, "entropy", seed)


def test_samplers_are_paired_by_seed():
    net = MLPClassifier(hidden_layer_sizes=(5,), max_iter=3, solver="adam")
    with pytest.warns(ConvergenceWarning):
        frame = curves_of(make_pipeline(StandardScaler(), net), n_rounds=0).frame
    for _, rows in frame.groupby("seed"):
        assert rows["indices"].map(tuple).nunique() == 1  # the same initial labels
        assert rows["score"].nunique() == 1  # thus the same split and initial weights
    assert frame["indices"].map(tuple).nunique() == 2


class Dice(ClassifierMixin, BaseEstimator):
    """Its score depends on its random state alone."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return np.random.RandomState(self.random_state).rand()


def test_estimator_has_one_random_state_for_all_rounds_and_samplers_of_a_seed():
    samplers = {"one": RandomSampler(), "other": RandomSampler()}
    frame = curves_of(make_pipeline(StandardScaler(), Dice()), samplers).frame
    assert frame.groupby("seed")["score"].nunique().tolist() == [1, 1]
    assert frame["score"].nunique() == 2


def test_sampler_has_another_random_state_in_each_round():
    class Notes(RandomSampler):
        seen = []

        def select(self, pool, utility, k, rng):
            self.seen.append(self.random_state)
            return super().select(pool, utility, k, rng)

    curves_of(samplers={"one": Notes(), "other": Notes()})
    assert len(Notes.seen) == 12 and len(set(Notes.seen)) == 6  # 2 seeds, 3 queries


def test_curve_does_not_depend_on_the_other_curves(curves):
    alone = curves_of(samplers={"entropy": EntropySampler()}, random_states=[4]).frame
    together = curves.frame.query("sampler == 'entropy' and seed == 4")
    assert alone["score"].tolist() == together["score"].tolist()
    assert alone["indices"].map(tuple).tolist() == together["indices"].map(tuple).tolist()


def test_several_processes_give_the_same_curves(curves):
    assert_same(curves_of(n_jobs=2), curves)


@pytest.mark.filterwarnings("ignore:No sample is held out:UserWarning")  # of 12
def test_net_and_ally_give_the_same_curves_again():
    net = make_pipeline(StandardScaler(), ConstrainedNetClassifier(max_epochs=3))
    samplers = {"ALLY": ALLYSampler()}
    assert_same(curves_of(net, samplers), curves_of(net, samplers))


def test_caller_keeps_estimator_and_samplers_as_they_were():
    net, sampler = GaussianNB(), EntropySampler()
    curves_of(net, {"entropy": sampler})
    assert not hasattr(net, "classes_") and sampler.random_state is None


def test_done_rounds_are_not_computed_again(tmp_path, curves, monkeypatch):
    path = tmp_path / "curves.sqlite"
    assert_same(curves_of(cache=path), curves)
    monkeypatch.setattr(GaussianNB, "fit", lambda *_: pytest.fail("fits again"))
    assert_same(curves_of(cache=path), curves)
    assert_same(LearningCurves.load(path), curves)


@pytest.mark.parametrize("first", [{"n_rounds": 1}, {"random_states": [4]},
                                   {"samplers": {"entropy": EntropySampler()}}])  # fmt: skip
def test_more_can_be_asked_for_later(tmp_path, curves, first):
    curves_of(cache=tmp_path / "curves", **first)
    assert_same(curves_of(cache=tmp_path / "curves"), curves)


def test_more_random_states_can_be_asked_for_where_splits_differ_in_size(tmp_path):
    groups = np.repeat(np.arange(10), [1, 2, 4, 8, 10, 15, 20, 25, 30, 35])
    kwargs = {"groups": groups, "n_initial": 3, "n_instances": 1, "n_rounds": 1}
    expected = curves_of(random_states=[1, 2, 3, 4], **kwargs)
    for seeds in ([1], [4, 3], [1, 2, 3, 4]):
        later = curves_of(cache=tmp_path / "curves", random_states=seeds, **kwargs)
    assert_same(later, expected)
    assert later.test_ratio == expected.test_ratio
    alone = [curves_of(random_states=[seed], **kwargs).test_ratio[""] for seed in (1, 2, 3, 4)]
    assert len(set(alone)) > 1 and later.test_ratio[""] == max(alone)


def test_less_can_be_asked_for_later(tmp_path, curves):
    curves_of(cache=tmp_path / "curves")
    less = curves_of(cache=tmp_path / "curves", n_rounds=1, random_states=[4])
    assert less.frame["round"].max() == 1 and set(less.frame["seed"]) == {4}


class Interrupted(Exception):
    """Raised by a test during a run."""


def test_run_is_resumed_after_an_error_in_any_round(tmp_path, curves, monkeypatch):
    fit, n_fits = GaussianNB.fit, []

    def fails_every_fifth_time(self, X, y):
        n_fits.append(1)
        if len(n_fits) % 5 == 0:
            raise Interrupted("the power went")
        return fit(self, X, y)

    monkeypatch.setattr(GaussianNB, "fit", fails_every_fifth_time)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="the power went"):
            curves_of(cache=tmp_path / "curves")
    assert_same(curves_of(cache=tmp_path / "curves"), curves)
    assert len(n_fits) == 16 + 3  # each round once, and once more where it failed


KILLED_RUN = Path(__file__).with_name("killed_run.py")


def killed_run(path, *kill_at):
    command = [sys.executable, str(KILLED_RUN), str(path), *map(str, kill_at)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("n_kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_run_killed_at_random_lines_ends_with_the_same_numbers(tmp_path, rng, n_kills):
    n_lines = int(killed_run(tmp_path / "whole").stdout)
    for _ in range(n_kills):  # at most n_lines in all, so none of the runs ends before it is killed
        kill_at = 1 + rng.randint(n_lines // n_kills)
        assert killed_run(tmp_path / "killed", kill_at).returncode == -signal.SIGKILL
    assert killed_run(tmp_path / "killed").returncode == 0
    assert_same(LearningCurves.load(tmp_path / "killed"), LearningCurves.load(tmp_path / "whole"))


def test_stopping_criterion_ends_the_curves(tmp_path, monkeypatch):
    stopped = curves_of(stopping=Budget(20), cache=tmp_path / "curves")
    assert stopped.frame.groupby(["sampler", "seed"])["n_labeled"].max().tolist() == [22] * 4
    monkeypatch.setattr(GaussianNB, "fit", lambda *_: pytest.fail("fits again"))
    assert_same(curves_of(stopping=Budget(20), cache=tmp_path / "curves"), stopped)


class Rounds(Budget):
    """Reached after a number of rounds, which it counts by the observations it is given."""

    def is_reached(self, seen):
        return len(seen) >= self.n_labels


@pytest.mark.parametrize("n_rounds", [0, 1, 2])
def test_stopping_criterion_sees_all_rounds_before_those_of_an_earlier_run_too(tmp_path, n_rounds):
    kwargs = {"stopping": Rounds(3), "cache": tmp_path / "curves"}
    curves_of(n_rounds=n_rounds, **kwargs)
    assert curves_of(**kwargs).frame["round"].max() == 2


@pytest.mark.parametrize("seed", [3, 4])
def test_strategies_of_modals_kind_are_accepted(seed):
    curves = curves_of(samplers={"modAL": entropy_sampling}, random_states=[seed])
    assert_first_query_has_the_largest_entropies(curves, "modAL", seed)


def test_test_samples_can_be_given():
    frame = curves_of(X=X[::2], y=y[::2], X_test=X[1::2].copy(), y_test=y[1::2]).frame
    rows = frame.query("sampler == 'random' and seed == 3")
    labelled = np.concatenate(rows["indices"].tolist())
    estimator = GaussianNB(var_smoothing=1e-3).fit(X[::2][labelled], y[::2][labelled])
    assert rows["score"].iloc[-1] == estimator.score(X[1::2], y[1::2])


def test_each_random_state_takes_its_fold():
    labelled = [
        set(np.concatenate(rows["indices"].tolist()))
        for _, rows in curves_of(cv=KFold(2), samplers=[RandomSampler()]).frame.groupby("seed")
    ]
    assert min(labelled[0]) >= 75 > max(labelled[1])


def test_split_without_a_random_state_has_that_of_the_curve():
    cv = ShuffleSplit(n_splits=2, test_size=0.4)
    assert_same(curves_of(cv=cv), curves_of(cv=cv))
    assert cv.random_state is None


def test_groups_are_kept_apart():
    groups = np.arange(150) % 5
    for cv in (None, GroupKFold(5)):
        for _, rows in curves_of(cv=cv, groups=groups).frame.groupby(["sampler", "seed"]):
            labelled = np.concatenate(rows["indices"].tolist())
            assert len(set(groups[labelled])) < 5


def test_data_frames_strings_and_scorers_are_accepted():
    frame, names = load_wine(return_X_y=True, as_frame=True)
    names = names.map({0: "red", 1: "white", 2: "rose"})
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    curves = curves_of(estimator, X=frame, y=names, scoring="f1_macro")
    assert curves.frame["score"].between(0.4, 1).all()
    curves = curves_of(Ridge(), [RandomSampler()], frame, frame["ash"], scoring="r2")
    assert len(curves.frame) == 8


class Oracle:
    """Returns labels, and remembers the positions that it was asked for."""

    def __init__(self, y=y):
        self.y, self.asked = y, []

    def __call__(self, positions):
        self.asked += list(positions)
        return self.y[positions]


GIVEN = {"X": X[:100], "X_test": X[100:].copy(), "y_test": y[100:]}


def test_oracle_gives_the_curves_of_an_array_and_is_asked_once_a_sample(tmp_path):
    expected = curves_of(**GIVEN, y=y[:100])
    oracle = Oracle()
    curves = curves_of(**GIVEN, y=oracle, cache=tmp_path / "curves")
    assert_same(curves, expected)
    assert len(oracle.asked) == len(set(oracle.asked))
    assert set(oracle.asked) == set(np.concatenate(curves.frame["indices"].tolist()))
    curves_of(**GIVEN, y=pytest.fail, cache=tmp_path / "curves")


def test_labels_that_an_oracle_yielded_are_stored_if_it_raises(tmp_path):
    asked = []

    def tires(positions):
        for i in positions:
            if len(asked) == 17:
                raise Interrupted("lunch")
            asked.append(i)
            yield y[i]

    with pytest.raises(Interrupted):
        curves_of(**GIVEN, y=tires, cache=tmp_path / "curves")
    oracle = Oracle()
    curves = curves_of(**GIVEN, y=oracle, cache=tmp_path / "curves")
    assert not set(oracle.asked) & set(asked)
    assert_same(curves, curves_of(**GIVEN, y=y[:100]))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda i: None, "returned None, must return 12 labels"),
        (lambda i: y[i][1:], "returned 11 labels, must be 12"),
        (lambda i: 1, "returned no labels, must be 12"),
        (lambda i: [np.nan] * len(i), "returned nan for position"),
        (lambda i: iter([1, 2]), "yielded 2 labels, must be 12. Those are stored"),
        (lambda i: iter([1] * 99), "yielded more than the 12 labels"),
    ],
)
def test_oracle_that_does_not_label_all_raises(answer, message):
    with pytest.raises(ValueError, match=message):
        curves_of(**GIVEN, y=answer, samplers=[RandomSampler()])


def test_oracle_without_test_samples_gives_picks_without_scores():
    curves = curves_of(y=Oracle())
    assert curves.frame["score"].isna().all() and len(curves.frame) == 16


class Bad(BaseEstimator):
    """A sampler that returns a fixed answer."""

    def __init__(self, answer):
        self.answer = answer

    def query(self, estimator, X_pool, n_instances, *, X, y):
        return np.array(self.answer)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([0, 1, 2, 3, 3], "of which some are the same"),
        ([0, 1, 2, 3], r"of shape \(4,\) .*must be of 5 integers"),
        ([0.0, 1.0, 2.0, 3.0, 4.5], "must be of 5 integers"),
        ([0, 1, 2, 3, 149], "from 0 to 149, must be from 0 to 99, in the pool"),
        ([-1, 1, 2, 3, 4], "from -1 to 4"),
    ],
)
def test_sampler_that_does_not_choose_different_rows_of_the_pool_raises(answer, message):
    with pytest.raises(ValueError, match=f"query failed for sampler 'bad', random .*{message}"):
        curves_of(samplers={"bad": Bad(answer)})


class Broken(ClassifierMixin, BaseEstimator):
    """An estimator whose fit raises."""

    def fit(self, X, y):
        raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"estimator": Broken()}, RuntimeError, "fit failed .* random state 3, round 0, with 12"),
        ({"scoring": lambda *_: np.nan}, ValueError, "scoring failed .*score is nan"),
        ({"scoring": lambda *_: 1 / 0}, RuntimeError, "scoring failed .*division by zero"),
        ({"n_instances": 40}, ValueError, r"== 132, must be <= 112, the number of samples"),
        ({"n_instances": 0}, ValueError, "n_instances == 0"),
        ({"n_initial": 0}, ValueError, "n_initial == 0"),
        ({"n_initial": [1, 1, 2]}, ValueError, "n_initial holds a position twice"),
        ({"n_initial": range(100)}, ValueError, "n_initial holds 27 test samples"),
        ({"n_initial": [1.5]}, ValueError, "n_initial == .*, must be an int or distinct positions"),
        ({"n_rounds": -1}, ValueError, "n_rounds == -1"),
        ({"random_states": [1, 1]}, ValueError, "must be distinct"),
        ({"random_states": []}, ValueError, "must be distinct"),
        ({"random_states": [None]}, ValueError, "random_states == None"),
        ({"samplers": {}}, ValueError, "samplers is empty"),
        ({"samplers": [RandomSampler(), RandomSampler()]}, ValueError, "two of one class"),
        ({"samplers": {"random": RandomSampler}}, ValueError, r"a class, .* RandomSampler\(\)"),
        ({"samplers": [RandomSampler]}, ValueError, r"samplers\[0\] == .* a class"),
        ({"samplers": RandomSampler()}, ValueError, "must be a dict or list of samplers"),
        ({"samplers": 5}, ValueError, "must be a dict or list of samplers"),
        ({"samplers": {1: RandomSampler(), "1": EntropySampler()}}, ValueError, "same as text"),
        ({"estimator": GaussianNB}, ValueError, r"a class, must be an object: GaussianNB\(\)"),
        ({"estimator": "net"}, ValueError, "estimator == 'net', must have fit"),
        ({"scoring": ["accuracy"]}, ValueError, "must be one name or one function"),
        ({"scoring": {"a": "accuracy"}}, ValueError, "must be one name or one function"),
        ({"scoring": lambda *_: {"a": 1}}, ValueError, "returned {'a': 1}, must be one number"),
        ({"scoring": "f1"}, ValueError, "scoring == 'f1' cannot score the test samples"),
        ({"scoring": "neg_log_loss", "cv": [(np.arange(100), np.arange(100, 150))]}, ValueError,
         r"none of the classes \[0, 1\]"),
        ({"n_jobs": 0}, ValueError, "n_jobs == 0"),
        ({"cache": 5}, ValueError, "cache == 5"),
        ({"n_initial": 1000, "n_rounds": 0}, ValueError, r"== 1000, must be <= 112"),
        ({"groups": np.arange(9)}, ValueError, "groups has 9 rows, must have 150"),
        ({"y": np.where(y == 0, np.nan, y)}, ValueError, "y holds 50 labels that are missing"),
        ({"X_test": X[:9].copy(), "y_test": y[:8]}, ValueError, "y_test has 8 rows, must have 9"),
        ({"X_test": X[:9, :3].copy(), "y_test": y[:9]}, ValueError, r"X_test has shape \(9, 3\)"),
        ({"X_test": X[:9].copy(), "y_test": ["a"] * 9}, ValueError, "y_test holds a text and y a"),
        ({"cv": []}, ValueError, "cv yields no splits"),
        ({"cv": iter([])}, ValueError, "cv yields no splits"),
        ({"cv": KFold}, ValueError, "a class, must be an object"),
        ({"cv": [(np.arange(-9, 90), np.arange(90, 99))]}, ValueError, "train rows from -9"),
        ({"cv": [(np.arange(90), [])]}, ValueError, "test rows of shape"),
        ({"cv": [(np.zeros(90, int), np.arange(9))]}, ValueError, "position twice"),
        ({"cv": [(np.arange(150) < 100, np.arange(150) > 90)]}, ValueError, "9 samples in both"),
        ({"y": y[:100]}, ValueError, "y has 100 rows, must have 150"),
        ({"X_test": X[:10].copy()}, ValueError, "One of X_test and y_test is given"),
        ({"X_test": X[:10], "y_test": y[:10]}, ValueError, "X_test overlaps with X"),
        ({"X_test": X[:0].copy(), "y_test": y[:0]}, ValueError, "y_test has 0 rows, .* at least 1"),
        ({"X_test": X + 1, "y_test": y, "cv": 3}, ValueError, "must be one or the other"),
        ({"stopping": Budget(0)}, ValueError, "n_labels == 0"),
        ({"stopping": 5}, ValueError, "stopping == 5, must be a criterion"),
        ({"stopping": ScoreChange(), "y": Oracle()}, ValueError, "needs scores: give X_test"),
        ({"y": Oracle(), "cv": 3}, ValueError, "a split needs labels"),
        ({"cv": [(np.arange(100), np.arange(90, 150))]}, ValueError, "10 samples in both train"),
        ({"n_initial": [149], "cv": [(np.arange(99), np.arange(99, 140))]}, ValueError,
         "position 149, must hold positions of the train set"),
    ],
)  # fmt: skip
def test_bad_input_raises(kwargs, error, message):
    with pytest.raises(error, match=message):
        curves_of(**kwargs)


def test_file_of_other_settings_is_refused_before_anything_is_fitted(tmp_path, monkeypatch):
    curves_of(cache=tmp_path / "curves")
    before = (tmp_path / "curves").read_bytes()
    monkeypatch.setattr(GaussianNB, "fit", lambda *_: pytest.fail("fits"))
    with pytest.raises(ValueError, match="estimator.var_smoothing == 0.5, must be 0.001"):
        curves_of(GaussianNB(var_smoothing=0.5), cache=tmp_path / "curves")
    with pytest.raises(ValueError, match="X == "):
        curves_of(X=X + 1, cache=tmp_path / "curves")
    with pytest.raises(ValueError, match="random.class == .*EntropySampler"):
        curves_of(samplers={"random": EntropySampler()}, cache=tmp_path / "curves")
    assert (tmp_path / "curves").read_bytes() == before


def test_settings_that_differ_in_values_alone_are_refused(tmp_path):
    def run(name, **kwargs):
        curves_of(cache=tmp_path / name, n_rounds=1, random_states=[3], **kwargs)

    def net(seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return ConstrainedNetClassifier(torch.nn.Linear(4, 3), max_epochs=1)

    def cv(seed):
        rows = np.random.RandomState(seed).permutation(150)
        return iter([(rows[:100], rows[100:])])

    run("net", estimator=net(0))
    with pytest.raises(ValueError, match="estimator.module's weights differ"):
        run("net", estimator=net(1))
    run("cv", cv=cv(0))
    run("cv", cv=cv(0))
    with pytest.raises(ValueError, match="cv.0.0 == hash .*: its values differ"):
        run("cv", cv=cv(1))
    run("C", estimator=LogisticRegression(C=1.0, max_iter=500))
    with pytest.raises(ValueError, match=r"estimator.C == 1 \(int\), must be 1.0 \(float\)"):
        run("C", estimator=LogisticRegression(C=1, max_iter=500))


def test_same_settings_in_another_form_are_accepted(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcd"))
    for index, name in ((range(150), "label"), (range(7, 157), "class")):
        labels = pd.Series(y, index=index, name=name)
        curves_of(X=frame.set_index(labels.index), y=labels, cache=tmp_path / "curves")
    for form in (y, list(y), y[:, None], y.astype(np.int32)):
        curves_of(X=frame, y=form, n_initial=np.int64(12), cache=tmp_path / "curves")
    forest = RandomForestClassifier(2, random_state=0)  # its random state is that of the curve
    curves_of(forest, n_rounds=0, cache=tmp_path / "forest")
    curves_of(clone(forest).set_params(random_state=1), n_rounds=0, cache=tmp_path / "forest")


class Interrupts(GaussianNB):
    """Ctrl-C is pressed in the fit of 17 samples; it may go on after it, as skorch's nets do."""

    def __init__(self, swallows=False, path=None):
        super().__init__(var_smoothing=1e-3)
        self.swallows, self.path = swallows, path

    def fit(self, X, y):
        if len(X) == 17 and os.path.exists(self.path):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if not self.swallows:
                    raise
        return super().fit(X, y)


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupted_round_is_not_stored(tmp_path, curves, n_jobs, swallows):
    (tmp_path / "armed").touch()
    estimator = Interrupts(swallows, str(tmp_path / "armed"))
    with pytest.raises(KeyboardInterrupt):
        curves_of(estimator, n_jobs=n_jobs, cache=tmp_path / "curves")
    assert LearningCurves.load(tmp_path / "curves").frame["round"].max() == 0
    (tmp_path / "armed").unlink()
    assert_same(curves_of(estimator, cache=tmp_path / "curves"), curves)


DIGITS = [each[:400] for each in load_digits(return_X_y=True)]
FEW = {"n_initial": 8, "n_rounds": 1, "random_states": [3]}
SCORINGS = ["neg_log_loss", "roc_auc_ovr", "top_k_accuracy", "accuracy", None]


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("estimator", [GaussianNB(), LogisticRegression(max_iter=20, tol=1)])
def test_classes_that_the_first_labels_lack_have_probability_zero(estimator, scoring):
    curves = curves_of(estimator, [RandomSampler()], *DIGITS, scoring=scoring, **FEW)
    labelled = curves.frame["indices"].iloc[0]
    assert len(set(DIGITS[1][labelled])) < 10
    assert np.isfinite(curves.frame["score"]).all()


def test_scorer_sees_a_column_for_each_class():
    names = np.array([f"class {label}" for label in DIGITS[1]])

    def column_of_each(estimator, X, y):
        proba, classes = estimator.predict_proba(X), estimator.classes_
        assert proba.shape == (len(X), 10) and list(classes) == sorted(set(names))
        assert np.array_equal(classes[proba.argmax(axis=1)], estimator.predict(X))
        assert (proba[:, ~np.isin(classes, estimator.estimator.classes_)] == 0).all()
        return proba.sum() / len(X)

    curves = curves_of(X=DIGITS[0], y=names, scoring=column_of_each, **FEW)
    np.testing.assert_allclose(curves.frame["score"], 1.0)  # sums of probabilities


@pytest.mark.filterwarnings("ignore:No sample is held out:UserWarning")  # of 8
@pytest.mark.parametrize("is_pipeline", [False, True])
def test_weights_of_all_classes_fit_a_net_that_has_seen_fewer(is_pipeline):
    net = ConstrainedNetClassifier(max_epochs=1, criterion__weight=torch.ones(10))
    net = make_pipeline(StandardScaler(), net) if is_pipeline else net
    curves = curves_of(net, X=DIGITS[0], y=DIGITS[1], **FEW)
    assert np.isfinite(curves.frame["score"]).all()


def test_corrected_label_gives_the_curves_of_the_right_one(tmp_path):
    path, expected = tmp_path / "curves", curves_of(**GIVEN, y=y[:100])
    position = int(expected.frame["indices"].iloc[1][0])
    wrong = y[:100].copy()
    wrong[position] = (wrong[position] + 1) % 2
    curves_of(**GIVEN, y=Oracle(wrong), cache=path)
    n_rounds = correct_labels(path, {position: y[position]})
    assert 0 < n_rounds < len(expected.frame)
    oracle = Oracle()
    assert_same(curves_of(**GIVEN, y=oracle, cache=path), expected)
    assert position not in oracle.asked
    assert correct_labels(path, {position: y[position]}) == 0  # it is that already


@pytest.mark.parametrize(
    ("labels", "message"),
    [({99999: 1}, "position 99999, must be one of"), ({0: "a"}, "must be a number"),
     ([1], "must be a dict"), ({"0": 1}, "position '0'")],
)  # fmt: skip
def test_correction_that_is_none_raises(tmp_path, labels, message):
    given = {"n_initial": [0, 50], "random_states": [3]}
    curves_of(**GIVEN, y=Oracle(), cache=tmp_path / "curves", **given)
    before = (tmp_path / "curves").read_bytes()
    with pytest.raises(ValueError, match=message):
        correct_labels(tmp_path / "curves", labels)
    assert (tmp_path / "curves").read_bytes() == before
    with pytest.raises(OSError, match="There is no file"):
        correct_labels(tmp_path / "no such", {0: 1})


def test_test_rows_and_other_initial_rows_in_the_file_are_refused(tmp_path):
    curves_of(cache=tmp_path / "curves", random_states=[3], n_rounds=1)
    _, test = next(ShuffleSplit(1, test_size=0.25, random_state=3).split(X))
    for number, message in (
        (1, f"position {test[:5].min()}, must hold only"),
        (0, "other initial"),
    ):
        shutil.copy(tmp_path / "curves", tmp_path / "forged")
        batch = json.dumps(test[: [12, 5][number]].tolist())
        db = sqlite3.connect(tmp_path / "forged")
        db.execute("UPDATE batches SET indices = ? WHERE round = ?", (batch, number))
        db.commit()
        db.close()
        with pytest.raises(ValueError, match=message):
            curves_of(cache=tmp_path / "forged", random_states=[3], n_rounds=1)


def test_finished_run_is_read_once_however_many_rounds_it_has(tmp_path, monkeypatch):
    curves_of(cache=tmp_path / "curves", n_instances=1, n_rounds=30)
    calls = []
    batches = Store.batches
    monkeypatch.setattr(Store, "batches", lambda *args: calls.append(1) or batches(*args))
    curves_of(cache=tmp_path / "curves", n_instances=1, n_rounds=30)
    assert len(calls) == 4  # once for each curve


def test_progress_is_shown(capsys):
    curves_of(verbose=1)
    assert "16/16" in capsys.readouterr().err
