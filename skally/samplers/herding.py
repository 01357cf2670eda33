"""Samplers that cover the pool by smooth balls: herding, with and without uncertainty."""

import numbers
from contextlib import nullcontext

import numpy as np
from sklearn.base import clone
from skorch import NeuralNet

from skally.functional.clustering import as_weight
from skally.functional.coverage import unit_rows
from skally.functional.distances import squared_distance_to_nearest
from skally.functional.herding import LEAST_RADIUS, Cover, all_gains, herd, smallest_distance
from skally.functional.uncertainty import best_temperature, margin, tempered
from skally.pool.checks import check_same_length
from skally.pool.ensembles import spread
from skally.pool.unwrapping import unwrap
from skally.samplers.base import BaseSampler
from skally.utils.random import clone_seeded, draw_seed, torch_seeded
from skally.utils.validation import check_number, take_rows


class MaxHerdingSampler(BaseSampler):
    r"""Rows that are together the most similar to all rows of the pool: for the first labels.

    Features are scaled to length one. The similarity of two rows is exp(-d\ :sup:`2` /
    radius\ :sup:`2`), d their distance. Each pick makes the mean, over the pool, of the largest
    similarity to a labelled or picked row grow most. Smooth balls, so that the radius matters less
    than in :class:`skally.ProbCoverSampler`. Needs no fitted estimator: without one the columns of
    X are the features.

    Parameters
    ----------
    radius : float, at least 0.01, default=1.0
    n_targets : int, default=1000
        Number of rows that stand for all in the mean, drawn at random from a larger pool. Time is
        proportional to it times the size of the pool; memory does not depend on the latter.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Bae, Noh, Sutherland, "Generalized Coverage for More Robust Low-Budget Active Learning", ECCV
    2024, Algorithm 1.

    Examples
    --------
    >>> from skally import MaxHerdingSampler
    >>> X_pool = [[0, 9], [1, 9], [2, 9], [4, 9], [9, 0], [9, 1], [9, 3]]
    >>> MaxHerdingSampler(radius=0.3).query(None, X_pool, n_instances=2)
    array([2, 5])
    """

    uses_utility = False

    def __init__(self, radius=1.0, n_targets=1000, *, random_state=None):
        super().__init__(random_state=random_state)
        self.radius = radius
        self.n_targets = n_targets

    def utility(self, pool, rng):
        cover, to_labeled = self._cover(pool, rng)
        return all_gains(cover, cover.similarity(to_labeled))

    def select(self, pool, utility, k, rng):
        return herd(*self._cover(pool, rng), k, np.ones(len(pool), dtype=bool))

    def _cover(self, pool, rng):
        check_number("radius", self.radius, numbers.Real, LEAST_RADIUS)
        Z, Z_labeled = unit_rows(pool.features), unit_rows(pool.labeled.features)
        targets = draw_targets(len(pool), self.n_targets, rng)
        weight = np.ones(len(pool), dtype=Z.dtype)
        return Cover(Z, weight, targets, self.radius), squared_distance_to_nearest(Z, Z_labeled)


class UHerdingSampler(BaseSampler):
    """Rows that are similar to many rows the estimator is unsure of: uncertainty herding.

    As :class:`skally.MaxHerdingSampler`, but each row of the pool counts as much as the estimator
    is unsure of it: 1 minus the difference of the two largest probabilities, after these are raised
    to the power of 1 / temperature. With few labels the temperature is high and all rows count
    alike; with many the radius is small and rows represent only themselves, so that the most
    uncertain are picked. The utility is the uncertainty; composed with that of another sampler it
    takes regressors too. If no utility is more than zero, all rows count alike.

    Parameters
    ----------
    temperature : float, more than 0, or None, default=None
        None finds the one from 1 to 20 with the least expected calibration error: a clone of the
        estimator is fitted on four fifths of the labelled samples and calibrated on the others.
        This costs a fit for each query, and needs the samples and their labels, from ``X`` and
        ``y`` or a modAL learner. It is 1 where there are fewer than five labels, or a single class
        among those to fit on.
    radius : float, at least 0.01, or None, default=None
        None means the smallest distance between two labelled samples, scaled to length one, that
        are not the same. It is 1 where there are no two, and never below 0.01.
    n_targets : int, default=1000
        As in :class:`skally.MaxHerdingSampler`.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Bae, Oliveira, Sutherland, "Uncertainty Herding: One Active Learning Method for All Label
    Budgets", ICLR 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import UHerdingSampler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X[::5], y[::5])
    >>> sampler = UHerdingSampler(random_state=0)
    >>> sampler.query(model, X, n_instances=5, X=X[::5], y=y[::5]).shape
    (5,)
    """

    def __init__(self, temperature=None, radius=None, n_targets=1000, *, random_state=None):
        super().__init__(random_state=random_state)
        self.temperature = temperature
        self.radius = radius
        self.n_targets = n_targets

    def prepare(self, pool, rng):
        self._check_parameters()
        return clone(self).set_params(temperature=self._find_temperature(pool, rng))

    def utility(self, pool, rng):
        self._check_parameters()
        proba = pool.proba  # its errors come before any fit
        return 1 - margin(tempered(proba, self._find_temperature(pool, rng)))

    def select(self, pool, utility, k, rng):
        self._check_parameters()
        Z, Z_labeled = unit_rows(pool.features), unit_rows(pool.labeled.features)
        targets = draw_targets(len(pool), self.n_targets, rng)
        weight = as_weight(utility, power=1.0).astype(Z.dtype)
        cover = Cover(Z, weight, targets, self._find_radius(Z_labeled))
        return herd(cover, squared_distance_to_nearest(Z, Z_labeled), k, utility > -np.inf)

    def _find_temperature(self, pool, rng):
        return calibrate(pool, rng) if self.temperature is None else self.temperature

    def _find_radius(self, Z_labeled):
        if self.radius is not None:
            return self.radius
        least = smallest_distance(Z_labeled)
        return max(least, LEAST_RADIUS) if np.isfinite(least) else 1.0

    def _check_parameters(self):
        if self.temperature is not None:
            check_number("temperature", self.temperature, numbers.Real)
            if not self.temperature > 0:
                raise ValueError(f"temperature == {self.temperature!r}, must be None or > 0.")
        if self.radius is not None:
            check_number("radius", self.radius, numbers.Real, LEAST_RADIUS)


def draw_targets(n, n_targets, rng):
    """Positions of ``n_targets`` random rows of n, ascending; all rows where there are no more."""
    check_number("n_targets", n_targets, numbers.Integral, 1)
    return np.arange(n) if n <= n_targets else np.sort(rng.permutation(n)[:n_targets])


def calibrate(pool, rng):
    """Temperature of the estimator, found on labelled samples that a clone was not fitted on.

    Parameters
    ----------
    pool : skally.pool.pool.Pool
    rng : numpy.random.RandomState

    Returns
    -------
    temperature : float
        1 where there are fewer than five labels, or a single class among those to fit on.
    """
    pool.check_has_proba()
    X, y = pool.labeled.rows, pool.labeled.target
    check_same_length(X, y)
    classes, y = np.unique(y, return_inverse=True)
    order = np.lexsort((rng.random_sample(len(y)), y))  # by class, each in random order
    is_held = np.arange(len(y)) % 5 == 2
    held, fitted = np.sort(order[is_held]), np.sort(order[~is_held])
    if len(y) < 5 or len(np.unique(y[fitted])) < 2:
        return 1.0
    proba = [
        proba_of_clone(member.core, take_rows(X, fitted), classes[y[fitted]], take_rows(X, held),
                       classes, rng)
        for member in pool.members
    ]  # fmt: skip
    return best_temperature(np.mean(proba, axis=0), y[held])


def proba_of_clone(estimator, X, y, X_held, classes, rng):
    """Probabilities, by a clone fitted on X and y, of held-out rows for all classes."""
    is_plain = isinstance(unwrap(estimator)[1], NeuralNet)  # has no random_state
    with torch_seeded(draw_seed(rng)) if is_plain else nullcontext():
        model = clone_seeded(estimator, rng).fit(X, y)
    return spread(model.predict_proba(X_held), model.classes_, classes)
