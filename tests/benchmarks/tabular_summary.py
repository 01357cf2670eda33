"""What the files of ``tabular.py`` and ``tabular_realmlp.py`` say, as tables and as a picture.

Run: ``python tests/benchmarks/tabular_summary.py FILES [--write FILE] [--picture FILE]``

A row is a table with a number of labels; its values are means over random states, and only those
states count that all who are compared have. Values below a floor count as the floor, since a ratio
of two errors near zero says nothing that a user would notice.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

BEFORE = "skally_before"
OURS = (BEFORE, "skally_members")
CELL, ROW = ["set", "size", "state"], ["set", "size"]
MEASURES = {  # name: (task, column, floor)
    "regression error": ("regression", "error", 0.005),
    "classification error": ("classification", "error", 0.002),
    "log loss": ("classification", "log_loss", 0.01),
}
NEAR = 1.1  # times the best peer
SHOWN_SIZE = 1000  # labels, of the seconds in the documentation
NAMES = {  # in the order of the tables
    "skally_members": "skally, twelve members",
    BEFORE: "skally, one net as before",
    "realmlp": "RealMLP-TD, four folds",
    "mlp": "scikit-learn's net",
    "gp": "Gaussian process",
    "svm": "support vector machine",
    "extra_trees": "extra trees",
    "forest": "random forest",
    "boosting": "histogram boosting",
    "linear": "ridge, logistic regression",
    "constant": "constant",
}
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "0.55"
MOST = 10.0  # ratio where the picture ends


def read(paths):
    """All lines of some files, the last of each cell and estimator."""
    lines = pd.concat([pd.read_csv(path) for path in paths])
    return lines.drop_duplicates([*CELL, "estimator"], keep="last")


def values_of(lines, measure):
    """Values of a measure, floored: a line a cell, a column an estimator, NaN if not measured."""
    task, column, floor = MEASURES[measure]
    lines = lines[lines["task"] == task].pivot(index=CELL, columns="estimator", values=column)
    lines = lines.dropna(axis=1, how="all").clip(lower=floor)
    return lines[[name for name in NAMES if name in lines]]


def row_means(values):
    """Means over states; of each estimator, over those that it has."""
    return values.groupby(level=ROW, sort=False).mean()


def ratios(values, name, other):
    """Ratio of two estimators in each row, over cells that both have."""
    both = row_means(values.dropna(subset=list({name, other})))
    return both[name] / both[other]


def ratios_to_best(values, name, others):
    """Ratio in each row to the best of the others, with each over the cells that both have."""
    found = pd.concat([ratios(values, name, other) for other in others], axis=1)
    return found.max(axis=1)


def geometric_mean(ratio):
    """Of ratios, so that twice as good and half as good cancel out."""
    return float(np.exp(np.log(ratio).mean()))


def peers(values):
    """Estimators of other packages."""
    return [name for name in values if name not in OURS]


def standing(values):
    """Each estimator beside the net as it was, and beside the best peer of each row."""
    found = {}
    for name in values:
        near = ratios_to_best(values, name, peers(values))
        found[name] = {"rows": len(near), "near the best peer": float((near <= NEAR).mean())}
        if BEFORE in values:
            to_before = ratios(values, name, BEFORE)
            found[name]["ratio"] = geometric_mean(to_before)
            found[name]["worst ratio"] = float(to_before.max())
    return pd.DataFrame(found).T


def beside_peers(values):
    """Geometric mean of the ratio of each of our nets to each peer."""
    found = {
        name: {peer: geometric_mean(ratios(values, name, peer)) for peer in peers(values)}
        for name in OURS
        if name in values
    }
    return pd.DataFrame(found)


def seconds(lines):
    """Medians of the time of a fit, at each number of labels."""
    times = lines.pivot_table(
        index="estimator", columns="size", values="fit_seconds", aggfunc="median"
    )
    return times.loc[[name for name in NAMES if name in times.index]]


def summary(lines):
    """A line an estimator, for the documentation."""
    columns = {}
    for measure in MEASURES:
        found = standing(values_of(lines, measure))
        columns[measure] = found["ratio"].map("{:.2f}".format)
        columns[f"{measure}, worst"] = found["worst ratio"].map("{:.2f}".format)
        columns[f"{measure}, near the best"] = found["near the best peer"].map("{:.0%}".format)
    times = seconds(lines)
    columns[f"seconds, {SHOWN_SIZE} labels"] = times[SHOWN_SIZE].map("{:.2g}".format)
    frame = pd.DataFrame(columns).reindex([name for name in NAMES if name in times.index])
    return frame.fillna("").rename(index=NAMES).rename_axis("estimator")


def show(lines):
    """Print means of all rows, and what follows from them."""
    for measure in MEASURES:
        values = values_of(lines, measure)
        print(f"\n{measure}: means over states\n{row_means(values).round(4).to_string()}")
        print(f"\n{measure}: ratio to {BEFORE}\n{standing(values).round(3).to_string()}")
        print(f"\n{measure}: ratio to each peer\n{beside_peers(values).round(3).to_string()}")
    print(f"\nseconds of a fit, medians\n{seconds(lines).round(2).to_string()}")


def strip(axes, values, title):
    """A line of dots for each estimator: its ratio to the best of each row."""
    shown = values.drop(columns="constant", errors="ignore")
    best = {name: ratios_to_best(shown, name, shown.columns) for name in shown}
    order = sorted(shown, key=lambda name: geometric_mean(best[name]), reverse=True)
    rng = np.random.RandomState(0)
    for height, name in enumerate(order):
        colour = {"skally_members": ORANGE, BEFORE: BLUE}.get(name, GREY)
        ratio = np.minimum(best[name], MOST)
        jitter = rng.uniform(-0.22, 0.22, len(ratio))
        axes.plot(ratio, height + jitter, "o", color=colour, alpha=0.45, markersize=4, mew=0)
        mean = geometric_mean(best[name])
        axes.plot([mean, mean], [height - 0.36, height + 0.36], color=colour, linewidth=3)
    axes.set_yticks(range(len(order)), [NAMES[name] for name in order])
    for label, name in zip(axes.get_yticklabels(), order, strict=True):
        label.set_fontweight("bold" if name in OURS else "normal")
    axes.set_xscale("log")
    axes.set_xlim(0.96, MOST * 1.05)
    axes.set_xticks([1, 1.5, 2, 3, 5, 10], ["1, the best", "1.5", "2", "3", "5", "10 or more"])
    axes.minorticks_off()
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title(title, loc="left", fontsize=11)


def picture(lines, path):
    """Strips of all measures, one below the other."""
    import matplotlib.pyplot as plt

    drawn = {measure: values_of(lines, measure) for measure in MEASURES}
    heights = [len(values.columns) for values in drawn.values()]
    figure, all_axes = plt.subplots(
        len(drawn),
        figsize=(8, 0.34 * sum(heights) + 2),
        height_ratios=heights,
        layout="constrained",
    )
    for axes, (measure, values) in zip(all_axes, drawn.items(), strict=True):
        strip(axes, values, f"{measure.capitalize()}, as a ratio to the least of its row")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main():
    """Print, and write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--write", type=Path, help="CSV file of the documentation's table")
    parser.add_argument("--picture", type=Path, help="PNG file")
    options = parser.parse_args()
    lines = read(options.files)
    show(lines)
    if options.write:
        summary(lines).to_csv(options.write)
    if options.picture:
        picture(lines, options.picture)


if __name__ == "__main__":
    main()
