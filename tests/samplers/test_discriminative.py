import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skally import DiscriminativeSampler


def test_rows_unlike_the_labelled_come_first(rng):
    X, X_pool = rng.normal(size=(60, 3)), rng.normal(size=(80, 3))
    X_pool[:9] += 6
    picks, utility = DiscriminativeSampler(n_parts=1, random_state=0).query(
        None, X_pool, 8, X=X, return_utilities=True
    )
    assert set(picks) <= set(range(9))
    assert utility.min() >= 0 and utility.max() <= 1
    assert utility[:9].min() > np.median(utility[9:])


class Recorder(LogisticRegression):
    """A classifier that shows what it learns from."""

    seen = []

    def fit(self, X, y):
        self.seen.append((X, y))
        return super().fit(X, y)


def test_picked_rows_join_the_labelled_before_the_next_part(rng):
    X, X_pool = rng.normal(size=(10, 2)), rng.normal(size=(30, 2))
    Recorder.seen.clear()
    sampler = DiscriminativeSampler(Recorder(), n_parts=3, ratio=1.5, random_state=0)
    picks = sampler.query(None, X_pool, 7, X=X)
    assert len(Recorder.seen) == 3
    for (seen, label), n_before in zip(Recorder.seen, (0, 3, 5), strict=True):
        assert np.array_equal(seen[label == 0], np.vstack([X, X_pool[picks[:n_before]]]))
        assert (label == 1).sum() == int(1.5 * (10 + n_before))
        unlabelled = {tuple(row) for row in seen[label == 1]}
        assert unlabelled <= {tuple(row) for row in np.delete(X_pool, picks[:n_before], axis=0)}


def test_each_part_takes_the_rows_of_largest_probability(rng):
    X, X_pool = rng.normal(size=(10, 2)), rng.normal(size=(30, 2)) + 1
    picks = DiscriminativeSampler(GaussianNB(), n_parts=1, ratio=9.0).query(None, X_pool, 6, X=X)
    model = GaussianNB().fit(np.vstack([X, X_pool]), np.repeat([0, 1], [10, 30]))
    proba = model.predict_proba(X_pool)[:, 1]
    assert np.allclose(proba[picks], np.sort(proba)[:-7:-1])  # fitted on rows in another order


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        DiscriminativeSampler().query(None, np.eye(4))
    with pytest.raises(ValueError, match="n_parts == 0"):
        DiscriminativeSampler(n_parts=0).query(None, np.eye(4), X=np.eye(4))
    with pytest.raises(ValueError, match="ratio == -1"):
        DiscriminativeSampler(ratio=-1).query(None, np.eye(4), X=np.eye(4))
