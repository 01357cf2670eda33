"""Figure 4 of the paper: ALLY on MNIST for tolerances from tiny to huge.

The paper's rule: 1.1 to 1.3 times the mean loss of the net without constraints. That loss is
measured here on rows held out from the initial labels; the tolerances are multiples of it. Random
sampling with the paper's tolerance is shown for comparison.
"""

import numpy as np
import pandas as pd
from common import COLOURS, command_line, one_panel, points_and_mean, run, save
from figure_2_images import net_for

from skally import ALLYSampler, RandomSampler
from skally.benchmark import LearningCurves
from skally.datasets import fetch_mnist
from skally.epsilon import unconstrained_loss
from skally.paper import PAPER_SETTINGS

MULTIPLES = [0.001, 0.1, 0.5, 1.1, 1.2, 1.3, 2.0, 10.0, 1000.0]


def by_multiple(curves):
    """Figure of the mean accuracy by tolerance, with random states as points."""
    areas = curves.areas()
    tried = areas.drop(columns="random").rename(columns=lambda name: float(name.split()[1]))
    figure, axes = one_panel()
    axes.axvspan(1.1, 1.3, color="0.9", label="the paper's rule")
    axes.axhline(areas["random"].mean(), color=COLOURS["random"], label="random sampling")
    points_and_mean(axes, tried, COLOURS["ALLY"], "ALLY, mean and random states")
    axes.set(xscale="log", xlabel="epsilon / loss without constraints")
    axes.set_ylabel("test accuracy, mean over the rounds")
    axes.legend(frameon=False)
    return figure


def main():
    """One curve for each tolerance, with the same initial labels and weights."""
    options, _ = command_line(__doc__)
    train, test = (fetch_mnist(subset=subset, flat=True) for subset in ("train", "test"))
    n = 2000 if options.quick else None
    X, y = train.data[:n], train.target[:n]
    size = {"n_initial": 100, "n_instances": 200, "n_rounds": 1 if options.quick else 5}
    net = net_for("mnist", options.device, 3 if options.quick else 50)
    first = np.random.RandomState(0).permutation(len(X))[: size["n_initial"]]
    loss = unconstrained_loss(net, X[first], y[first], random_state=0)
    print(f"loss without constraints: {loss:.3f}")

    def curves_of(name, sampler, epsilon):
        tried = net_for("mnist", options.device, net.max_epochs).set_params(epsilon=epsilon)
        test_rows = {"X_test": test.data[:n], "y_test": test.target[:n]}
        file = f"figure_4_{name}"
        curves = run(options, file, tried, {name: sampler}, X, y, **test_rows, **size)
        return curves.frame

    frames = [curves_of("random", RandomSampler(), PAPER_SETTINGS["epsilon"])]
    frames += [
        curves_of(f"ALLY {multiple:g}", ALLYSampler(), round(multiple * loss, 6))
        for multiple in (MULTIPLES[2:4] if options.quick else MULTIPLES)
    ]
    curves = LearningCurves(pd.concat(frames, ignore_index=True))
    save(options, "figure_4", curves, draw=by_multiple)


if __name__ == "__main__":
    main()
