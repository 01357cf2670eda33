import gc
import os
import tempfile

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from one_net import one_classifier
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils.data import TensorDataset

from skally import BADGESampler, CoreSetSampler
from skally.pool.pool import Pool
from skally.utils.chunks import by_parts, default_limit
from skally.utils.validation import as_matrix, num_samples

# Bytes: a part of 64 rows of 256 floats takes 65,536, all 200 rows 204,800.
LOW, HIGH = 100_000, 300_000


@pytest.fixture(scope="module")
def classifier(digits):
    """One net, whose embedding has 256 columns."""
    return one_classifier(max_epochs=10, random_state=0).fit(digits[0][:150], digits[1][:150])


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr("skally.utils.chunks.ROWS", 64)


FORMS = {
    "array": np.asarray, "frame": pd.DataFrame, "polars": pl.DataFrame,
    "csr": sparse.csr_matrix, "coo": sparse.coo_matrix, "list": np.ndarray.tolist,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_parts_give_what_the_whole_gives(form, small_parts, digits):
    X, seen = digits[0], []
    result = by_parts(lambda part: seen.append(num_samples(part)) or as_matrix(part) ** 2, form(X))
    assert np.array_equal(result, as_matrix(X) ** 2) and seen == [64, 64, 64, 8]


def test_parts_do_not_change_what_a_net_says(small_parts, digits, classifier):
    X = digits[0]
    assert_same_embedding(by_parts(classifier.embed, X), classifier.embed(X))


def assert_same_embedding(Z, expected):
    """Equal up to the rounding of batches of other sizes: 1.2e-7 for each of 256 terms at most."""
    np.testing.assert_allclose(Z, expected, rtol=0, atol=256 * 1.2e-7 * np.abs(expected).max())


def test_several_results_come_together(small_parts, rng):
    X = rng.randint(-9, 9, size=(150, 3))
    double, total = by_parts(lambda part: (2 * part, part.sum(axis=1)), X)
    assert np.array_equal(double, 2 * X) and np.array_equal(total, X.sum(axis=1))


def test_a_data_set_is_left_to_its_own_batches(small_parts):
    dataset = TensorDataset(torch.zeros(100, 2), torch.zeros(100))
    assert by_parts(len, dataset) == 100


def test_features_of_a_pool_are_the_same_by_parts(small_parts, digits, classifier):
    X, y = digits
    model = make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1.0)).fit(X, y)
    for estimator in (classifier, model):
        pool = Pool(estimator, X)
        # Logits of up to 30 are sums of 256 terms in single precision, right to 1e-4 at least.
        assert np.allclose(pool.proba, estimator.predict_proba(X), rtol=1e-3)
        proba, Z = Pool(estimator, X).proba_and_embedding
        assert np.allclose(proba, pool.proba, rtol=1e-3)
        assert_same_embedding(Z, pool.embedding)
        assert Z.shape == (200, 64 if estimator is model else 256)


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts files as Linux shows them")
def test_what_is_above_the_limit_lies_on_a_file_that_goes_with_it(
    small_parts, digits, classifier, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    X, before = digits[0], open_files()
    pool = Pool(classifier, X, memory_limit=LOW)
    Z = pool.embedding
    assert isinstance(Z, np.memmap)
    assert_same_embedding(Z, classifier.embed(X))
    assert not list(tmp_path.iterdir())
    assert not isinstance(Pool(classifier, X, memory_limit=HIGH).embedding, np.memmap)
    del pool, Z
    gc.collect()
    assert open_files() == before


@pytest.mark.parametrize("chosen", [CoreSetSampler(), BADGESampler(random_state=0)])
def test_picks_from_features_in_a_file_are_as_good(chosen, small_parts, digits, classifier):
    X = digits[0]
    Z = classifier.embed(X[50:])
    on_file, in_memory = (
        chosen.query(classifier, X[50:], 20, X=X[:50], memory_limit=limit) for limit in (LOW, HIGH)
    )
    assert len(set(on_file)) == 20
    if isinstance(chosen, CoreSetSampler):  # rounding could turn a pick, but not the distance left
        left = [
            cdist(Z, np.vstack([classifier.embed(X[:50]), Z[picks]])).min(axis=1).max()
            for picks in (on_file, in_memory)
        ]
        assert left[0] == pytest.approx(left[1], rel=1e-3)


def test_bad_limits_are_named(small_parts, digits, classifier):
    for bad in (0, -1, 1e9, "1", True):
        with pytest.raises(ValueError, match="memory_limit == "):
            CoreSetSampler().query(classifier, digits[0], memory_limit=bad)
    with pytest.raises(
        ValueError, match="memory_limit == 100 bytes, must be >= 65536, the size of 64 rows"
    ):
        CoreSetSampler().query(classifier, digits[0], memory_limit=100)


def test_a_full_disk_is_an_error_before_anything_is_written(small_parts, digits, classifier,
                                                            monkeypatch):  # fmt: skip
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        CoreSetSampler().query(classifier, digits[0], memory_limit=LOW)


def test_the_default_is_a_share_of_the_machines_memory(monkeypatch):
    assert 2**28 < default_limit() < 2**44
    monkeypatch.delattr(os, "sysconf")
    assert default_limit() == 2**32
