import collections
import functools
import json
import sys
import types

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import fbeta_score, make_scorer

from skally import RandomSampler
from skally.benchmark.code import changed_names, is_installed, public_name
from skally.benchmark.fingerprint import describe
from skally.nets.modules import MLP


def text(value):
    return json.dumps(describe(value), sort_keys=True)


def made(source, name="made"):
    """What some source defines under a name, without a file."""
    module = types.ModuleType("users_module")
    exec(source, module.__dict__)
    return getattr(module, name)


def times(factor):
    class Made(RandomSampler):
        def utility(self, pool, rng):
            return factor * super().utility(pool, rng)

    return Made()


def with_default(factor):
    def strategy(estimator, X_pool, n_instances=1, factor=factor):
        return range(n_instances)

    return strategy


class Shift:
    def __init__(self, by):
        self.by = by

    def move(self, X):
        return X + self.by

    def __call__(self, X):
        return X + self.by


FUNCTION = "def made(x):\n    '{}'\n    return x + {}\n"
CLASS = (
    "class made:\n    power = {}\n    def utility(self, pool):\n        return self.power + {}\n"
)
HELPER = "def helper(x):\n    return x + {}\n\ndef made(x):\n    return helper(x)\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            lambda: made(FUNCTION.format("Add.", 1)),
            lambda: made(FUNCTION.format("Add.", 2)),
        ),
        (lambda: made(CLASS.format(1, 1)), lambda: made(CLASS.format(1, 2))),
        (lambda: made(CLASS.format(1, 1)), lambda: made(CLASS.format(2, 1))),
        (lambda: made(HELPER.format(1)), lambda: made(HELPER.format(2))),
        (lambda: times(1), lambda: times(2)),
        (lambda: with_default(1), lambda: with_default(2)),
        (lambda: Shift(1), lambda: Shift(2)),
        (lambda: Shift(1).move, lambda: Shift(2).move),
        (lambda: functools.partial(max, 1), lambda: functools.partial(max, 2)),
        (lambda: make_scorer(fbeta_score, beta=1), lambda: make_scorer(fbeta_score, beta=2)),
        (lambda: lambda x: x, lambda: lambda x: -x),
        (lambda: "a".join, lambda: "b".join),
        (lambda: Ridge, lambda: LogisticRegression),
    ],
)
def test_two_versions_differ_and_one_version_is_itself(one, other):
    assert text(one()) == text(one())
    assert text(one()) != text(other())


def test_docstrings_and_line_numbers_are_no_code():
    one = made(FUNCTION.format("Add.", 1))
    other = made("\n\n# A comment.\n" + FUNCTION.format("Add one.", 1))
    assert text(one) == text(other)


def test_class_is_the_same_under_another_module_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "before", types.ModuleType("before"))
    before = text(Shift)
    monkeypatch.setattr(Shift, "__module__", "before")
    assert text(Shift) == before


def test_classes_of_packages_have_their_public_names(monkeypatch):
    assert public_name(Ridge) == "sklearn.linear_model.Ridge"
    assert public_name(collections.OrderedDict) == "collections.OrderedDict"
    here = public_name(MLP)
    monkeypatch.setattr(MLP, "__module__", "skally.modules")  # where it was before
    assert public_name(MLP) == here == "skally.MLP"


def test_installed_code_is_told_from_a_users():
    assert all(map(is_installed, (Ridge, MLP, max, json.dumps, fbeta_score)))
    assert not any(map(is_installed, (Shift, text, lambda: 0)))


class Switched(RandomSampler):
    is_on = True
    seen = []
    power = 2

    def utility(self, pool, rng):
        self.seen.append(len(pool))
        Switched.is_on = False
        return super().utility(pool, rng) ** self.power


def test_what_the_code_itself_changes_is_no_setting(monkeypatch):
    before = text(Switched())
    monkeypatch.setattr(Switched, "is_on", False)
    monkeypatch.setattr(Switched, "seen", [1, 2])
    assert text(Switched()) == before
    monkeypatch.setattr(Switched, "utility", lambda self, pool, rng: 0)
    assert text(Switched()) != before


@pytest.mark.parametrize("change", ["made.n = 1", "made.n += 1"])
def test_attribute_that_a_method_sets_is_no_setting_without_source_either(change):
    cls = made(f"class made:\n    n = 0\n    def fit(self):\n        {change}\n")
    before = text(cls)
    cls.n = 5
    assert text(cls) == before


def test_list_in_a_class_is_a_setting_unless_a_method_adds_to_it():
    source = "class made:\n    x = {}\n    def fit(self):\n        self.x{}\n"
    assert text(made(source.format([1], "[0]"))) != text(made(source.format([2], "[0]")))
    cls = made(source.format([1], ".append(2)"))
    before = text(cls)
    cls.x.append(2)
    assert text(cls) == before


def test_literals_of_a_class_are_those_of_its_source(monkeypatch):
    before = text(Switched())
    monkeypatch.setattr(Switched, "power", 3)  # by the program, such as a switch for a test
    assert text(Switched()) == before


def test_names_that_code_changes_are_found():
    calls, counts, values = [], {}, [1]

    def function(x):
        nonlocal values
        calls.append(x)
        counts["n"] += 1
        counts["m"] = x
        values = [x]
        return read[x] + max(calls)

    read = [1]
    assert changed_names(function.__code__) >= {"calls", "counts", "values"}
    assert not changed_names(function.__code__) & {"read", "max"}
