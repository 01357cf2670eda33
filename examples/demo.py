"""Learning curves on real data in under three minutes: digits and Parkinsons telemonitoring.

If the Parkinsons data are not on this machine and cannot be downloaded, it uses scikit-learn's
diabetes data instead.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_diabetes, load_digits

from skally import (
    ALLYSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoreSetSampler,
    EntropySampler,
    RandomSampler,
)
from skally.benchmark import LearningCurveDisplay, learning_curves
from skally.datasets import fetch_parkinsons

SAMPLERS = {"random": RandomSampler(), "CoreSet": CoreSetSampler(), "ALLY": ALLYSampler()}
SETTINGS = {"random_states": range(3), "n_jobs": -1, "verbose": 1}
SMALL = {"n_initial": 40, "n_instances": 60, "n_rounds": 3}
QUICK = {"max_epochs": 40}  # a quarter of the default, to be done soon
PICTURE = Path("demo.png")


def digits():
    """Curves on ten classes, 60 labels per round."""
    net = ConstrainedNetClassifier(**QUICK)
    samplers = SAMPLERS | {"entropy": EntropySampler()}
    X, y = load_digits(return_X_y=True)
    return learning_curves(net, samplers, X, y, scoring="accuracy", **SMALL, **SETTINGS)


def parkinsons_or_diabetes():
    """Name and curves of a regression task: Parkinsons, or diabetes if that is not available."""
    try:
        X, y = fetch_parkinsons(features="all", return_X_y=True)
        name, size = "Parkinsons", {"n_initial": 100, "n_instances": 200, "n_rounds": 2}
    except OSError as error:
        print(f"{error}\nUsing scikit-learn's diabetes data instead.\n")
        X, y = load_diabetes(return_X_y=True)
        name, size = "diabetes", SMALL
    net = ConstrainedNetRegressor(**QUICK)
    return name, learning_curves(net, SAMPLERS, X, y, scoring="r2", **size, **SETTINGS)


def main():
    """Run the curves, print their tables and draw them."""
    torch.set_num_threads(1)  # the curves run in parallel
    name, regression = parkinsons_or_diabetes()
    tasks = {"digits: test accuracy": digits(), f"{name}: test R²": regression}
    figure, panels = plt.subplots(1, len(tasks), figsize=(11, 4.5), layout="constrained")
    for ax, (title, curves) in zip(panels, tasks.items(), strict=True):
        table = curves.summary(reference="random")
        print(f"\n{title}, mean of 3 seeds\n{table.round(3).to_string()}")
        LearningCurveDisplay.from_curves(curves, ax=ax)
        ax.set_title(title)
    figure.savefig(PICTURE, dpi=130)
    print(f"\nPicture: {PICTURE.resolve()}")


if __name__ == "__main__":
    main()
