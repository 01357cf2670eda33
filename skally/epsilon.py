"""Tolerances that people can choose."""

from skally.nets.epsilon import epsilon_grid, from_error, from_probability, unconstrained_loss

__all__ = ["epsilon_grid", "unconstrained_loss", "from_error", "from_probability"]
