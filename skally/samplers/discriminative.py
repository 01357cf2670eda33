"""Discriminative active learning: label what a classifier tells from the labelled samples."""

import numbers

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally.functional.selection import top_k
from skally.pool.checks import check_proba, checking
from skally.samplers.base import BaseSampler
from skally.utils.chunks import by_parts
from skally.utils.interrupts import interrupts_raised
from skally.utils.locks import warnings_ignored
from skally.utils.random import clone_seeded
from skally.utils.validation import check_number


class DiscriminativeSampler(BaseSampler):
    """Rows that a classifier most surely tells apart from the labelled ones: DAL.

    The batch is chosen in parts. Before each part the classifier is fitted anew, with the rows
    chosen so far counted as labelled. Needs labelled samples, but no fitted estimator: without one
    the columns of X are the features.

    Parameters
    ----------
    classifier : scikit-learn classifier with ``predict_proba``, or None, default=None
        None means a small net on standardised features.
    n_parts : int, default=10
        Number of parts of a batch. A batch of fewer rows has one part for each row.
    ratio : float, default=10.0
        Number of unlabelled rows, drawn at random, for each labelled row that the classifier is
        fitted on.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Gissin, Shalev-Shwartz, "Discriminative Active Learning", arXiv 1907.06347, 2019, Algorithm 1.

    Examples
    --------
    >>> from skally import DiscriminativeSampler
    >>> X, X_pool = [[0.0], [0.5], [1.0]], [[0.2], [0.8], [7.0], [0.4]]
    >>> DiscriminativeSampler(random_state=0).query(None, X_pool, X=X)
    array([2])
    """

    uses_utility = False

    def __init__(self, classifier=None, n_parts=10, ratio=10.0, *, random_state=None):
        super().__init__(random_state=random_state)
        self.classifier = classifier
        self.n_parts = n_parts
        self.ratio = ratio

    def utility(self, pool, rng):
        return self._unlike_labeled(pool, np.array([], dtype=int), rng)

    def select(self, pool, utility, k, rng):
        check_number("n_parts", self.n_parts, numbers.Integral, 1)
        chosen = np.array([], dtype=int)
        for part in np.array_split(np.arange(k), min(k, self.n_parts)):
            worth = self._unlike_labeled(pool, chosen, rng)
            worth[chosen] = -1
            chosen = np.concatenate([chosen, top_k(worth, len(part), rng)])
        return chosen

    def _unlike_labeled(self, pool, chosen, rng):
        """Probability of each row to be unlabelled, (n_pool,), with the chosen ones as labelled."""
        check_number("ratio", self.ratio, numbers.Real, 0)
        Z = pool.features
        labeled = np.concatenate([pool.labeled.features, Z[chosen]])
        if len(labeled) == 0:
            raise ValueError("X == None, must be the labelled samples, which this sampler needs.")
        others = rng.permutation(np.setdiff1d(np.arange(len(Z)), chosen))
        others = others[: max(1, int(self.ratio * len(labeled)))]
        X, y = np.concatenate([labeled, Z[others]]), np.repeat([0, 1], [len(labeled), len(others)])
        classifier = discriminator(len(X)) if self.classifier is None else self.classifier
        # Only the ranking matters. A neural net of scikit-learn would swallow Ctrl-C.
        with warnings_ignored(category=ConvergenceWarning), interrupts_raised():
            classifier = clone_seeded(classifier, rng).fit(X, y)

        def of_unlabeled(proba, start):
            return check_proba(proba, classifier, start)[:, 1]

        return by_parts(checking(of_unlabeled, classifier.predict_proba), Z)


def discriminator(n_rows):
    """Default classifier of :class:`DiscriminativeSampler`, trained for about 100 steps."""
    batch_size = min(200, n_rows)
    net = MLPClassifier(
        (64,),
        batch_size=batch_size,
        learning_rate_init=0.01,
        max_iter=1 + 100 * batch_size // n_rows,
    )
    return make_pipeline(StandardScaler().set_output(transform="default"), net)
