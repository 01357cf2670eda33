"""Settings of the paper's own training."""

from skally.nets.presets import PAPER_SETTINGS

__all__ = ["PAPER_SETTINGS"]
