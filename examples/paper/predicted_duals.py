"""Beyond the paper: how well the predicted duals of ALLY rank MNIST digits without a label.

A net learns from random digits. How well do the values that samplers use rank the losses of the
test digits? The table has Spearman's correlation with these losses of the predicted dual, of the
prediction of the same head when it is fitted to the losses of the labelled samples instead of their
duals, and of the entropy, which needs no head. It also has the share of labelled samples with a
dual above zero.
"""

import numpy as np
import pandas as pd
from common import COLOURS, command_line, one_panel, points_and_mean
from figure_2_images import net_for
from scipy.stats import entropy, spearmanr

from skally import DualRegressor
from skally.datasets import fetch_mnist

N_LABELED = [100, 300, 700, 1500, 3100]
SHOWN = {
    "predicted dual": COLOURS["ALLY"],
    "predicted loss": "#0072b2",
    "entropy": COLOURS["entropy"],
}


def losses(net, X, y):
    """Cross entropy of each row, (n,)."""
    proba = net.predict_proba(X)[np.arange(len(y)), np.searchsorted(net.classes_, y)]
    return -np.log(np.maximum(proba, 1e-12))


def correlations(net, X, y, X_test, y_test, seed):
    """Spearman's correlations with the losses of the test digits, a dict."""
    head, Z_test = DualRegressor(random_state=seed), net.embed(X_test)
    seen = {
        "predicted dual": head.fit(net.train_embedding_, net.dual_variables_).predict(Z_test),
        "predicted loss": head.fit(net.train_embedding_, losses(net, X, y)).predict(Z_test),
        "entropy": entropy(net.predict_proba(X_test), axis=1),
    }
    loss = losses(net, X_test, y_test)
    return {name: spearmanr(values, loss).statistic for name, values in seen.items()}


def draw(table):
    """Figure of the mean correlations by number of labels, with random states as points."""
    figure, axes = one_panel()
    for name, color in SHOWN.items():
        points_and_mean(
            axes, table.pivot(index="seed", columns="n_labeled", values=name), color, name
        )
    share = table.groupby("n_labeled")["share of duals above 0"].mean()
    axes.plot(share, ":", color="0.4", label="share of duals above 0")
    axes.set(xscale="log", xlabel="labelled samples", ylabel="rank correlation with the loss")
    axes.set_xticks(share.index, [str(n) for n in share.index])
    axes.minorticks_off()
    axes.legend(frameon=False)
    return figure


def main():
    """Compute one line of the table for each random state and number of labels."""
    options, _ = command_line(__doc__)
    train, test = (fetch_mnist(subset=subset, flat=True) for subset in ("train", "test"))
    lines = []
    for seed in options.random_states:
        rows = np.random.RandomState(seed).permutation(len(train.data))
        for n in N_LABELED[:2] if options.quick else N_LABELED:
            net = net_for("mnist", options.device, 3 if options.quick else 50)
            X, y = train.data[rows[:n]], train.target[rows[:n]]
            net.set_params(random_state=seed).fit(X, y)
            found = correlations(net, X, y, test.data, test.target, seed)
            share = np.mean(net.dual_variables_ > 0)
            lines.append({"seed": seed, "n_labeled": n, **found, "share of duals above 0": share})
    table = pd.DataFrame(lines).round(4)
    table.to_csv(options.out / "predicted_duals.csv", index=False)
    draw(table).savefig(options.out / "predicted_duals.png", dpi=110)
    print(table.groupby("n_labeled").mean().drop(columns="seed").round(2).to_string())


if __name__ == "__main__":
    main()
