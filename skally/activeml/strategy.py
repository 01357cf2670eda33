"""A sampler as a query strategy of scikit-activeml."""

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.utils import MISSING_LABEL
from sklearn.base import clone

from skally.activeml.models import PartlyLabeled, estimator_to_ask
from skally.samplers.base import BaseSampler


class SkallyStrategy(SingleAnnotatorPoolQueryStrategy):
    """Query strategy of scikit-activeml that asks as a sampler does.

    It is called as scikit-activeml's own strategies are, and its wrappers of strategies take it.

    Parameters
    ----------
    sampler : sampler
        Any of :func:`skally.samplers.all_samplers`, or a :class:`skally.BaseSampler` of your own.
    missing_label : scalar, string, NaN or None, default=nan
        What stands in y for a label that is not known.
    random_state : None, int or RandomState, default=None
        As in scikit-activeml, the same random state and number of missing labels give the same
        picks, and a RandomState is left as it was. None leaves the sampler its own random state.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the last X.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import MarginSampler
    >>> from skally.activeml import SkallyStrategy
    >>> X = np.array([[0.0], [1.0], [-3.0], [0.5], [4.0]])
    >>> y = np.array([0, 1, np.nan, np.nan, np.nan])
    >>> SkallyStrategy(MarginSampler()).query(X, y, clf=LogisticRegression())
    array([3])
    """

    def __init__(self, sampler, missing_label=MISSING_LABEL, random_state=None):
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.sampler = sampler

    def query(
        self,
        X,
        y,
        clf=None,
        reg=None,
        fit_clf=True,
        fit_reg=True,
        sample_weight=None,
        candidates=None,
        batch_size=1,
        return_utilities=False,
    ):
        """Positions of the samples to label next.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Labelled and unlabelled samples, numbers.
        y : array-like of shape (n_samples,)
            Labels, and ``missing_label`` where there is none. All may be missing if the sampler
            needs no labels.
        clf, reg : classifier or regressor, or None, default=None
            One of the two, or neither if the sampler needs no estimator: one of scikit-activeml, or
            any of scikit-learn, such as a constrained net or a pipeline that contains one.
        fit_clf, fit_reg : bool, default=True
            True fits a copy: one of scikit-activeml on X and y, any other on the labelled samples.
            False takes the estimator as it is fitted.
        sample_weight : array-like of shape (n_samples,), or None, default=None
            Passed to ``fit``.
        candidates : None, int array of shape (n_candidates,) or array-like, default=None
            The pool. None means all samples without a label; integers are positions in X; anything
            else is samples, of shape (n_candidates, ...).
        batch_size : int, at least 1, default=1
            If there are fewer candidates, a warning says so and all are taken.
        return_utilities : bool, default=False

        Returns
        -------
        query_indices : int array of shape (batch_size,)
            Positions in X, or in ``candidates`` if these are samples.
        utilities : array of shape (batch_size, n_samples), or (batch_size, n_candidates)
            Only with ``return_utilities``: those of ``BaseSampler.query``, more is better. NaN for
            what is no candidate, and in row i for the first i picks. Samplers that choose a batch
            as a whole need not pick the largest.

        Raises
        ------
        TypeError, ValueError
            For bad X, y, candidates, batch size, missing label and random state as strategies of
            scikit-activeml. TypeError if ``sampler``, ``clf`` or ``reg`` is something else than
            its name says. ValueError if both estimators are given, if nothing is left to query, or
            as :meth:`skally.BaseSampler.query`.
        sklearn.exceptions.NotFittedError
            If the sampler needs a fitted estimator, and there is none, nor a label to fit it on.
        """
        # The checks and the meaning of candidates that all strategies of scikit-activeml share.
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities
        )
        X_pool, mapping = self._transform_candidates(candidates, X, y)
        if len(X_pool) == 0:
            raise ValueError(
                "There is nothing to query: no label in y is missing, or candidates is empty."
            )
        sampler = self._seeded_sampler()
        samples = PartlyLabeled(X, y, self.missing_label_, sample_weight)
        estimator = estimator_to_ask(samples, clf, reg, fit_clf, fit_reg)
        labeled = {"X": X[samples.known], "y": samples.labels}
        asked = sampler.query(
            estimator, X_pool, batch_size, return_utilities=return_utilities, **labeled
        )
        columns, n = (np.arange(len(X_pool)), len(X_pool)) if mapping is None else (mapping, len(X))
        if not return_utilities:
            return columns[asked]
        indices, utility = asked
        return columns[indices], one_row_for_each_pick(utility, columns, indices, n)

    def _seeded_sampler(self):
        if not isinstance(self.sampler, BaseSampler):
            raise TypeError(f"sampler == {self.sampler!r}, must be a sampler of skally.")
        sampler = clone(self.sampler)
        if self.random_state is not None:
            sampler.set_params(random_state=self.random_state_)
        return sampler


def one_row_for_each_pick(utility, columns, indices, n):
    """Utilities as scikit-activeml returns them, (k, n).

    Parameters
    ----------
    utility : array of shape (n_pool,)
    columns : int array of shape (n_pool,)
        Column of each row of the pool.
    indices : int array of shape (k,)
        Picks, as rows of the pool, in the order in which they were picked.
    n : int
        Number of columns. The others, and the picks before, get NaN.
    """
    utilities = np.full((len(indices), n), np.nan)
    utilities[:, columns] = utility
    for i, pick in enumerate(columns[indices]):
        utilities[i + 1 :, pick] = np.nan
    return utilities
