import re

import pytest

from skally.benchmark.difference import difference, is_same


@pytest.mark.parametrize(
    ("kept", "given", "sentence"),
    [
        ({"C": 1}, {"C": 1.0}, r"estimator.C == 1.0 \(float\), must be 1 \(int\) as in the file"),
        ({"C": True}, {"C": 1}, r"estimator.C == 1 \(int\), must be True \(bool\)"),
        ({"a": float("nan"), "b": 1}, {"a": float("nan"), "b": 2}, "estimator.b == 2, must be 1"),
        ({"module": {"weights": {"0": "x"}}}, {"module": {"weights": {"0": "y"}}},
         "estimator.module's weights differ from those in the file, in 0"),
        ({"code": {"utility": "x"}}, {"code": {"utility": "y"}},
         "estimator's code differs .* in utility"),
        ({"X": "hash of 1"}, {"X": "hash of 2"}, "its values differ"),
        ({"a": 1}, {"b": 1}, r"has the parts \['b'\], .* lacks \['a'\]"),
        ({"class": "a", "x": 1}, {"class": "b", "y": 1}, "estimator.class == 'b', must be 'a'"),
        ([1], [1, 2], r"estimator == \[1, 2\], must be \[1\]"),
    ],
)  # fmt: skip
def test_difference_is_said_in_words(kept, given, sentence):
    assert re.search(sentence, difference("estimator", kept, given))


def test_values_of_different_types_are_not_the_same():
    assert not is_same(1, True) and not is_same(1, 1.0) and not is_same([1], [1.0])
    assert is_same({"a": [float("nan")]}, {"a": [float("nan")]})
