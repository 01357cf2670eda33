"""What a sampler may see: samples, labelled or not, through a fitted estimator of any kind.

This is the only room that knows how learners, pipelines, searches and ensembles are unwrapped.
"""

from skally.pool.pool import Pool
from skally.pool.samples import Samples

__all__ = ["Pool", "Samples"]
