"""Pictures and figures of what the nets and samplers do."""

from skally.benchmark.dual_display import DualVariablesDisplay

__all__ = ["DualVariablesDisplay"]
