"""Tables of the documentation from the files of ``tabular_duals.py``.

Run: ``python tests/benchmarks/tabular_duals_summary.py FOLDER``, where the folder has the files
``epsilon.csv``, ``wrong_targets.csv``, ``dual_rank.csv``, ``persons.csv``, ``epsilon_steps.csv``.
It writes the means of the first four beside them, into files whose names end in ``_summary``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

CELL, ROW = ["set", "size", "state"], ["set", "size"]
SETS = ["parkinsons", "kin8nm", "diamonds", "satimage", "letter"]
OF_CLASSES = {"0.02": "0.01", "0.2": "0.1", "0.6": "0.3", "2.0": "1.0"}  # columns that they share
TOLERANCES = {"0.01": "0.01 (0.02)", "0.1": "0.1 (0.2)", "0.3": "0.3 (0.6)", "1.0": "1 (2)"}
SCORES = {
    ("before", "dual"): "one net: dual",
    ("default", "dual"): "members: dual",
    ("default", "held-out loss"): "held-out loss",
    ("default", "disagreement"): "disagreement",
    ("before", "entropy"): "one net: entropy",
    ("default", "entropy"): "members: entropy",
}

# Steps beside wrong targets: decay and bound of the duals.
STEPS = {
    "default": "40, 0.1", "2.5 times": "16, 0.25", "ten times": "4, 1", "0.002": "dual_lr=0.002",
}  # fmt: skip

SHOWN = "default"  # dual step whose grid of tolerances is shown


def geometric_mean(ratio):
    """Of ratios, so that twice as good and half as good cancel out."""
    return float(np.exp(np.log(ratio).mean()))


def with_ratios(lines):
    """Fits under constraints, with ratios of their errors to those of the same fit without."""
    is_off = lines["duals"] == "off"
    off = lines[is_off].set_index(CELL)
    lines = lines[~is_off]
    for name in ("error", "held_out_loss"):
        without = lines.join(off[name].rename("without"), on=CELL)["without"]
        lines = lines.assign(**{f"{name}_ratio": lines[name] / without})
    epsilon = lines["epsilon"].astype(str).replace(OF_CLASSES)
    return lines.assign(epsilon=epsilon).dropna(subset="error_ratio")


def of_epsilon(lines):
    """Share of active duals and ratio of errors, a line a set and number of labels."""
    lines = with_ratios(lines)
    lines = lines[lines["duals"] == SHOWN]
    lines = lines.replace({"epsilon": {**TOLERANCES, "auto": '"auto"'}})
    groups = lines.groupby([*ROW, "epsilon"])
    shares, duals = (groups[name].mean().unstack() for name in ("active", "mean_dual"))
    ratios = groups["error_ratio"].apply(geometric_mean).unstack()
    cells = shares.map("{:.0%}".format) + ", " + duals.map("{:.2f}".format)
    cells = cells + ", " + ratios.map("{:.3f}".format)
    cells = cells.where(shares.notna(), "")
    columns = [name for name in (*TOLERANCES.values(), '"auto"') if name in cells]
    return ordered(cells[columns])


def of_steps(lines):
    """Geometric means of ratios for each dual step: what the choice of the default looks at."""
    lines = with_ratios(lines)
    tasks = lines["set"].map(dict.fromkeys(SETS[:3], "regression")).fillna("classification")
    groups = lines.groupby([tasks.rename("task"), "size", "epsilon", "duals"])
    means = groups[["error_ratio", "held_out_loss_ratio"]].agg(geometric_mean)
    worst = groups["error_ratio"].max().rename("worst error_ratio")
    return pd.concat([groups.size().rename("fits"), means, worst], axis=1).round(3)


def of_wrong_targets(lines):
    """Mean and largest ratio of errors by each dual step, a line a set."""
    groups = with_ratios(lines).groupby(["set", "duals"])["error_ratio"]
    means, most = groups.apply(geometric_mean).unstack(), groups.max().unstack()
    cells = means.map("{:.3f}".format) + ", " + most.map("{:.3f}".format)
    return (
        cells.loc[SETS, list(STEPS)].rename(columns=STEPS).rename_axis(index="data", columns=None)
    )


def of_ranks(lines):
    """Mean correlation of each score, a line a set and number of labels."""
    lines = lines.assign(
        column=[SCORES.get(key) for key in zip(lines["net"], lines["score"], strict=True)]
    )
    means = lines.pivot_table(index=ROW, columns="column", values="correlation")
    means = means[[name for name in SCORES.values() if name in means]]
    return ordered(means.map("{:.2f}".format).replace("nan", ""))


def of_persons(lines):
    """Mean and largest ratio of each estimator, a line a number of labels."""
    groups = lines.pivot(index=["size", "state"], columns="estimator", values="ratio").groupby(
        "size"
    )
    cells = groups.mean().map("{:.2f}".format) + ", " + groups.max().map("{:.2f}".format)
    names = ["members by person", "members by row", "ridge", "extra trees"]
    return cells[names].rename_axis(index="labels", columns=None)


def ordered(frame):
    """Lines in the order of the sets."""
    rows = [(name, size) for name in SETS for size in sorted({s for _, s in frame.index})]
    frame = frame.loc[[row for row in rows if row in frame.index]]
    return frame.rename_axis(index=["data", "labels"], columns=None)


def main():
    """Print and write what the files say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    summaries = {
        "epsilon": of_epsilon, "wrong_targets": of_wrong_targets, "dual_rank": of_ranks,
        "persons": of_persons,
    }  # fmt: skip
    for name, summary in summaries.items():
        lines = pd.read_csv(folder / f"{name}.csv")
        frame = summary(lines)
        print(f"\n{name}\n{frame.to_string()}")
        frame.to_csv(folder / f"{name}_summary.csv")
    steps = of_steps(pd.read_csv(folder / "epsilon_steps.csv"))
    print(f"\ndual steps\n{steps.to_string()}")


if __name__ == "__main__":
    main()
