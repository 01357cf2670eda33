"""Stopping criteria on the learning curve alone: the number of labels, and the score."""

import numbers

from skally.pool.unwrapping import held_samples
from skally.stopping.base import StoppingCriterion, as_finite
from skally.utils.validation import check_number, num_samples


class Budget(StoppingCriterion):
    """Stop when a given number of samples is labelled.

    Reached as soon as the number of labelled samples is at least ``n_labels``. That number is the
    state's ``n_labeled``, or else the length of its ``y_labeled``, or else the number of labels
    that a modAL learner holds.

    Parameters
    ----------
    n_labels : int, at least 1

    Examples
    --------
    >>> from skally.stopping import Budget
    >>> Budget(200).is_reached([100, 150, 200])
    True
    """

    def __init__(self, n_labels):
        self.n_labels = n_labels

    def check_parameters(self):
        check_number("n_labels", self.n_labels, numbers.Integral, 1)

    def measure(self, state):
        if state.n_labeled is not None:
            check_number("n_labeled", state.n_labeled, numbers.Integral, 0)
            return int(state.n_labeled)
        y = state.y_labeled
        if y is None and state.estimator is not None:
            y = held_samples(state.estimator, "y_training")
        if y is None:
            raise ValueError(f"n_labeled == None, must be given: {self.name} needs it.")
        return num_samples(y)

    def decide(self, observations):
        return observations[-1] >= self.n_labels


class ScoreChange(StoppingCriterion):
    """Stop when the score no longer changes.

    Reached when, among the scores of the last ``patience`` rounds and the one before them, the
    largest minus the smallest is at most ``tolerance``. Whether larger or smaller scores are better
    does not matter.

    The source uses the gradient instead: the last score minus the one ``patience`` rounds before,
    divided by ``patience``. The range is stricter, since a score that rose and fell again has not
    settled. The source estimates the score without labels; here it is what the loop measures on
    labelled rows held out of training. The defaults are ours.

    Parameters
    ----------
    tolerance : float, at least 0, default=0.005
        In units of the score.
    patience : int, at least 1, default=3
        Rounds.

    References
    ----------
    Laws, Schuetze, "Stopping Criteria for Active Learning of Named Entity Recognition",
    COLING 2008, gradient-based stopping.

    Examples
    --------
    >>> from skally.stopping import ScoreChange
    >>> ScoreChange(tolerance=0.01, patience=2).is_reached([0.5, 0.7, 0.705, 0.708])
    True
    """

    needs = ("score",)

    def __init__(self, *, tolerance=0.005, patience=3):
        self.tolerance = tolerance
        self.patience = patience

    def check_parameters(self):
        check_number("tolerance", self.tolerance, numbers.Real, 0)
        check_number("patience", self.patience, numbers.Integral, 1)

    def measure(self, state):
        return as_finite("score", state.score)

    def decide(self, observations):
        scores = [as_finite("score", score) for score in observations]
        last = scores[-self.patience - 1 :]
        return len(last) > self.patience and max(last) - min(last) <= self.tolerance
