import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from skally.benchmark.answers import Kind, check_label, check_labels, kind_of_array
from skally.benchmark.oracle import Labels
from skally.benchmark.store import Store

POSITIONS = np.array([3, 5, 8])


@pytest.mark.parametrize(
    ("kind", "label", "message"),
    [
        (Kind("number", ()), "seven", "must be a number as the other labels"),
        (Kind("text", ()), 7, "must be a text"),
        (Kind("number", ()), True, "must be a number"),
        (Kind("truth value", ()), 1, "must be a truth value"),
        (Kind("number", ()), [1], "must be a single value as the other labels"),
        (Kind("number", (2,)), 1, r"must be a list of shape \(2,\)"),
        (Kind("number", (2,)), [1, 2, 3], r"must be a list of shape \(2,\)"),
        (Kind("number", (), is_class=True), 1.5, "must be a class, not a fraction"),
        (Kind(), np.inf, "finite"),
        (Kind(), -np.inf, "finite"),
        (Kind(), np.nan, "finite"),
        (Kind(), [1.0, np.nan], "finite"),
        (Kind(), None, "must be a label"),
        (Kind(), pd.NaT, "must be a label"),
        (Kind(), {"a": 1}, "must be a label"),
        (Kind(), {1}, "must be a label"),
        (Kind(), 1j, "must be a label"),
        (Kind(), b"seven", "must be a label"),
        (Kind(), 10**30, "64 bits"),
        (Kind(), [1, "a"], "values of one kind"),
        (Kind(), [], "at least one"),
    ],
)  # fmt: skip
def test_wrong_answer_is_refused_and_not_stored(kind, label, message):
    with Store() as store:
        labels = Labels(lambda positions: [label] * 3, store, kind)
        with pytest.raises(ValueError, match=f"for position 3, .*{message}"):
            labels.of(POSITIONS)
        assert store.labels() == {}


@pytest.mark.parametrize(
    ("label", "plain"),
    [(np.int64(4), 4), (np.float32(0.5), 0.5), (np.str_("a"), "a"), (np.bool_(True), True),
     (np.array([1.0, 2.0]), [1.0, 2.0]), ((1, 2), [1, 2]), (np.array(3), 3)],
)  # fmt: skip
def test_answers_become_plain_values(label, plain):
    answer, _ = check_label(label, Kind())
    assert answer == plain and type(answer) is type(plain)


def test_right_answers_beside_a_wrong_one_are_stored_and_not_asked_for_again():
    asked = []

    def ask(positions):
        asked.extend(positions.tolist())
        return [1, "two", 3] if len(positions) == 3 else [2]

    with Store() as store:
        labels = Labels(ask, store)
        with pytest.raises(ValueError, match="'two' for position 5, must be a number"):
            labels.of(POSITIONS)
        assert store.labels() == {3: 1, 8: 3}
        assert labels.of(POSITIONS).tolist() == [1, 2, 3]
        assert asked == [3, 5, 8, 5]


def test_stored_labels_say_what_the_next_must_be():
    with Store() as store:
        store.add_labels({0: "a"})
        with pytest.raises(ValueError, match="must be a text as the other labels"):
            Labels(lambda positions: [1, 1, 1], store).of(POSITIONS)


def test_labels_of_the_test_samples_say_what_the_answers_must_be():
    assert kind_of_array(np.array(["a"]), GaussianNB()) == Kind("text", (), True)
    assert kind_of_array(None, Ridge()).word == "number"


@pytest.mark.parametrize("answer", [np.array([[1], [2], [3]]), pd.Series([1, 2, 3]), (1, 2, 3)])
def test_answers_may_be_returned_in_any_container(answer):
    with Store() as store:
        assert Labels(lambda positions: answer, store).of(POSITIONS).tolist() == [1, 2, 3]


HOLES = [
    (
        [1.0, np.nan, 2.0],
        "y holds 1 labels that are missing or infinite, such as nan at position 1",
    ),
    ([1.0, np.inf, 2.0], "such as inf at position 1"),
    ([1, None, 2], "such as None at position 1"),
    (["a", None, "b"], "such as None at position 1"),
    (pd.Series([1, pd.NA, 2], dtype="Int64"), "at position 1"),
    (pd.Series(["a", None, "b"]), "at position 1"),
    (np.array([1.0, np.inf, 2.0], dtype=object), "such as inf at position 1"),
    ([[1.0, 2.0], [1.0, np.nan], [1.0, 2.0]], "at position 1"),
    (["a", 1, "b"], "y mixes number and text"),
    (np.array(["a", 1, "b"], dtype=object), "y mixes number and text"),
    ([1, 2], "y has 2 rows, must have 3, as many as X"),
    (np.zeros((3, 2, 2)), r"y has shape \(3, 2, 2\)"),
    (5, r"y has shape \(\)"),
    ([[1], [1, 2], [1]], "y must be an array of labels"),
    (["a", "b", "c"], "must hold numbers for a regressor"),
]


@pytest.mark.parametrize(("y", "message"), HOLES)
def test_labels_are_checked(y, message):
    with pytest.raises(ValueError, match=message):
        check_labels("y", y, 3, Ridge())


def test_fractions_are_no_classes():
    with pytest.raises(ValueError, match="y cannot be the labels of a classifier"):
        check_labels("y", [0.5, 1.25, 2.0], 3, GaussianNB())


def test_single_column_is_taken_as_one_dimension():
    assert check_labels("y", [[1], [2], [3]], 3, Ridge()).shape == (3,)
