"""Tolerances that people can choose."""

from skally.nets.epsilon import epsilon_grid, free_loss, from_error, from_probability

__all__ = ["epsilon_grid", "free_loss", "from_error", "from_probability"]
