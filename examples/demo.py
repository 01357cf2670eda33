"""Which samples to label, and a net or a forest? Learning curves on real data in three minutes.

Digits and tumour cells come with scikit-learn. Parkinsons telemonitoring is added where its file is
on this machine or can be downloaded. What is printed in words is about the last strategy of each
task, which was chosen beforehand and not by its result.

``python examples/demo.py PICTURE`` says where the picture goes, which is demo.png otherwise.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from skally import (
    ALLYSampler,
    ConstrainedClassifier,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    ConstrainedRegressor,
    CoreSetSampler,
    RandomSampler,
    WeightedLCMDSampler,
)
from skally.benchmark import LearningCurveDisplay, learning_curves
from skally.datasets import fetch_parkinsons

COMMON = {"random": RandomSampler(), "CoreSet": CoreSetSampler(), "ALLY": ALLYSampler()}
SAMPLERS = {
    "digits": COMMON | {"WeightedLCMD": WeightedLCMDSampler()},
    "cells": COMMON | {"WeightedLCMD": WeightedLCMDSampler()},
    "parkinsons": COMMON | {"WeightedLCMD": WeightedLCMDSampler()},
}
QUICK = {"n_members": 4, "max_epochs": 80}  # less than the default, to be done soon
RECORDED = {"weighted": False, "cv": 3}  # duals for ALLY, of a forest as scikit-learn fits it
CLASSIFIERS = {
    "net": ConstrainedNetClassifier(**QUICK),
    "forest": ConstrainedClassifier(ExtraTreesClassifier(), **RECORDED),
}
REGRESSORS = {
    "net": ConstrainedNetRegressor(**QUICK),
    "forest": ConstrainedRegressor(ExtraTreesRegressor(), **RECORDED),
}
RANDOM_STATES = range(5)
SHARE = 0.97  # of the last score of random labels: what a strategy should reach with fewer


@dataclass(frozen=True)
class Task:
    """What is predicted from what, and how.

    Parameters
    ----------
    title, score_name : str
        For the reader.
    data : tuple of arrays X and y
    estimators, samplers : dict
    settings : dict
        Other arguments of ``learning_curves``.
    """

    title: str
    score_name: str
    data: tuple
    estimators: dict
    samplers: dict
    settings: dict


def digits():
    """Ten classes of images of 8 x 8 pixels."""
    return Task(
        title="Digits: which one is it?",
        score_name="accuracy on other images",
        data=load_digits(return_X_y=True),
        estimators=CLASSIFIERS,
        samplers=SAMPLERS["digits"],
        settings={"scoring": "accuracy", "n_initial": 40, "n_instances": 40, "n_rounds": 4},
    )


def cells():
    """Area of the three largest cells of a tumour, from means and standard errors of all cells."""
    table = load_breast_cancer(as_frame=True).data
    columns = table.filter(regex="^mean|error$")
    return Task(
        title="Tumours: area of the largest cells",
        score_name="R² on other tumours",
        data=(columns.to_numpy(), table["worst area"].to_numpy()),
        estimators=REGRESSORS,
        samplers=SAMPLERS["cells"],
        settings={"scoring": "r2", "n_initial": 30, "n_instances": 30, "n_rounds": 4},
    )


def parkinsons():
    """How severe Parkinson's disease is, from recordings of the voice."""
    return Task(
        title="Voices: severity of Parkinson's disease",
        score_name="R² on other recordings",
        data=fetch_parkinsons(features="all", return_X_y=True),
        estimators=REGRESSORS,
        samplers=SAMPLERS["parkinsons"],
        settings={"scoring": "r2", "n_initial": 100, "n_instances": 200, "n_rounds": 3},
    )


def tasks():
    """Tasks whose data are here, or can be."""
    yield digits()
    yield cells()
    try:
        yield parkinsons()
    except OSError as error:
        print(f"\n{error}\nGoing on without Parkinsons.")


def run(task):
    """Learning curves of each estimator, by its name."""
    settings = {"random_states": RANDOM_STATES, "n_jobs": -1, "verbose": 1} | task.settings
    curves = {}
    for name, estimator in task.estimators.items():
        print(f"\n{task.title} With a {name}.", flush=True)
        curves[name] = learning_curves(estimator, task.samplers, *task.data, **settings)
    return curves


def table_of(curves):
    """What each sampler reaches, and in how many random states its area is above random's."""
    table = curves.summary(reference="random", share=SHARE)[["area", "final", "labels_needed"]]
    table = table.round({"area": 3, "final": 3, "labels_needed": 0})
    needed = table["labels_needed"]
    wins = curves.compare("random").set_index("sampler")["wins"]
    return table.assign(labels_saved=needed["random"] - needed).join(wins.rename("ahead"))


def sentence(name, curves):
    """What the labels of the last sampler save, in words."""
    table = table_of(curves)
    sampler, needed = table.index[-1], table["labels_needed"]
    many, few = needed["random"], needed.iloc[-1]
    ahead = f"ahead in {table['ahead'].iloc[-1]:.0f} of {len(RANDOM_STATES)} random states"
    if np.isnan(few):
        return f"{name}: {sampler} doesn't reach what random does with {many:.0f}; {ahead}."
    return f"{name}: {sampler} needs {few:.0f} labels where random needs {many:.0f}; {ahead}."


def report(task, curves):
    """Print the table of a task, and a sentence for each estimator."""
    table = pd.concat({name: table_of(each) for name, each in curves.items()})
    print(f"\n{task.title} {task.score_name}, mean of {len(RANDOM_STATES)} random states\n")
    print(table.to_string(na_rep="-"), "\n")
    for name, each in curves.items():
        print(sentence(name, each))


def draw(results):
    """Picture with a column for each task and a row for each estimator."""
    size = (4.2 * len(results), 7)
    figure, grid = plt.subplots(
        2,
        len(results),
        figsize=size,
        sharex="col",
        sharey="col",
        layout="constrained",
        squeeze=False,
    )
    for (task, curves), column in zip(results, grid.T, strict=True):
        for (name, each), ax in zip(curves.items(), column, strict=True):
            LearningCurveDisplay.from_curves(each, ax=ax, score_name=task.score_name)
            ax.set_title(f"{task.title}\nwith a {name}", fontsize="medium")
            mark_saving(ax, each)
    return figure


def mark_saving(ax, curves):
    """Arrow from the labels that random needs to those that the last sampler needs."""
    table = table_of(curves)
    many, few = table["labels_needed"].iloc[[0, -1]]
    if few < many:
        height = SHARE * table.loc["random", "final"]
        ax.annotate("", (few, height), (many, height), arrowprops={"arrowstyle": "->"})
        text = f" {many - few:.0f} labels saved"
        ax.annotate(text, (many, height), ha="left", va="top", fontsize="small")


def main(picture="demo.png"):
    """Run the curves, print what they say and draw them."""
    torch.set_num_threads(1)  # the curves run in parallel
    results = [(task, run(task)) for task in tasks()]
    for task, curves in results:
        report(task, curves)
    print(
        f"\narea: mean height of the curve. labels_needed: for {SHARE:.0%} of the last score of "
        "random labels. ahead: random states in which the area is larger than theirs."
    )
    draw(results).savefig(picture, dpi=130)
    print(f"Picture: {Path(picture).resolve()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
