"""Samplers made of samplers."""

from skally.samplers.base import BaseSampler, utility_of


class ComposedSampler(BaseSampler):
    """Utility of one sampler, selection of another.

    Parameters
    ----------
    utility : sampler
        Says what each row is worth.
    selection : sampler
        Says which rows to take together.
    random_state : None, int or RandomState

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import ComposedSampler, EntropySampler, RandomSampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> sampler = ComposedSampler(EntropySampler(), RandomSampler())
    >>> sampler.query(model, [[-3.0], [0.5], [4.0]])
    array([1])
    """

    def __init__(self, utility, selection, *, random_state=None):
        super().__init__(random_state=random_state)
        self.utility = utility
        self.selection = selection

    def utility(self, pool, rng):  # found on the class: see utility_of
        return utility_of(self.utility, pool, rng)

    def select(self, pool, utility, k, rng):
        return self.selection.select(pool, utility, k, rng)
