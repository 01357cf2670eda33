"""
====================================================
Dual variables of a net that can fit all its samples
====================================================

On a convex problem a dual variable is a price: how much the optimum would improve if that one
constraint were loosened. A net that can fit every training sample satisfies every constraint at no
cost, so all prices are zero. Which duals does training find then?

We train a net on 150 rows of the diabetes data for more and more epochs, and look at how the duals
rank the rows. Then we add conflicts between the constraints and the loss: weight decay, and rows
that contradict one another. This takes minutes, so that the page shows a stored picture;
:doc:`/interpolation` has the figures.
"""

# %%
# A callback stores the losses and duals of all rows after each epoch. The net has computed them for
# its dual step, in a full pass after each epoch.

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale
from skorch.callbacks import Callback

from skally import ConstrainedNetRegressor
from skally.modules import MLP

n_epochs = int(os.environ.get("SKALLY_EPOCHS", "3000"))
torch.set_num_threads(1)
warnings.simplefilter("ignore", ConvergenceWarning)  # the rows that contradict one another


class Course(Callback):
    """Losses and duals after each epoch, arrays of shape (n_epochs, n)."""

    def on_train_begin(self, net, **kwargs):
        self.losses_, self.duals_ = [], []

    def on_epoch_end(self, net, **kwargs):
        self.losses_.append(net.criterion_.multipliers.loss.numpy().copy())
        self.duals_.append(net.criterion_.multipliers.dual.numpy().copy())

    def on_train_end(self, net, **kwargs):
        self.losses_, self.duals_ = np.array(self.losses_), np.array(self.duals_)


class DecayLoss(torch.nn.MSELoss):
    """Squared error with weight decay, so that the optimum takes both into account."""

    def __init__(self, decay=0.01, reduction="none"):
        super().__init__(reduction=reduction)
        self.decay = decay

    def forward(self, y_pred, y_true, module):
        size = sum(weight.square().sum() for weight in module.parameters())
        return super().forward(y_pred, y_true) + self.decay / 2 * size


X, y = load_diabetes(return_X_y=True)
rows = np.random.RandomState(0).permutation(len(X))[:150]
X, y = scale(X)[rows], y[rows]
X_twice = X.copy()
X_twice[:15] = X[15:30]  # 15 pairs of rows with equal inputs and different targets


def train(max_epochs, X=X, **params):
    """Fit a net; returns it with the course of its training."""
    net = ConstrainedNetRegressor(
        module=MLP,
        n_members=1,
        lr=1e-3,
        module__hidden_layer_sizes=(64, 64),
        max_epochs=max_epochs,
        callbacks=[("course", Course())],
        random_state=0,
        **params,
    ).fit(X, y)
    return net, dict(net.net_.callbacks_)["course"]


def line(name, net, course):
    """Print one line of the tables below."""
    duals, losses = net.dual_variables_, course.losses_
    print(
        f"{name:32s} {losses[-1].mean():8.4f} {net.kkt_['max_violation']:8.3f} "
        f"{duals.mean():8.4f} {duals.max():8.3f} {np.mean(duals > 0):7.2f} "
        f"{spearmanr(duals, losses.mean(axis=0))[0]:9.2f} {spearmanr(duals, losses[-1])[0]:9.2f}"
    )


HEAD = f"{'':32s} loss     excess    mean     largest  active  rho area  rho loss"

# %%
# More and more epochs. *loss* is the mean training loss and *excess* the largest violation. *mean*
# and *largest* are those of the duals, *active* is the share of duals above zero. *rho area* is
# Spearman's correlation of the duals with the area under each row's loss curve, *rho loss* that
# with its final loss.

print(HEAD)
by_epochs = {}
for epochs in [t for t in (30, 100, 300, 1000, 3000) if t <= n_epochs]:
    by_epochs[epochs] = train(epochs)
    line(f"{epochs} epochs", *by_epochs[epochs])

# %%
# As long as losses are above epsilon, a dual is proportional to the area between the loss curve and
# epsilon. Once the net fits, the duals decay, by at most ``dual_lr * epsilon`` per epoch, and those
# of the rows that were learned first reach zero first. The remaining duals show how late a row was
# learned, until they are zero too.
#
# Prices above zero need a conflict. With duals that are large enough to influence the training:

print(HEAD)
n_long = min(1000, n_epochs)
STRONG = {"dual_lr": 0.05}
DECAY = {"criterion": DecayLoss, "constraint_criterion": torch.nn.MSELoss}
conflicts = {
    "no conflict": train(n_long, **STRONG),
    "weight decay": train(n_long, **STRONG, **DECAY),
    "contradictions": train(n_long, X=X_twice, **STRONG),
}
for name, (net, course) in conflicts.items():
    line(name, net, course)

# %%
# Are these duals prices? If so, loosening epsilon for all rows from 0.10 to 0.12 changes the final
# training loss by -0.02 times the mean dual.

for name, params in (("no conflict", {}), ("weight decay", DECAY)):
    net = conflicts[name][0]
    looser = train(n_long, epsilon=0.12, **STRONG, **params)[0]
    change = looser.sample_loss(X, y).mean() - net.sample_loss(X, y).mean()
    print(f"{name}: predicted {-0.02 * net.dual_variables_.mean():.4f}, measured {change:.4f}")

# %%
# Without a conflict the price is zero, whatever the duals are. With weight decay it is not zero,
# but the duals fall below it: after they have moved the weights to a region where the constraints
# hold, the weights stay there without them.
#
# For the pairs of rows that contradict one another by more than epsilon allows, the constraints
# cannot hold. Their duals rise for as long as training lasts, and are the largest of all:

net, course = conflicts["contradictions"]
apart = np.abs(y[:15] - y[15:30]) / 2 > np.sqrt(0.1) * y.std()
impossible = np.r_[np.flatnonzero(apart), 15 + np.flatnonzero(apart)]
n_top = len(impossible)
top = np.argsort(-net.dual_variables_)[:n_top]
print(f"{n_top} impossible rows, {np.isin(top, impossible).sum()} of them in the {n_top} largest")

# %%
# The mean dual over training, and the duals beside the areas under the loss curves, by
# ``python plot_interpolation.py``:
#
# .. image:: /images/interpolation.png
#    :alt: Left, the mean dual by epoch: it falls from epoch 150 on, but rises to the end where rows
#       contradict one another. Right, the dual of each row by the area under its loss curve.

# sphinx_gallery_thumbnail_path = 'images/interpolation.png'

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for (name, (_, course)), colour in zip(
    conflicts.items(), ("0.45", "tab:blue", "tab:red"), strict=True
):
    left.plot(course.duals_.mean(axis=1), label=name, color=colour)
left.set(xlabel="epoch", ylabel="mean dual variable", yscale="log", ylim=(0.05, None))
for epochs, colour in ((100, "tab:blue"), (1000, "tab:orange")):
    if epochs in by_epochs:
        net, course = by_epochs[epochs]
        area = course.losses_.mean(axis=0) * epochs
        right.plot(area, net.dual_variables_, ".", label=f"{epochs} epochs", color=colour)
right.set(xlabel="area under the row's loss curve", ylabel="dual variable", xscale="log")
for axes in (left, right):
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
figure.savefig("interpolation.png", dpi=130)
plt.show()
