"""Loss of each sample under any fitted estimator."""

from skally.pool.losses import sample_loss

__all__ = ["sample_loss"]
