"""What the displays share: colours, axes, and checks of the curves that they draw."""

from skally.benchmark.curves import LearningCurves

INK, MUTED = "#222222", "#8c8c8c"
# The colours of Okabe and Ito, which are safe for colour-blind readers, with a purple instead of
# their yellow, which is too pale for a line.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b3a8c")
MARKERS = "sD^v<>ph"  # to tell lines apart in a grey print too


def pyplot():
    """Import matplotlib's pyplot, or raise an error that says what to install."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("Displays need matplotlib: pip install skally[plot].") from None
    return pyplot


def one_of(ax, axes):
    """The axes given, by their name or by the earlier one."""
    if ax is not None and axes is not None:
        raise ValueError("ax and axes are given, must be one of them.")
    return axes if ax is None else ax


def own_axes(ax, **size):
    """The axes given, or those of a new figure."""
    return pyplot().subplots(layout="constrained", **size)[1] if ax is None else ax


def strip_frame(ax):
    """Remove the upper and right line of the axes, and draw a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.3)
    ax.set_axisbelow(True)


def styles(names, colors=None):
    """Colour and marker of each sampler; a baseline, recognised by its name, is grey.

    Parameters
    ----------
    names : list of str
    colors : dict of str to colour, optional
        Colours of some of the samplers.

    Returns
    -------
    styles : dict of str to dict
    """
    colors = {} if colors is None else colors
    unknown = [name for name in colors if name not in names]
    if unknown:
        raise ValueError(f"colors has {unknown[0]!r}, must be of {names}.")
    others = [name for name in names if not is_baseline(name)]
    made = {}
    for name in names:
        i = others.index(name) if name in others else 0
        colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
        if is_baseline(name):
            colour, marker = MUTED, "o"
        made[name] = {"color": colors.get(name, colour), "marker": marker}
    return made


def is_baseline(name):
    """Whether the name of a sampler says that it is random or a reference."""
    return any(word in name.lower() for word in ("random", "reference", "baseline"))


def check_curves(curves):
    """Return the curves if they are LearningCurves, else raise."""
    if not isinstance(curves, LearningCurves):
        raise ValueError(f"curves is a {type(curves).__name__}, must be LearningCurves.")
    return curves


def check_complete(curves):
    """Areas under the curves, (data set and seed) x samplers; raise if one is missing."""
    areas = check_curves(curves).areas()
    if len(curves.samplers) < 2:
        raise ValueError("curves has 1 sampler, must have at least two.")
    areas = areas.reindex(columns=curves.samplers)
    data_sets = set(areas.index.get_level_values("data_set"))
    without = [name for name in curves.data_sets if name not in data_sets]
    if without:
        raise ValueError(f"curves has no scores on data set {without[0]!r}, must have some.")
    missing = areas.isna().stack()
    if missing.any():
        data_set, seed, sampler = missing.idxmax()
        raise ValueError(
            f"curves has no scores of sampler {sampler!r} with random state {seed} on data set "
            f"{data_set!r}, must have those of all samplers."
        )
    return areas
