"""Combinations of stopping criteria: any of them, or all of them."""

from skally.stopping.base import StoppingCriterion


class CombinedCriterion(StoppingCriterion):
    """Base of criteria whose decision follows from those of several others.

    Parameters
    ----------
    criteria : list of StoppingCriterion, at least one
    """

    def __init__(self, criteria):
        self.criteria = criteria

    @property
    def needs(self):
        """Fields of the state that any of them needs."""
        self.check_parameters()
        return tuple(dict.fromkeys(name for each in self.criteria for name in each.needs))

    def check_parameters(self):
        if not isinstance(self.criteria, list | tuple) or len(self.criteria) == 0:
            raise ValueError(f"criteria == {self.criteria!r}, must be a list of at least one.")
        for criterion in self.criteria:
            if not isinstance(criterion, StoppingCriterion):
                raise ValueError(f"criteria has {criterion!r}, must hold stopping criteria only.")
            criterion.check_parameters()

    def measure(self, state):
        return [criterion.observe(state) for criterion in self.criteria]

    def decisions(self, observations):
        """Whether each criterion is reached.

        Parameters
        ----------
        observations : list
            Those of all rounds so far, each a list with one of every criterion.

        Returns
        -------
        decisions : list of bool
        """
        columns = zip(*observations, strict=True)
        return [
            criterion.is_reached(list(column))
            for criterion, column in zip(self.criteria, columns, strict=True)
        ]


class AnyOf(CombinedCriterion):
    """Stop as soon as one of several criteria is reached.

    Parameters
    ----------
    criteria : list of StoppingCriterion, at least one

    Examples
    --------
    >>> from skally.stopping import AnyOf, Budget, ScoreChange
    >>> criterion = AnyOf([Budget(500), ScoreChange(tolerance=0.01, patience=1)])
    >>> criterion.is_reached([[100, 0.8], [200, 0.805]])
    True
    """

    def decide(self, observations):
        return any(self.decisions(observations))


class AllOf(CombinedCriterion):
    """Stop when all of several criteria are reached in the same round.

    Parameters
    ----------
    criteria : list of StoppingCriterion, at least one

    Examples
    --------
    >>> from skally.stopping import AllOf, Budget, ScoreChange
    >>> criterion = AllOf([Budget(500), ScoreChange(tolerance=0.01, patience=1)])
    >>> criterion.is_reached([[100, 0.8], [200, 0.805]])
    False
    """

    def decide(self, observations):
        return all(self.decisions(observations))
