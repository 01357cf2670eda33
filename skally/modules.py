"""Modules that read their sizes from the data."""

from skally.nets.modules import MLP, ResNet18

__all__ = ["MLP", "ResNet18"]
