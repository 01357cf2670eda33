"""What pictures ask of learning curves before they draw any."""

from skally.benchmark.curves import LearningCurves


def check_curves(curves):
    """The curves, if they are any."""
    if not isinstance(curves, LearningCurves):
        raise ValueError(f"curves is a {type(curves).__name__}, must be LearningCurves.")
    return curves


def check_complete(curves):
    """Area under every curve, a row for each data set and random state, if none is missing."""
    areas = check_curves(curves).areas()
    if len(curves.samplers) < 2:
        raise ValueError("curves has 1 sampler, must have at least two.")
    areas = areas.reindex(columns=curves.samplers)
    data_sets = set(areas.index.get_level_values("data_set"))
    bare = [name for name in curves.data_sets if name not in data_sets]
    if bare:
        raise ValueError(f"curves has no scores on data set {bare[0]!r}, must have some.")
    missing = areas.isna().stack()
    if missing.any():
        data_set, seed, sampler = missing.idxmax()
        raise ValueError(
            f"curves has no scores of sampler {sampler!r} with random state {seed} on data set "
            f"{data_set!r}, must have those of all samplers."
        )
    return areas
