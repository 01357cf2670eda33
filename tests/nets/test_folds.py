"""Rows that are held out from members."""

import numpy as np
import pytest

from skally.nets.folds import assign_folds, member_folds, n_folds_of, sees_withheld, withheld


def rng(seed=0):
    return np.random.RandomState(seed)


def folds_of(targets, n_folds, **kwargs):
    folds, message = assign_folds(targets, n_folds, **{"rng": rng(), **kwargs})
    assert message is None
    return folds


def nothing_held_out(targets, n_folds, **kwargs):
    folds, message = assign_folds(targets, n_folds, **{"rng": rng(), **kwargs})
    np.testing.assert_array_equal(folds, -1)
    return message


def is_constant_within(groups, folds):
    """Whether rows of a group that are held out are so in one fold."""
    return all(len(set(folds[(groups == g) & (folds >= 0)])) <= 1 for g in np.unique(groups))


@pytest.mark.parametrize(
    "n_members, n_variants, n_folds",
    [(1, 1, 1), (2, 1, 2), (5, 1, 5), (6, 1, 4), (12, 3, 4), (11, 3, 3), (15, 3, 5), (2, 3, 1)],
)
def test_members_of_a_variant_hold_out_one_fold_each_or_a_quarter(n_members, n_variants, n_folds):
    assert n_folds_of(n_members, n_variants) == n_folds


@pytest.mark.parametrize("n_members, n_variants", [(4, 1), (8, 1), (12, 3), (11, 3), (8, 2)])
def test_every_fold_is_held_out_from_members_of_every_variant(n_members, n_variants):
    n_folds = n_folds_of(n_members, n_variants)
    sizes = [len(range(variant, n_members, n_variants)) for variant in range(n_variants)]
    folds = member_folds(sizes, n_folds)
    for of_variant in np.split(folds, np.cumsum(sizes)[:-1]):
        counts = np.bincount(of_variant, minlength=n_folds)
        assert counts.min() >= 1
        assert counts.max() - counts.min() <= 1


def test_members_without_folds_train_on_every_row():
    folds = np.full(30, -1)
    assert not withheld(folds, member_folds([3, 3], folds.max() + 1)).any()
    assert not sees_withheld(folds, "auto")


def test_members_train_on_rows_of_other_folds():
    expected = [[True, False, True], [False, True, False], [False, False, False]]
    np.testing.assert_array_equal(withheld([0, 1, -1], [0, 1, 0]), expected)


def test_random_folds_are_of_equal_size_up_to_a_row():
    folds = folds_of(np.zeros((43, 2)), 4)
    assert set(np.bincount(folds)) == {10, 11}


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("groups", [None, np.arange(60) % 11])
def test_folds_follow_from_the_generator_alone(stratify, groups):
    y = rng(1).randint(3, size=60)
    first, again, other = (
        folds_of(y, 4, groups=groups, stratify=stratify, rng=rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_spread_over_folds_as_evenly_as_can_be(seed):
    y = rng(seed).choice(["a", "b", "c"], size=101, p=[0.7, 0.2, 0.1])
    folds = folds_of(y, 4, stratify=True, rng=rng(seed))
    counts = np.array([np.bincount(folds[y == c], minlength=4) for c in "abc"])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert np.ptp(counts.sum(axis=0)) <= 1


@pytest.mark.parametrize("n_folds", [2, 3, 4, 5])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_members_see_every_class_whatever_fold_they_hold_out(n_folds, grouped, seed):
    r = rng(seed)
    y = np.minimum(r.geometric(0.3, size=40), 9)  # several classes of few rows
    groups = r.randint(12, size=40) if grouped else None
    folds = folds_of(y, n_folds, groups=groups, stratify=True, rng=r)
    assert len(set(folds[folds >= 0])) >= 2
    for fold in range(folds.max() + 1):
        assert set(y[folds != fold]) == set(y)
    assert groups is None or is_constant_within(groups, folds)


def test_a_class_of_one_row_is_held_out_from_no_member_and_all_others_are():
    y = np.array([0] * 15 + [1] * 2 + [2] + [3] * 7)
    folds = folds_of(y, 4, stratify=True)
    np.testing.assert_array_equal(folds == -1, y == 2)


def test_classes_of_fewer_rows_than_folds_are_no_obstacle():
    y = np.repeat(np.arange(12), 2)
    folds = folds_of(y, 5, stratify=True)
    assert (folds >= 0).all()
    assert (folds[::2] != folds[1::2]).all()
    folds_of(y, 5, stratify=True, groups=np.arange(24) % 8)  # a warning would be an error


def test_rows_of_a_class_in_one_group_are_learned_by_all_and_the_rest_of_the_group_held_out():
    groups = np.arange(60) % 6
    y = np.where((groups == 2) & (np.arange(60) % 4 == 0), 2, rng(0).randint(2, size=60))
    folds = folds_of(y, 3, groups=groups, stratify=True)
    np.testing.assert_array_equal(folds == -1, y == 2)
    assert is_constant_within(groups, folds)


def test_rows_of_a_group_share_a_fold_and_folds_are_of_like_size():
    groups = np.array([f"person {i}" for i in rng(3).randint(20, size=200)])
    folds = folds_of(np.zeros(200), 4, groups=groups)
    assert is_constant_within(groups, folds)
    assert np.bincount(folds).min() >= 45  # greedily divided groups of 10 or so


def test_one_row_a_group_is_like_no_groups():
    assert set(np.bincount(folds_of(np.zeros(42), 4, groups=np.arange(42)))) == {10, 11}


@pytest.mark.parametrize("stratify", [False, True])
def test_there_are_no_more_folds_than_groups(stratify):
    groups, y = np.arange(60) % 3, rng(0).randint(2, size=60)
    folds = folds_of(y, 5, groups=groups, stratify=stratify)
    assert set(folds) == {0, 1, 2}
    trains = ~withheld(folds, member_folds([5], folds.max() + 1))
    assert not trains.all(axis=1).any()  # each row is held out from some member
    assert trains.any(axis=0).all()  # each member trains on some row


def test_what_prevents_held_out_rows_is_said():
    assert "n_samples == 19, must be >= 20" in nothing_held_out(np.zeros(19), 4)
    assert "one group" in nothing_held_out(np.zeros(30), 4, groups=["a"] * 30)
    y = np.repeat(np.arange(3), 10)
    assert "each class is in one group" in nothing_held_out(y, 3, groups=y, stratify=True)


def test_one_fold_is_none_without_a_message():
    assert nothing_held_out(np.zeros(30), 1) is None


@pytest.mark.parametrize("n", [12, 30])
def test_groups_of_another_length_are_refused_whatever_the_number_of_rows(n):
    with pytest.raises(ValueError, match=f"groups has 5 values, must have {n}"):
        assign_folds(np.zeros(n), 4, groups=np.arange(5), rng=rng())


def test_groups_that_are_missing_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        assign_folds(np.zeros(30), 4, groups=np.full(30, np.nan), rng=rng())


def test_targets_of_several_columns_are_no_classes():
    with pytest.raises(ValueError, match="1d array"):
        assign_folds(np.zeros((30, 2)), 4, stratify=True, rng=rng())
