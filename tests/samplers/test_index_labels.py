"""Index labels of a data frame beside the positions of the picks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from modAL.models import ActiveLearner
from sklearn.linear_model import LogisticRegression

from skally import EntropySampler, RandomSampler
from skally.modal import repair

repair()
NAMES = [f"row {i}" for i in range(12)]


@pytest.fixture
def frame(rng):
    return pd.DataFrame(rng.normal(size=(12, 2)), columns=["a", "b"], index=NAMES)


@pytest.fixture
def model(rng):
    X = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    return LogisticRegression().fit(X, np.arange(20) % 2)


def test_labels_are_those_of_the_positions_and_come_last(model, frame):
    indices, labels = EntropySampler().query(model, frame, 3, return_labels=True)
    assert np.array_equal(indices, EntropySampler().query(model, frame, 3))
    assert labels.tolist() == [NAMES[i] for i in indices]
    pd.testing.assert_frame_equal(frame.loc[labels], frame.iloc[indices])
    again, utility, same = EntropySampler().query(
        model, frame, 3, return_utilities=True, return_labels=True
    )
    assert np.array_equal(again, indices) and utility.shape == (12,) and same.equals(labels)


def test_labels_of_several_levels_are_returned_too(model, frame):
    index = pd.MultiIndex.from_product([list("xyz"), range(4)])
    indices, labels = EntropySampler().query(
        model, frame.set_axis(index, axis=0), 2, return_labels=True
    )
    assert labels.tolist() == [index[i] for i in indices]


def test_dask_frames_have_an_index_as_well(model, frame):
    dd = pytest.importorskip("dask.dataframe")
    pool = dd.from_pandas(frame, npartitions=3, sort=False)
    indices, labels = EntropySampler().query(model, pool, 3, return_labels=True)
    assert labels.tolist() == [NAMES[i] for i in indices]


def test_learners_return_rows_that_have_their_labels(model, frame, rng):
    X = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    learner = ActiveLearner(LogisticRegression(), EntropySampler(), X, np.arange(20) % 2)
    indices, rows = learner.query(frame, n_instances=3)
    _, labels = EntropySampler().query(learner, frame, 3, return_labels=True)
    assert rows.index.equals(labels) and labels.tolist() == [NAMES[i] for i in indices]
    with pytest.raises(ValueError, match="returns the rows too, with their index"):
        learner.query(frame, n_instances=3, return_labels=True)


def test_index_with_a_label_twice_is_an_error_only_where_labels_are_asked_for(model, frame):
    twice = frame.set_axis([*NAMES[:-1], "row 3"], axis=0)
    picks = EntropySampler().query(model, twice, 3)
    assert np.array_equal(picks, EntropySampler().query(model, frame, 3))
    with pytest.raises(ValueError, match="X_pool has 1 rows whose index label .* such as 'row 3'"):
        EntropySampler().query(model, twice, 3, return_labels=True)


@pytest.mark.parametrize("make", [np.asarray, lambda X: X.to_numpy().tolist(), pl.DataFrame])
def test_pools_without_an_index_have_no_labels(make, frame):
    with pytest.raises(ValueError, match="return_labels == True, must be False for a"):
        RandomSampler().query(None, make(frame), return_labels=True)
