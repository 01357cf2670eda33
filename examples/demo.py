"""Learning curves on real data in under three minutes: digits and Parkinsons telemonitoring.

Without Parkinsons (no file at hand, no network) it takes scikit-learn's diabetes data.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from learning_curve import classification_task, learning_curves, plot, regression_task, table
from sklearn.datasets import load_diabetes, load_digits

from skally import ALLYSampler, CoreSetSampler, EntropySampler, RandomSampler
from skally.datasets import fetch_parkinsons

SAMPLERS = {"random": RandomSampler(), "CoreSet": CoreSetSampler(), "ALLY": ALLYSampler()}
PICTURE = Path("demo.png")


def digits():
    """Ten classes, 40 labels a round."""
    X, y = load_digits(return_X_y=True)
    samplers = SAMPLERS | {"entropy": EntropySampler()}
    size = {"n_initial": 40, "n_instances": 40, "n_rounds": 5}
    return classification_task("Digits", X, y, samplers, **size)


def parkinsons_or_diabetes():
    """A disease score from the voice, or from blood serum where the first cannot be had."""
    try:
        X, y = fetch_parkinsons(features="all", return_X_y=True)
    except OSError as error:
        print(f"{error}\nGoing on with scikit-learn's diabetes data.\n")
        X, y = load_diabetes(return_X_y=True)
        size = {"n_initial": 40, "n_instances": 40, "n_rounds": 5}
        return regression_task("Diabetes", X, y, SAMPLERS, **size)
    size = {"n_initial": 100, "n_instances": 200, "n_rounds": 3}
    return regression_task("Parkinsons telemonitoring", X, y, SAMPLERS, **size)


def main():
    """Curves, table, picture."""
    tasks = [digits(), parkinsons_or_diabetes()]
    curves = learning_curves(tasks, seeds=range(3))
    figure, panels = plt.subplots(1, len(tasks), figsize=(11, 4.5), layout="constrained")
    for task, axes in zip(tasks, panels, strict=True):
        of_task = curves[curves["task"] == task.name]
        print(f"\n{task.name}: {task.unit}, mean of 3 seeds\n{table(of_task)}")
        plot(axes, of_task, task)
    figure.savefig(PICTURE, dpi=130)
    print(f"\nPicture: {PICTURE.resolve()}")


if __name__ == "__main__":
    main()
