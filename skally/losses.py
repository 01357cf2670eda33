"""Loss of each sample under any fitted estimator."""

from skally.pool.samples import sample_loss

__all__ = ["sample_loss"]
