"""What the pictures have in common."""

INK, MUTED = "#222222", "#8c8c8c"
# Okabe and Ito's colours, which the colour-blind tell apart, but for yellow, too pale for a line.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b3a8c")
MARKERS = "sD^v<>ph"  # so that a print in grey can be read too


def pyplot():
    """Give matplotlib's pyplot, or say what to install."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("Pictures need matplotlib: pip install skally[plot].") from None
    return pyplot


def own_axes(ax, **size):
    """The axes given, or those of a new figure."""
    return pyplot().subplots(layout="constrained", **size)[1] if ax is None else ax


def styles(names, colors=None):
    """Colour and marker of each sampler: grey if it is named as a baseline.

    Parameters
    ----------
    names : list of str
    colors : dict of str to colour, optional
        For some of them.

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
    """Whether a sampler is called random, or a reference."""
    return any(word in name.lower() for word in ("random", "reference", "baseline"))


def strip_frame(ax):
    """Leave the axes' left and lower lines, and a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.3)
    ax.set_axisbelow(True)
