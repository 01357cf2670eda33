"""The paper"s own training, by name."""

from skally.nets.presets import PAPER_SETTINGS

__all__ = ["PAPER_SETTINGS"]
