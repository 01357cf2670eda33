"""Labels that a run gives back: the table, its files, undo, and what must not lose a label."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from skally import EntropySampler, RandomSampler
from skally.benchmark import (
    Answer,
    LearningCurves,
    Undo,
    correct_labels,
    import_labels,
    learning_curves,
    merge_labels,
    read_labels,
    save_labels,
    undo_labels,
)
from skally.benchmark.labels import COLUMNS, as_labels

X, y = load_iris(return_X_y=True)
START = [0, 50, 100]
SAMPLERS = {"random": RandomSampler(), "entropy": EntropySampler()}


def label(ask, cache=None, X=X, **kwargs):
    small = {"n_initial": START, "n_instances": 2, "n_rounds": 2, "random_states": [3]}
    estimator = GaussianNB(var_smoothing=1e-3)
    return learning_curves(estimator, SAMPLERS, X, ask, cache=cache, **(small | kwargs))


def one_by_one(positions):
    for i in positions:
        yield int(y[i])


def values(labels):
    """Label of each position, a dict."""
    return dict(zip(labels["position"].tolist(), labels["label"].tolist(), strict=True))


def assert_same_picks(one, other):
    """The same rounds and picks: the two runs fit the same rows from the same seeds."""
    for a, b in zip(one.frame["indices"], other.frame["indices"], strict=True):
        np.testing.assert_array_equal(a, b)


def assert_same_labels(one, other, columns=COLUMNS):
    """Equal in all columns, of which the times come in whole microseconds."""
    pd.testing.assert_frame_equal(one[columns], other[columns])


# The table


def test_labels_are_those_that_the_oracle_gave_in_its_order_also_of_the_file(tmp_path):
    asked = []

    def ask(positions):
        for i in positions:
            asked.append(int(i))
            yield Answer(int(y[i]), labeller="Ann") if i % 2 else int(y[i])

    curves = label(ask, tmp_path / "labels")
    labels = curves.labels
    assert labels["position"].tolist() == asked
    assert labels["label"].tolist() == y[asked].tolist()
    assert labels["labeller"].tolist() == ["Ann" if i % 2 else None for i in asked]
    first = {}
    for number, batch in zip(curves.frame["round"], curves.frame["indices"], strict=True):
        for i in batch:
            first[i] = min(number, first.get(i, number))
    assert labels["round"].tolist() == [first[i] for i in asked]
    assert labels["time"].notna().all() and str(labels["time"].dt.tz) == "UTC"
    assert_same_labels(LearningCurves.load(tmp_path / "labels").labels, labels)
    assert_same_labels(label(pytest.fail, tmp_path / "labels").labels, labels)


def test_arrays_of_labels_give_a_table_without_rows():
    labels = label(y).labels
    assert list(labels.columns) == COLUMNS and labels.empty


def test_final_estimator_is_fitted_on_all_labels():
    curves = label(one_by_one)
    rows = curves.labels["position"].to_numpy()
    expected = GaussianNB().fit(X[rows], y[rows])
    model = GaussianNB()
    fitted = curves.final_estimator(model, X)
    np.testing.assert_allclose(fitted.theta_, expected.theta_)
    assert not hasattr(model, "theta_")
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.zeros(150))  # positions, not the index
    np.testing.assert_allclose(curves.final_estimator(model, frame).theta_, expected.theta_)


def test_final_estimator_takes_several_targets_and_sets_random_states():
    targets = np.c_[X[:, 0], X[:, 1]]
    curves = learning_curves(
        Ridge(), [RandomSampler()], X, lambda i: targets[i],
        n_initial=5, n_instances=2, n_rounds=1, random_states=[0],
    )  # fmt: skip
    fitted = curves.final_estimator(Ridge(), X, random_state=3)
    assert fitted.predict(X[:1]).shape == (1, 2) and fitted.random_state is not None


def test_labels_of_several_data_sets_are_told_apart():
    curves = label(one_by_one)
    both = LearningCurves.concat({"one": curves, "other": label(y)})
    assert set(both.labels["data_set"]) == {"one"} and len(both.labels) == len(curves.labels)
    twice = LearningCurves.concat({"one": curves, "other": curves})
    with pytest.raises(ValueError, match="of several data sets"):
        twice.final_estimator(GaussianNB(), X)


def test_final_estimator_without_labels_or_with_other_samples_raises():
    with pytest.raises(ValueError, match="There are no labels"):
        label(y).final_estimator(GaussianNB(), X)
    with pytest.raises(ValueError, match="X has 90 rows, must have at least 1"):
        label(one_by_one).final_estimator(GaussianNB(), X[:90])
    with pytest.raises(ValueError, match="estimator == 'net'"):
        label(one_by_one).final_estimator("net", X)


# Files of the format before


def as_format_2(path):
    db = sqlite3.connect(path)
    db.execute("DROP TABLE answers")
    db.execute("DELETE FROM settings WHERE name = 'score_limits'")
    db.execute("PRAGMA user_version = 2")
    db.commit()
    db.close()


def test_file_of_the_format_before_is_loaded_and_continued(tmp_path):
    whole = label(one_by_one, n_rounds=3)
    first = label(one_by_one, tmp_path / "labels", n_rounds=1)
    as_format_2(tmp_path / "labels")
    labels = LearningCurves.load(tmp_path / "labels").labels
    assert values(labels) == values(first.labels)
    assert labels["time"].isna().all() and labels["round"].is_monotonic_increasing
    assert labels.set_index("position")["round"].to_dict() == (
        first.labels.set_index("position")["round"].to_dict()
    )
    curves = label(one_by_one, tmp_path / "labels", n_rounds=3)
    assert_same_picks(curves, whole)
    n_old = len(first.labels)
    assert values(curves.labels) == values(whole.labels)
    assert curves.labels["time"].isna().tolist() == [True] * n_old + [False] * (
        len(whole.labels) - n_old
    )
    assert curves.labels["position"][n_old:].tolist() == whole.labels["position"][n_old:].tolist()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO answers VALUES (99, 149, 0, 0, NULL)", "answer for position 149, must"),
        ("UPDATE answers SET round = -1", "round -1, must be an integer >= 0"),
        ("UPDATE answers SET round = 'x'", "round 'x'"),
        ("UPDATE answers SET time = 9e999", "time == inf"),
        ("UPDATE answers SET labeller = x'00'", "must be by text"),
        ("UPDATE settings SET value = '[1]' WHERE name = 'score_limits'", "score_limits"),
        ("UPDATE settings SET value = '[1, \"a\"]' WHERE name = 'score_limits'", "score_limits"),
        ("DROP TABLE answers", "must hold all of a run"),
    ],
)
def test_answers_that_no_run_writes_are_refused(tmp_path, statement, message):
    label(one_by_one, tmp_path / "labels", n_initial=[0, 50], n_rounds=0)
    db = sqlite3.connect(tmp_path / "labels")
    db.execute(statement)
    db.commit()
    db.close()
    with pytest.raises(ValueError, match=f"must be as a run left it: .*{message}"):
        LearningCurves.load(tmp_path / "labels")


# What an oracle may reply


def test_answers_may_come_in_any_order_or_as_a_dict():
    expected = label(one_by_one)

    def backwards(positions):
        for i in positions[::-1]:
            yield Answer(int(y[i]), position=i)

    for ask in (backwards, lambda positions: {i: y[i] for i in positions}):
        curves = label(ask)
        assert_same_picks(curves, expected)
        assert values(curves.labels) == values(expected.labels)


def test_answer_for_a_row_that_was_not_asked_for_is_refused_and_the_others_are_kept(tmp_path):
    def ask(positions):
        return {0: 0, 7: 0, 50: 1, 100: 2}

    with pytest.raises(ValueError, match=r"0 for position 7, .*not asked .* one of \[0, 50, 100\]"):
        label(ask, tmp_path / "labels")
    assert values(LearningCurves.load(tmp_path / "labels").labels) == {0: 0, 50: 1, 100: 2}


def test_two_labels_for_one_row_are_refused_and_the_first_is_kept(tmp_path):
    def ask(positions):
        yield Answer(0, position=0)
        yield Answer(0, position=0)  # the same label again
        yield 1
        yield Answer(2, position=0)

    with pytest.raises(ValueError, match="gave 0 and then 2 for position 0, must be the same"):
        label(ask, tmp_path / "labels")
    assert values(LearningCurves.load(tmp_path / "labels").labels) == {0: 0, 50: 1}


def test_dict_that_lacks_a_row_keeps_the_others(tmp_path):
    with pytest.raises(ValueError, match="yielded 2 labels, must be 3. Those are stored"):
        label(lambda positions: {0: 0, 100: 2}, tmp_path / "labels")
    assert values(LearningCurves.load(tmp_path / "labels").labels) == {0: 0, 100: 2}


def test_labels_that_fit_no_row_are_in_the_error():
    with pytest.raises(ValueError, match=r"returned 2 labels, must be 3.*not stored: \[4, 5\]"):
        label(lambda positions: [4, 5])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Answer(1, position=-1), "position == -1"),
        (lambda: Answer(1, position="3"), "position == '3'"),
        (lambda: Answer(1, labeller=5), "labeller == 5, must be text or None, with label 1"),
        (lambda: Answer(1, labeller=""), "labeller == ''"),
        (lambda: Undo(0), "n_labels == 0"),
        (lambda: Undo(n_rounds=1.5), "n_rounds == 1.5"),
        (lambda: Undo(1, 1), "must be one of them"),
    ],
)
def test_replies_check_what_they_are_given(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# An oracle that fails half way


class Tired(Exception):
    """Raised by an oracle."""


def tires_after(n):
    def ask(positions):
        for i in positions:
            if len(given) == n:
                raise Tired("lunch")
            given.append(int(i))
            yield int(y[i])

    given = []
    return ask, given


def notes_of(error):
    """Notes of an exception; Python 3.10 has none, and warns instead."""
    return " ".join(getattr(error, "__notes__", []))


NO_NOTES = pytest.mark.skipif(sys.version_info < (3, 11), reason="errors have no notes")


@NO_NOTES
@pytest.mark.parametrize("n", [1, 4, 6])
def test_oracle_that_raises_loses_no_label_and_the_error_says_where_they_are(tmp_path, n):
    ask, given = tires_after(n)
    with pytest.raises(Tired, match="lunch") as caught:
        label(ask, tmp_path / "labels")
    assert f"has {n} labels" in notes_of(caught.value)
    assert values(LearningCurves.load(tmp_path / "labels").labels) == {i: y[i] for i in given}
    assert_same_picks(label(one_by_one, tmp_path / "labels"), label(one_by_one))


@NO_NOTES
def test_labels_of_a_run_without_a_file_are_in_a_note_of_the_error():
    ask, given = tires_after(4)
    with pytest.raises(Tired) as caught:
        label(ask)
    told = json.loads(notes_of(caught.value).partition("in no file: ")[2])
    assert told == {str(i): y[i] for i in given}


def test_file_that_cannot_be_written_is_an_error_before_anybody_is_asked(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        label(pytest.fail, tmp_path / "nowhere" / "labels")


# Undo


def with_undo(at, undo, wrong=()):
    """Oracle that yields ``undo`` when it has given ``at`` labels, once, and wrong ones before."""
    calls = []

    def ask(positions):
        for i in positions:
            if len(calls) == at:
                calls.append(None)
                yield undo
                pytest.fail("an oracle goes on after it took a label back")
            before = len(calls) < at
            calls.append(int(i))
            yield int((y[i] + 1) % 3 if before and len(calls) in wrong else y[i])

    return ask, calls


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6, 7])
def test_label_that_is_taken_back_is_asked_for_again(tmp_path, at):
    """The wrong label at the end of a round, too, which has chosen the next batch by then."""
    expected = label(one_by_one)
    ask, calls = with_undo(at, Undo(), wrong=[at])
    curves = label(ask, tmp_path / "labels")
    assert calls[at + 1] == calls[at - 1]
    assert_same_picks(curves, expected)
    known = values(expected.labels)
    assert {i: values(curves.labels)[i] for i in known} == known
    assert_same_labels(LearningCurves.load(tmp_path / "labels").labels, curves.labels)


def test_several_labels_and_whole_rounds_are_taken_back():
    expected = values(label(one_by_one).labels)
    for at, undo, n in ((5, Undo(3), 3), (6, Undo(n_rounds=1), 3), (6, Undo(n_rounds=2), 6)):
        ask, calls = with_undo(at, undo)
        assert values(label(ask).labels) == expected
        again = calls[at + 1 : at + 1 + n]
        assert sorted(again) == sorted(calls[at - n : at])


def test_undo_takes_all_if_there_are_fewer():
    for at, undo in ((0, Undo()), (2, Undo(9)), (4, Undo(n_rounds=9))):
        ask, calls = with_undo(at, undo)
        assert_same_picks(label(ask), label(one_by_one))
        assert calls.count(0) == (2 if at else 1)  # position 0 is asked for first


def test_last_labels_of_a_file_are_taken_back(tmp_path):
    whole = label(one_by_one, tmp_path / "labels")
    last = undo_labels(tmp_path / "labels")
    assert_same_labels(last.reset_index(drop=True), whole.labels.tail(1).reset_index(drop=True))
    assert_same_labels(LearningCurves.load(tmp_path / "labels").labels, whole.labels[:-1])
    number = whole.labels["round"].iloc[-2]
    gone = undo_labels(tmp_path / "labels", n_rounds=1)
    assert set(gone["round"]) == {number}
    n = len(whole.labels) - 1 - len(gone)
    assert_same_labels(LearningCurves.load(tmp_path / "labels").labels, whole.labels[:n])
    asked = []

    def ask(positions):
        asked.extend(positions.tolist())
        return y[positions]

    again = label(ask, tmp_path / "labels")
    assert_same_picks(again, whole)
    assert sorted(asked) == sorted([*gone["position"], *last["position"]])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_labels": 3}, "n_labels == 3, must be <= 2"),
        ({"n_rounds": 2}, "n_rounds == 2, must be <= 1"),
        ({"n_labels": 0}, "n_labels == 0"),
        ({"n_labels": 1, "n_rounds": 1}, "must be one of them"),
    ],
)
def test_undo_of_more_than_there_is_changes_nothing(tmp_path, kwargs, message):
    label(one_by_one, tmp_path / "labels", n_initial=[0, 50], n_rounds=0)
    before = (tmp_path / "labels").read_bytes()
    with pytest.raises(ValueError, match=message):
        undo_labels(tmp_path / "labels", **kwargs)
    assert (tmp_path / "labels").read_bytes() == before
    with pytest.raises(OSError, match="There is no file"):
        undo_labels(tmp_path / "none")


def test_correction_says_who_made_it(tmp_path):
    whole = label(one_by_one, tmp_path / "labels")
    before = values(whole.labels)
    correct_labels(tmp_path / "labels", {0: Answer(1, labeller="Ann")})
    labels = LearningCurves.load(tmp_path / "labels").labels
    assert values(labels) == before | {0: 1}
    assert labels["labeller"].tolist() == ["Ann"] + [None] * (len(labels) - 1)


# Files and merging

TEXTS = st.lists(
    st.text(max_size=5) | st.sampled_from(["1", "true", "[1]", "NaN", "null", " a,\r"])
)
NUMBERS = st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)


@given(
    TEXTS
    | NUMBERS
    | st.lists(st.booleans())
    | st.lists(st.lists(st.text(), min_size=2, max_size=2))
)
def test_labels_are_read_as_they_were_saved(labels):
    rows = [(i, each, i, 1.6e9 + i / 7, 'Ann, "A"') for i, each in enumerate(labels)]
    given_labels = as_labels(rows)
    with tempfile.TemporaryDirectory() as folder:
        save_labels(given_labels, Path(folder) / "labels.csv")
        assert_same_labels(read_labels(Path(folder) / "labels.csv"), given_labels)


def test_saved_labels_begin_another_run_that_asks_only_for_the_others(tmp_path):
    first = label(one_by_one, n_rounds=1)
    save_labels(first.labels, tmp_path / "labels.csv")
    assert import_labels(tmp_path / "other", tmp_path / "labels.csv") == len(first.labels)
    assert import_labels(tmp_path / "other", first.labels) == 0
    asked = []

    def ask(positions):
        asked.extend(positions.tolist())
        return y[positions]

    curves = label(ask, tmp_path / "other")
    assert not set(asked) & set(first.labels["position"])
    assert_same_picks(curves, label(one_by_one))
    assert_same_labels(curves.labels[: len(first.labels)], first.labels)


def test_what_is_not_known_of_a_label_stays_missing(tmp_path):
    labels = as_labels([(3, "a", None, None, None), (5, "b", 0, 1.6e9, "Ann")])
    save_labels(labels, tmp_path / "labels.csv")
    assert_same_labels(read_labels(tmp_path / "labels.csv"), labels)
    assert_same_labels(merge_labels(labels, labels[:1]), labels)
    import_labels(tmp_path / "labels", labels)
    assert_same_labels(LearningCurves.load(tmp_path / "labels").labels, labels)


def test_file_by_hand_needs_two_columns(tmp_path):
    (tmp_path / "labels.csv").write_text("label,position\nseven,3\n1,5\n")
    assert values(read_labels(tmp_path / "labels.csv")) == {3: "seven", 5: "1"}


def table(*rows):
    return pd.DataFrame(rows, columns=["position", "label"])


def test_labels_of_two_runs_are_merged():
    one, other = label(one_by_one), label(one_by_one, random_states=[4])
    merged = merge_labels(one.labels, other.labels)
    assert values(merged) == values(one.labels) | values(other.labels)
    assert_same_labels(merged[: len(one.labels)], one.labels)


def test_conflict_names_the_rows_the_labels_and_who_gave_them():
    one = table((3, "cat"), (5, "dog"), (8, "cat")).assign(labeller="Ann")
    other = table((8, "dog"), (5, "dog"), (3, "cow")).assign(labeller=["Bob", None, None])
    with pytest.raises(ValueError) as caught:
        merge_labels(one, other)
    message = str(caught.value)
    assert message.startswith("2 labels contradict each other")
    assert "position 8 is 'cat' (by Ann) in labels[0] and 'dog' (by Bob) in labels[1]" in message
    assert "position 3 is 'cat' (by Ann) in labels[0] and 'cow' in labels[1]" in message
    assert "position 5" not in message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([3], "labels is a list, must be a data frame"),
        (pd.DataFrame({"position": [1]}), r"lacks the columns \['label'\]"),
        (table((0, 1), (0, 2)), "position 0 is 1 in labels and 2 in labels"),
        (table((0, 1), (2, "a")), "position 2 is 'a', must be a number"),
        (table((1, 1), (2, np.nan)), "labels, position 2: the label is nan"),
        (table((-1, 1)), "position -1"),
        (table((0.5, 1)), "position 0.5"),
        (table((150, 1)), "position 150, must be below 150"),
        (table((0, 1)), "position 0 is 0 .*in cache == .* and 1 in labels"),
        (table((7, "a")), "position 7 is 'a', must be a number"),
        (table((7, 1)).assign(round=-1), "round == -1"),
        (table((7, 1)).assign(labeller=4), "labeller == 4"),
        (table((7, 1)).assign(time="noon or so"), "time == 'noon or so'"),
    ],
)
def test_labels_that_cannot_be_added_change_nothing(tmp_path, labels, message):
    label(one_by_one, tmp_path / "labels", n_initial=[0, 50], n_rounds=0)
    before = (tmp_path / "labels").read_bytes()
    with pytest.raises(ValueError, match=message):
        import_labels(tmp_path / "labels", labels)
    assert (tmp_path / "labels").read_bytes() == before


def test_labels_are_not_added_to_curves_of_an_array_or_of_fewer_rows(tmp_path):
    label(y, tmp_path / "curves", n_rounds=0)
    with pytest.raises(ValueError, match="of an array y, must be of an oracle"):
        import_labels(tmp_path / "curves", table((0, 1)))
    import_labels(tmp_path / "labels", table((200, 1)))
    with pytest.raises(ValueError, match="label of position 200, must be below 150"):
        label(pytest.fail, tmp_path / "labels")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "must have position and label"),
        ("position,label\n1,\n", "no label for position 1"),
        ("position,label\nx,1\n", "position 'x', must be an integer"),
        ("position,label,round\n1,2,x\n", "round == 'x'"),
        ('position,label\n1,"2\n', "must be a CSV file"),
        ("position,label\n1,2\n1,3\n", "1 labels contradict each other"),
    ],
)
def test_file_that_is_none_of_labels_is_refused(tmp_path, text, message):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_labels(tmp_path / "labels.csv")
    with pytest.raises(OSError, match="none.csv' cannot be read"):
        read_labels(tmp_path / "none.csv")


def test_path_that_cannot_be_written_leaves_what_is_there(tmp_path, monkeypatch):
    labels = table((0, 1))
    for path in (tmp_path, tmp_path / "nowhere" / "labels.csv"):
        with pytest.raises(OSError, match="cannot be written"):
            save_labels(labels, path)
    save_labels(labels, tmp_path / "labels.csv")
    before = (tmp_path / "labels.csv").read_bytes()

    def full(descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="labels.csv' cannot be written: No space"):
        save_labels(table((5, 1)), tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["labels.csv"]


# Frames, and kills


def test_frame_whose_index_has_a_label_twice_is_labelled_by_position():
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(150) // 2)
    curves, expected = label(one_by_one, X=frame), label(one_by_one)
    assert_same_picks(curves, expected)
    assert values(curves.labels) == values(expected.labels)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("n_kills", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_no_label_is_lost_however_often_the_process_is_killed(tmp_path, n_kills):
    script = Path(__file__).with_name("killed_labelling.py")
    command = [sys.executable, str(script), str(tmp_path), str(n_kills), "0"]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(shown.splitlines()[-1])
    assert found["kills"] == n_kills and found["kept"] > 0
    assert (found["lost"], found["again"]) == (0, 0)
