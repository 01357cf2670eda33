"""Base class of stopping criteria, and the monitor that applies one in a loop."""

import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skally.utils.validation import check_number


@dataclass(frozen=True)
class RoundState:
    """What a stopping criterion may use after one round of active learning.

    Fields that the criterion does not need may be None.

    Parameters
    ----------
    estimator : fitted estimator, default=None
        An estimator of scikit-learn, a net, a Pipeline or search around one, or a modAL learner or
        committee.
    X_labeled, y_labeled : labelled samples, n_labeled rows, default=None
    X_pool : samples without a label, possibly no rows, default=None
    X_stop : stop set, default=None
        Rows that are the same in every round. They need no labels.
    n_labeled : int, default=None
    score : float, default=None
        Score of the estimator by any measure, as long as it is the same in every round.
    n_instances : int, default=None
        Number of rows that a query asks for.

    Examples
    --------
    >>> from skally.stopping import Budget, RoundState
    >>> state = RoundState(n_labeled=120, score=0.83)
    >>> Budget(100).observe(state)
    120
    """

    estimator: Any = None
    X_labeled: Any = None
    y_labeled: Any = None
    X_pool: Any = None
    X_stop: Any = None
    n_labeled: int | None = None
    score: float | None = None
    n_instances: int | None = None


class StoppingCriterion(BaseEstimator, ABC):
    """Decide whether to stop asking for labels.

    A criterion has no state. It turns each round into an observation that can be stored as JSON,
    and whether to stop is a function of all observations so far. So a loop that was interrupted
    can continue from the observations that it has stored.

    A subclass names what it ``needs`` and overrides three hooks: ``check_parameters``, ``measure``
    and ``decide``.

    Attributes
    ----------
    needs : tuple of str
        Fields of :class:`RoundState` that must not be None.

    Examples
    --------
    >>> from skally.stopping import RoundState, StoppingCriterion
    >>> class GoodEnough(StoppingCriterion):
    ...     needs = ("score",)
    ...
    ...     def __init__(self, target):
    ...         self.target = target
    ...
    ...     def measure(self, state):
    ...         return float(state.score)
    ...
    ...     def decide(self, observations):
    ...         return observations[-1] >= self.target
    >>> criterion = GoodEnough(0.9)
    >>> observations = [criterion.observe(RoundState(score=score)) for score in (0.7, 0.95)]
    >>> criterion.is_reached(observations)
    True
    """

    needs = ()

    def observe(self, state):
        """Observation of this round, for :meth:`is_reached`.

        Parameters
        ----------
        state : RoundState

        Returns
        -------
        observation : float, or list of numbers, strings or lists
            It can be stored as JSON.

        Raises
        ------
        ValueError
            If a parameter is out of its bounds, if the state lacks what the criterion needs, or if
            the observation is not finite.
        """
        self.check_parameters()
        for name in self.needs:
            if getattr(state, name) is None:
                raise ValueError(f"{name} == None, must be given: {self.name} needs it.")
        return self.measure(state)

    def is_reached(self, observations):
        """Whether to stop now.

        Parameters
        ----------
        observations : list
            Observations of all rounds so far, in order.

        Returns
        -------
        is_reached : bool

        Raises
        ------
        ValueError
            If a parameter is out of its bounds or an observation is not finite.
        """
        self.check_parameters()
        return len(observations) > 0 and bool(self.decide(list(observations)))

    def check_parameters(self):
        """Raise ValueError if a parameter is out of its bounds."""

    @abstractmethod
    def measure(self, state):
        """Observation of a round.

        Parameters
        ----------
        state : RoundState
            With all that the criterion ``needs``.

        Returns
        -------
        observation : float, or list of numbers, strings or lists
            It can be stored as JSON.
        """

    @abstractmethod
    def decide(self, observations):
        """Whether to stop.

        Parameters
        ----------
        observations : list
            Those of all rounds so far, in order, one at least.

        Returns
        -------
        is_reached : bool
        """

    @property
    def name(self):
        """Name of the class, for errors."""
        return type(self).__name__


class StoppingMonitor:
    """A criterion together with its observations so far, for a loop of your own.

    Parameters
    ----------
    criterion : StoppingCriterion
    X_stop : stop set or None, default=None
        Rows that are the same in every round, for criteria that need them.
    observations : iterable, default=()
        Observations of earlier rounds, to continue a loop that was interrupted.

    Attributes
    ----------
    observations : list
        One for each round so far. It can be stored by ``json.dumps``.

    Examples
    --------
    >>> import numpy as np
    >>> from modAL.models import ActiveLearner
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    >>> from skally import MarginSampler
    >>> from skally.stopping import StabilizingPredictions, StoppingMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> pool = np.arange(100, 1500)
    >>> learner = ActiveLearner(
    ...     LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1),
    ...     query_strategy=MarginSampler(random_state=0), X_training=X[:100], y_training=y[:100],
    ... )
    >>> monitor = StoppingMonitor(StabilizingPredictions(), X_stop=X[100:1500])
    >>> while not monitor.update(learner):
    ...     indices, _ = learner.query(X[pool], n_instances=50)
    ...     learner.teach(X[pool[indices]], y[pool[indices]])
    ...     pool = np.delete(pool, indices)
    >>> len(pool) > 500
    True
    """

    def __init__(self, criterion, *, X_stop=None, observations=()):
        self.criterion = criterion
        self.X_stop = X_stop
        self.observations = list(observations)

    def update(self, estimator=None, **fields):
        """Observe a round and decide.

        Parameters
        ----------
        estimator : fitted estimator, default=None
        **fields
            Other fields of :class:`RoundState`, such as ``X_pool`` or ``score``.

        Returns
        -------
        is_reached : bool
            Whether to stop now.

        Raises
        ------
        ValueError
            As ``observe`` of the criterion. The round is then not counted.
        """
        state = RoundState(estimator=estimator, **{"X_stop": self.X_stop, **fields})
        self.observations.append(self.criterion.observe(state))
        return self.criterion.is_reached(self.observations)


def as_finite(name, value):
    """The value as a float, after :func:`~skally.utils.validation.check_number`."""
    check_number(name, value, numbers.Real)
    return float(value)


def level(values, quantile):
    """Mean of the values, or a quantile of them; 0 where there are none.

    Parameters
    ----------
    values : array of shape (n,)
    quantile : float from 0 to 1, or None
    """
    if len(values) == 0:
        return 0.0
    return float(np.mean(values) if quantile is None else np.quantile(values, quantile))
