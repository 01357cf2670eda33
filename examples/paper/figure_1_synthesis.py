"""Figure 1 of the paper: MNIST digits moved to where the predicted dual variable is large.

The net learns from 2,000 digits. The digit of each class with the smallest predicted dual in the
pool is moved along the gradient of the predicted dual. The picture has one digit per row, and its
steps from left to right.
"""

import numpy as np
import pandas as pd
from common import command_line
from figure_2_images import net_for

from skally import ALLYSampler, InputSynthesizer
from skally.datasets import fetch_mnist

N_LABELED, N_POOL = 2000, 5000


def easiest_of_each_class(net, X_pool, y_pool):
    """Position of the digit of each class with the smallest predicted dual, (10,)."""
    _, dual = ALLYSampler(random_state=0).query(net, X_pool, return_utilities=True)
    dual = dual + 1e-9 * np.arange(len(dual))  # in a tie, the first
    return np.array([np.argmin(np.where(y_pool == digit, dual, np.inf)) for digit in range(10)])


def draw(synthesis, columns, path):
    """Save a grid of images, whose rows are digits and whose columns are steps."""
    import matplotlib.pyplot as plt

    n = synthesis.path.shape[1]
    figure, axes = plt.subplots(n, len(columns), figsize=(len(columns), n), layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    for j, step in enumerate(columns):
        axes[0, j].set_title(f"step {synthesis.steps[step]}", fontsize=9)
        for i in range(n):
            axes[i, j].imshow(
                synthesis.path[step, i].reshape(28, 28), cmap="gray_r", vmin=0, vmax=1
            )
            axes[i, j].text(0, 27, f"{synthesis.duals[step, i]:.3f}", fontsize=6, color="tab:red")
    figure.savefig(path, dpi=110)


def main():
    """Train a net, choose the digits to start from, and move them."""
    options, _ = command_line(__doc__)
    X, y = fetch_mnist(subset="train", flat=True, return_X_y=True)
    rows = np.random.RandomState(0).permutation(len(X))
    labelled, pool = rows[:N_LABELED], rows[N_LABELED : N_LABELED + N_POOL]
    net = net_for("mnist", options.device, 3 if options.quick else 50).set_params(random_state=0)
    net.fit(X[labelled], y[labelled])
    start = pool[easiest_of_each_class(net, X[pool], y[pool])]
    synthesizer = InputSynthesizer(
        n_steps=5 if options.quick else 60, step_size=0.01, clip=(0, 1), random_state=0
    )
    synthesis = synthesizer.synthesize(net, X[start])
    table = pd.DataFrame(synthesis.duals, columns=[f"digit {digit}" for digit in y[start]])
    table.insert(0, "step", synthesis.steps)
    table.round(6).to_csv(options.out / "figure_1.csv", index=False)
    columns = np.unique(np.linspace(0, len(synthesis.steps) - 1, 7).astype(int))
    draw(synthesis, columns, options.out / "figure_1.png")
    falls = np.diff(synthesis.duals, axis=0).min()
    moved = np.sqrt(((synthesis.inputs - X[start]) ** 2).mean(axis=1))
    print(f"predicted duals, start: {np.round(synthesis.duals[0], 4)}")
    print(f"predicted duals, end:   {np.round(synthesis.duals[-1], 4)}")
    print(f"largest fall from a step to the next: {max(-falls, 0):.2g}")
    print(f"classes that the net sees at the end: {net.predict(synthesis.inputs)}")
    print(f"root mean square change of a pixel: {np.round(moved, 3)}")


if __name__ == "__main__":
    main()
