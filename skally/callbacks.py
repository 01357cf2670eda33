"""skorch callbacks for constrained training."""

from skally.nets.callbacks import CosineDecay, KKTStopping

__all__ = ["CosineDecay", "KKTStopping"]
