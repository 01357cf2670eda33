"""What the files of ``fewer_labels.py`` say, as the tables of docs/ahead.rst.

Run: ``SKALLY_DATA=... python tests/benchmarks/fewer_labels_summary.py FOLDER [--write FOLDER]
[--picture FILE]``

The measure of a curve is the area under the logarithm of its errors after the first round, which is
the same for all. Values are differences to random with the same random states, so that -0.1 is an
error a tenth less. A star says that the difference is not due to chance: Student's t with Nadeau
and Bengio's correction, p-values by Holm's method for all of an estimator and batch together.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from fewer_labels import SAMPLERS, split
from tabular_cells import SETS, table, task_of

from skally.benchmark import LearningCurves

REFERENCE = "random"
DRAWN = {
    ("regression", "trees", 200, 0.0, "default"): "spread, auto",
    ("classification", "trees", 200, 0.0, "default"): "margin, central",
}
IN_OTHER_TABLES = ("kernel", "older_boosting", "ridge", "selected_trees")
OF_EMBEDDINGS = ("random", "LCMD", "spread, root")
OF_PAPER = {
    ("classification", "mnist"): ("random", "margin", "BADGE", "margin, central", "ALLY"),
    ("regression", "parkinsons"): ("random", "LCMD", "spread, auto", "ALLY"),
}
TITLES = {"regression": "Numbers: mean squared error", "classification": "Classes: error rate"}
CELL = ["task", "estimator", "batch", "wrong", "embedding"]


def read(path):
    """Cell of a file, its table, and its frame with the errors."""
    name, *cell = (
        path.stem.replace("power-plant", "power_plant").replace("breast-", "breast_").split("-")
    )
    name = name.replace("_", "-")
    estimator, batch, wrong = cell[:3]
    embedding = cell[3] if len(cell) > 3 else "default"
    frame = LearningCurves.load(path).frame.assign(data_set=name)
    frame["error"] = 1 - frame["score"]
    rounds = frame.groupby("sampler")["round"].transform("max")  # not those just begun
    frame = frame[rounds == frame["round"].max()]
    return (task_of(name), estimator, int(batch), float(wrong), embedding), name, frame


def as_curves(name, frame, first=1):
    """Curves whose score is minus the logarithm of the error, from a round on."""
    pool, test = split(len(table(name)[1]), 0)
    least = 0.5 / len(test) if task_of(name) == "classification" else 1e-9
    frame = frame[frame["round"] >= first]
    logs = -np.log(frame["error"].clip(lower=least))
    return LearningCurves.from_frame(frame.assign(score=logs), test_ratio=len(test) / len(pool))


def compared(frames):
    """A line for each table and sampler of a cell."""
    curves = LearningCurves.concat({name: as_curves(name, each) for name, each in frames.items()})
    lines = curves.compare(REFERENCE).drop(columns=["reference", "wins", "losses"])
    lines[["difference", "low", "high"]] *= -1
    lines = lines.rename(columns={"low": "high", "high": "low"})
    rows = pd.concat(frames.values())
    last = rows["round"] == rows.groupby("data_set")["round"].transform("max")
    final = rows[last].groupby(["data_set", "sampler"])["error"].agg(["mean", "std", "count"])
    seconds = rows.groupby(["data_set", "sampler"])["query_seconds"].median()
    final = final.rename(columns={"mean": "final", "std": "final_std", "count": "states"})
    lines = lines.merge(final.assign(query_seconds=seconds).reset_index(), how="right")
    return lines[["data_set", "sampler", "difference", "low", "high", "p_adjusted", "states",
                  "final", "final_std", "query_seconds"]]  # fmt: skip


def shown(lines):
    """A line for each sampler, a column for each table, and the mean over those that all have."""
    lines = lines[lines["sampler"] != REFERENCE]
    names = [name for name in SETS if name in set(lines["data_set"])]
    values = lines.pivot(index="sampler", columns="data_set", values="difference")[names]
    chance = lines.pivot(index="sampler", columns="data_set", values="p_adjusted")[names]
    text = values.map("{:+.2f}".format) + np.where(chance < 0.05, "*", "")
    text = text.where(values.notna(), "")
    text["mean"] = values.mean(axis=1, skipna=False).map("{:+.3f}".format).replace("+nan", "")
    order = [name for name in SAMPLERS if name in text.index]
    text = text.loc[order].reset_index()
    states = lines.pivot(index="sampler", columns="data_set", values="states")
    text["states"] = states.loc[order].min(axis=1).astype(int).to_numpy()
    seconds = lines.pivot(index="sampler", columns="data_set", values="query_seconds")
    if "LCMD" in seconds.index:
        ratio = np.exp(np.log(seconds / seconds.loc["LCMD"]).mean(axis=1))
        text["query time"] = ratio.loc[order].map("{:.1f}".format).to_numpy()
    return text


def by_embedding(cells):
    """A line for each estimator, embedding and sampler, with the same random states for all."""
    others = {cell[1] for cell in cells if cell[4] != "default"}
    wanted = [cell for cell in cells if cell[1] in others and cell[:4:2] == ("regression", 200)]
    wanted = [cell for cell in wanted if cell[3] == 0]
    parts = []
    for estimator in sorted(others):
        own = [cell for cell in wanted if cell[1] == estimator]
        seeds = set.intersection(*(set(each["seed"]) for c in own for each in cells[c].values()))
        for cell in own:
            frames = {
                name: frame[frame["seed"].isin(seeds) & frame["sampler"].isin(OF_EMBEDDINGS)]
                for name, frame in cells[cell].items()
            }
            text = shown(compared(frames)).drop(columns=["query time", "states"])
            text.insert(0, "estimator", estimator)
            text.insert(1, "embedding", cell[4])
            parts.append(text.assign(states=len(seeds)))
    table_of_all = pd.concat(parts).fillna("")
    return table_of_all[[*table_of_all.columns.drop(["mean", "states"]), "mean", "states"]]


def by_labels(frames, samplers):
    """Errors on one table by number of labels, mean and deviation of each estimator and sampler."""
    columns = {}
    for title, frame in frames.items():
        for sampler in samplers:
            errors = frame[frame["sampler"] == sampler].groupby("n_labeled")["error"]
            found = errors.agg(["mean", "std"])
            text = [f"{mean:.3f} ± {std:.3f}" for mean, std in found.to_numpy()]
            columns[f"{title}, {sampler}"] = pd.Series(text, found.index)
    return pd.DataFrame(columns).fillna("").rename_axis("labels").reset_index()


def by_selection(cells):
    """Errors with the last number of labels, of trees on all columns and on those that they use."""
    lines = []
    for estimator in ("trees", "selected_trees"):
        frames = cells["regression", estimator, 200, 0.0, "default"]
        for sampler in (REFERENCE, "spread, auto"):
            line = {"estimator": estimator.replace("_", " "), "sampler": sampler}
            for name, of_selected in cells[
                "regression", "selected_trees", 200, 0.0, "default"
            ].items():
                frame = frames[name]
                last = frame["round"] == of_selected["round"].max()
                is_own = (
                    last & (frame["sampler"] == sampler) & frame["seed"].isin(of_selected["seed"])
                )
                errors = frame.loc[is_own, "error"]
                line[name] = f"{errors.mean():.3f} ± {errors.std():.3f}"
            lines.append(line)
    return pd.DataFrame(lines)


def draw(cells, path):
    """Error as a ratio to that of random labels, geometric mean over the tables, by labels."""
    figure, panels = plt.subplots(1, len(DRAWN), figsize=(12, 4.5), layout="constrained")
    for ax, (cell, own) in zip(panels, DRAWN.items(), strict=True):
        ratios = [log_ratios(name, each) for name, each in cells[cell].items()]
        curves = np.exp(pd.concat(ratios).groupby("n_labeled").mean())
        names = [name for name in SAMPLERS if all(name in each for each in ratios)]
        for name in names:
            width, style = (2.5, "-") if name in (own, REFERENCE) else (1.2, "--")
            color = "black" if name == REFERENCE else None
            ax.plot(curves.index, curves[name], label=name, lw=width, ls=style, color=color)
        ax.set(xlabel="labels", ylabel="error / error with random labels", title=TITLES[cell[0]])
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=130)


def draw_nets(cells, path):
    """Errors of the default net and of the paper's training on the data of its figures 2 and 3."""
    figure, panels = plt.subplots(1, len(OF_PAPER), figsize=(12, 4.5), layout="constrained")
    for ax, ((task, name), samplers) in zip(panels, OF_PAPER.items(), strict=True):
        for estimator, style in (("net", "-"), ("paper_net", ":")):
            frame = cells[task, estimator, 200, 0.0, "default"][name]
            for color, sampler in enumerate(samplers):
                errors = frame[frame["sampler"] == sampler].groupby("n_labeled")["error"].mean()
                if len(errors):
                    label = f"{sampler}, {estimator.replace('_', ' ')}"
                    ax.plot(errors.index, errors, ls=style, color=f"C{color}", label=label)
        ax.set(xlabel="labels", ylabel="error", yscale="log", title=name)
        ax.legend(fontsize=8)
    figure.savefig(path, dpi=130)


def log_ratios(name, frame):
    """Logarithm of errors less that of random, mean over states; the first round is the same."""
    rows = as_curves(name, frame, first=0).frame
    logs = -rows.pivot(index=["seed", "n_labeled"], columns="sampler", values="score")
    return logs.sub(logs[REFERENCE], axis=0).groupby("n_labeled").mean()


def main():
    """Print the tables, and write them with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    cells = {}
    for path in sorted(options.folder.glob("*.sqlite")):
        cell, name, frame = read(path)
        if frame["round"].max() < 1 or frame["sampler"].nunique() < 2:  # just begun
            continue
        cells.setdefault(cell, {})[name] = frame
    long = []
    for cell, frames in sorted(cells.items()):
        lines = compared(frames)
        long.append(lines.assign(**dict(zip(CELL, cell, strict=True))))
        task, estimator, batch, wrong, embedding = cell
        stem = f"ahead_{task}_{estimator}_{batch}" + "_wrong" * (wrong > 0)
        stem += f"_{embedding}" * (embedding != "default")
        print(f"\n{stem}, states: {lines['states'].min()} to {lines['states'].max()}")
        print(shown(lines).to_string(index=False))
        if options.write and embedding == "default" and estimator not in IN_OTHER_TABLES:
            shown(lines).to_csv(options.write / f"{stem}.csv", index=False)
    if options.picture:
        draw(cells, options.picture)
        draw_nets(cells, options.picture.with_stem(f"{options.picture.stem}_nets"))
    of_embeddings = by_embedding(cells)
    print(f"\nEmbeddings\n{of_embeddings.to_string(index=False)}")
    of_selection = by_selection(cells)
    print(f"\nSelected columns\n{of_selection.to_string(index=False)}")
    parkinsons = {
        estimator: cells["regression", estimator, 200, 0.0, "default"]["parkinsons"]
        for estimator in ("trees", "net")
    }
    errors = by_labels(parkinsons, [REFERENCE, "LCMD", "spread, auto"])
    print(f"\nParkinsons\n{errors.to_string(index=False)}")
    if options.write:
        errors.to_csv(options.write / "ahead_parkinsons.csv", index=False)
        of_selection.to_csv(options.write / "ahead_selected.csv", index=False)
        of_embeddings.to_csv(options.write / "ahead_embeddings.csv", index=False)
        columns = [*CELL, *[name for name in long[0] if name not in CELL]]
        table_of_all = pd.concat(long)[columns]
        table_of_all.to_csv(options.write / "ahead.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
