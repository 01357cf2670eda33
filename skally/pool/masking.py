"""What an estimator predicts where some of its inputs are dropped."""

import numpy as np
from skorch.utils import is_dataset

from skally.pool.checks import check_proba, checking
from skally.pool.ensembles import spread
from skally.pool.unwrapping import transform
from skally.utils.chunks import by_parts
from skally.utils.columns import in_form_of
from skally.utils.validation import as_matrix


def label_changes(pool, rate, n_masks, rng):
    """Share of masks under which the predicted class of each row is another one, (n,).

    A mask sets each input to zero with probability ``rate`` and divides the others by 1 - rate, as
    dropout does in training. Inputs are what the last step of a pipeline sees.

    Parameters
    ----------
    pool : skally.pool.samples.Samples
    rate : float, at least 0 and less than 1
    n_masks : int
    rng : numpy.random.RandomState
    """
    pool.check_has_proba()

    def changes(X):
        inputs = [as_inputs(transform(member.estimator, X)) for member in pool.members]
        plain = predicted_class(pool, inputs)
        changed = np.zeros(len(plain))
        for _ in range(n_masks):
            dropped = [dropout(each, rate, rng) for each in inputs]
            changed += predicted_class(pool, dropped) != plain
        return changed / n_masks

    compute = checking(lambda part, start: part, changes, "X_pool")
    return by_parts(compute, pool.rows, pool.memory_limit)


def as_inputs(X):
    """Rows, those of a data set as an array."""
    return np.stack([np.asarray(X[i][0]) for i in range(len(X))]) if is_dataset(X) else X


def dropout(X, rate, rng):
    """Rows in the same form, with each number zero with probability ``rate``, or scaled up."""
    Z = as_matrix(X)
    kept = rng.random_sample(Z.shape) >= rate
    return in_form_of(X, Z * (kept / (1 - rate)).astype(Z.dtype))


def predicted_class(pool, inputs):
    """Number of the predicted class of each row, (n,), a committee's by its mean probabilities.

    Parameters
    ----------
    pool : skally.pool.samples.Samples
    inputs : list of rows, one for each learner of a committee, as the last step of its pipeline
        sees them
    """
    proba = [
        check_proba(member.net.predict_proba(X), member.net)
        for member, X in zip(pool.members, inputs, strict=True)
    ]
    if len(proba) > 1:
        all_classes = pool.core.classes_
        known = [member.core.classes_ for member in pool.members]
        proba = [spread(p, classes, all_classes) for p, classes in zip(proba, known, strict=True)]
    return np.mean(proba, axis=0).argmax(axis=1)
