"""EPIG: labels that tell the most about the labels of other rows."""

import numbers

import numpy as np

from skally.functional.information import gaussian_information, joint_information
from skally.pool.samples import Samples
from skally.samplers.base import BaseSampler
from skally.samplers.herding import draw_targets
from skally.utils.chunks import by_parts
from skally.utils.validation import check_number, take_rows


class EPIGSampler(BaseSampler):
    """Rows whose labels tell the most about those of target rows: predictive information gain.

    The utility is the mutual information of a row's label and a target's label, mean over targets.
    :class:`skally.BALDSampler` asks where models disagree; this asks which of these disagreements
    matters to the predictions wanted, so that outliers are left alone. The models are the members
    of a net or of a committee, or of scikit-learn's forests, bagging or voting. Draws of dropout
    will not do: each row has its own, which do not tell about two rows together.

    For regressors labels are taken to be normal, with the covariance of the members' predictions
    and noise of the same variance everywhere, and several outputs are taken each by itself.

    Rows of large utility may be neighbours: for batches, use its utility in
    :class:`skally.StochasticSampler` or :class:`skally.WeightedLCMDSampler`.

    Parameters
    ----------
    n_targets : int, default=100
        Number of target rows, drawn at random from the pool.
    noise : float, more than 0, default=1.0
        Variance of the noise in a label, as a multiple of the mean variance over members of the
        predictions of targets. For regressors only.
    X_target : rows or None, default=None
        Rows whose labels are to be predicted. None means rows of the pool.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Bickford Smith, Kirsch, Farquhar, Gal, Foster, Rainforth, "Prediction-Oriented Bayesian Active
    Learning", AISTATS 2023. The variance of the noise is ours.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skally import EPIGSampler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RandomForestClassifier(random_state=0).fit(X[::10], y[::10])
    >>> EPIGSampler(random_state=0).query(model, X, n_instances=3).shape
    (3,)
    """

    def __init__(self, n_targets=100, noise=1.0, X_target=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.n_targets = n_targets
        self.noise = noise
        self.X_target = X_target

    def utility(self, pool, rng):
        check_number("noise", self.noise, numbers.Real, 1e-6)
        rows = draw_targets(len(pool), self.n_targets, rng)
        X_target = take_rows(pool.rows, rows) if self.X_target is None else self.X_target
        of_targets = member_predictions(pool.estimator, X_target, "X_target")

        def information(X):
            draws = member_predictions(pool.estimator, X, "X_pool, or a part of it,")
            if pool.is_regression:
                return gaussian_information(draws, of_targets, self.noise)
            return joint_information(draws, of_targets)

        return by_parts(information, pool.rows, pool.memory_limit)


def member_predictions(estimator, X, name):
    """Predictions of each member of an estimator, (n_members, n, n_classes or n_outputs).

    Errors call the rows by the name.
    """
    samples = Samples(estimator, X)
    vars(samples)["_name"] = name
    return np.stack(list(samples.draws(None, None)))
