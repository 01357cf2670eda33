"""What every stopping criterion is: a round leaves an observation, their list decides."""

import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class RoundState:
    """What there is to see after one round of active learning.

    What a criterion does not need may be None.

    Parameters
    ----------
    estimator : fitted estimator
        Any of scikit-learn's, a net, a Pipeline or search around one, or a modAL learner or
        committee.
    X_labeled, y_labeled : labelled samples, n_labeled rows
    X_pool : samples without a label, which may be none any more
    X_stop : stop set
        Rows that are the same in every round. They need no labels.
    n_labeled : int
    score : float
        Of the estimator, by whatever measure the loop uses.
    n_instances : int
        Number of rows that a query asks for.
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
    """Decide whether more labels are worth asking for.

    A criterion remembers nothing. What a round has to say is its observation, which can be stored
    as JSON; whether to stop is a function of all observations so far. A loop that was killed goes
    on from those that it has stored.

    A subclass names what it ``needs`` and overrides three hooks: ``check_parameters``, ``measure``
    and ``decide``.

    Attributes
    ----------
    needs : tuple of str
        Fields of :class:`RoundState` that must not be None.
    """

    needs = ()

    def observe(self, state):
        """What this round contributes to the decision.

        Parameters
        ----------
        state : RoundState

        Returns
        -------
        observation : float, or list of numbers, strings or lists
            Can be stored as JSON.

        Raises
        ------
        ValueError
            If a parameter is out of its bounds, if the state lacks what the criterion needs, or if
            what it measures is not finite.
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
            Those of all rounds so far, in order.

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
        """Observation of a round."""

    @abstractmethod
    def decide(self, observations):
        """Whether to stop, from the observations of one round or more."""

    @property
    def name(self):
        """Name of the class, for errors."""
        return type(self).__name__


class StoppingMonitor:
    """A criterion and its observations, for a loop of your own.

    Parameters
    ----------
    criterion : StoppingCriterion
    X_stop : stop set or None
        Rows that are the same in every round, for criteria that need them.
    observations : iterable
        Those of earlier rounds, of a loop that goes on.

    Attributes
    ----------
    observations : list
        One for each round so far. ``json.dumps`` takes it.

    Examples
    --------
    >>> import numpy as np
    >>> from modAL.models import ActiveLearner
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import MarginSampler
    >>> from skally.stopping import StabilizingPredictions, StoppingMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> pool = np.arange(100, 1500)
    >>> learner = ActiveLearner(
    ...     LogisticRegression(C=0.01, max_iter=1000), query_strategy=MarginSampler(random_state=0),
    ...     X_training=X[:100], y_training=y[:100],
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
        """Observe a round.

        Parameters
        ----------
        estimator : fitted estimator
        **fields
            Other fields of :class:`RoundState`, such as ``X_pool`` or ``score``.

        Returns
        -------
        is_reached : bool
            Whether to stop now.

        Raises
        ------
        ValueError
            As ``observe`` of the criterion. The round is not counted then.
        """
        state = RoundState(estimator=estimator, **{"X_stop": self.X_stop, **fields})
        self.observations.append(self.criterion.observe(state))
        return self.criterion.is_reached(self.observations)


def check_between(name, value, least, most):
    """Raise unless value is a number from ``least`` to ``most``."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise ValueError(f"{name} == {value!r}, must be a number from {least} to {most}.")


def as_finite(name, value):
    """The value as a float.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    if not isinstance(value, numbers.Real) or not np.isfinite(value):
        raise ValueError(f"{name} == {value!r}, must be a finite number.")
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
