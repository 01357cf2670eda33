"""Modules that read their sizes from the data."""

from skally.nets.modules import MLP, ResNet18
from skally.nets.tabular import TabularMLP

__all__ = ["MLP", "ResNet18", "TabularMLP"]
