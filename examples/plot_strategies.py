"""
====================================
The picks of all strategies compared
====================================

Every sampler of skally chooses 20 rows of the same two-dimensional pool, with the same net, trained
on the same 30 labels. The pool has large and small clouds, one of them without any label, and a
border between two classes inside the largest cloud, so that the picture shows which rows each
strategy prefers.

The background shows the class that the net predicts, fainter where it is less sure.
"""

# %%
# The pool: five clouds in three classes. No row of the cloud at the top is labelled.

import inspect
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP
from skally.samplers import all_samplers

rng = np.random.RandomState(4)
clouds = [  # centre, spread, rows, class
    ((-1.6, -0.6), 0.55, 220, 0),
    ((0.1, -0.5), 0.55, 220, 1),
    ((2.2, -0.9), 0.30, 90, 2),
    ((1.7, 1.3), 0.35, 50, 1),
    ((-1.2, 1.9), 0.25, 40, 2),
]
X = np.vstack([rng.normal(centre, spread, (n, 2)) for centre, spread, n, _ in clouds])
y = np.repeat([label for *_, label in clouds], [n for _, _, n, _ in clouds])
labeled = rng.permutation(580)[:30]  # none of the last 40
pool = np.setdiff1d(np.arange(len(X)), labeled)

# %%
# One classifier for all strategies, and a regressor for those that need one.

params = {
    "module": MLP, "module__hidden_layer_sizes": (32, 32),
    "n_members": 6,  # whose disagreement BALD, Spread and EPIG measure
    "max_epochs": 150, "lr": 1e-2, "random_state": 0,
}  # fmt: skip
classifier = ConstrainedNetClassifier(**params).fit(X[labeled], y[labeled])
regressor = ConstrainedNetRegressor(**params).fit(X[labeled], y[labeled].astype(float))
FOR_REGRESSION = {"GreedyTargetSampler", "ImprovedGreedySampler"}

# %%
# Samplers that wrap other samplers need arguments; all others have their default parameters.

found = dict(all_samplers())
PARTS = {
    "utility": found["EntropySampler"](),
    "selection": found["ALLYSampler"](),
    "sampler": found["ALLYSampler"](),
    "samplers": [found["MarginSampler"](), found["BADGESampler"](), found["TypiClustSampler"]()],
}


def make(cls):
    """Sampler with its default parameters."""
    parameters = inspect.signature(cls).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty]
    return cls(**{name: PARTS[name] for name in required}, random_state=0)


def ask(name):
    """Positions in the pool of the 20 rows that a sampler picks."""
    net = regressor if name in FOR_REGRESSION else classifier
    return make(found[name]).query(net, X[pool], n_instances=20, X=X[labeled], y=y[labeled])


def family(name):
    """Name of the module that defines a sampler."""
    return found[name].__module__.rsplit(".", 1)[-1].replace("_", " ")


FAMILIES = [
    "uncertainty", "epig", "learning loss", "dropquery", "diversity", "herding", "greedy",
    "discriminative", "gradient", "largest cluster", "ally", "wrappers", "refine",
]  # fmt: skip
names = sorted(found, key=lambda name: FAMILIES.index(family(name)))
picks = {name: ask(name) for name in names}

# %%
# The picture. The background has the colour of the predicted class.

CLASSES = np.array([to_rgb(color) for color in ("#4477aa", "#ccbb44", "#66ccee")])
INK, MUTED, PICK = "#222222", "#999999", "#cc3311"
low, high = X.min(axis=0) - 0.4, X.max(axis=0) + 0.4
grid = np.stack(np.meshgrid(*np.linspace(low, high, 120).T), axis=-1)
proba = classifier.predict_proba(grid.reshape(-1, 2))
sure = (proba.max(axis=1, keepdims=True) - 1 / 3) * 1.5  # from 0 for equal probabilities to 1
shade = 1 - 0.35 * sure * (1 - CLASSES[proba.argmax(axis=1)])


def draw(axes, name, size=1.0):
    """Pool, labelled rows and picks of one strategy."""
    extent = (low[0], high[0], low[1], high[1])
    axes.imshow(shade.reshape(120, 120, 3), extent=extent, origin="lower")
    axes.scatter(*X[pool].T, s=3 * size, color=MUTED, linewidths=0, label="pool")
    axes.scatter(
        *X[labeled].T, s=16 * size, color=INK, marker="x", linewidths=0.9, label="labelled before"
    )
    axes.scatter(
        *X[pool][picks[name]].T,
        s=24 * size,
        color=PICK,
        edgecolors="white",
        linewidths=0.7,
        label="asked for",
    )
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)


def legend(figure):
    """What the marks mean, below the picture."""
    marks = figure.axes[0].get_legend_handles_labels()
    figure.legend(*marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


n_columns = 5
n_rows = -(-len(picks) // n_columns)
figure, panels = plt.subplots(
    n_rows, n_columns, figsize=(11, 2.0 * n_rows + 0.4), layout="constrained", squeeze=False
)
for axes in panels.flat[len(picks) :]:
    axes.remove()
for axes, name in zip(panels.flat, names, strict=False):
    draw(axes, name)
    axes.set_title(name.removesuffix("Sampler"), fontsize=9, color=INK, loc="left", pad=3)
    axes.set_title(family(name), fontsize=7, color=MUTED, loc="right", pad=3)
legend(figure)
plt.show()

# %%
# A picture of each strategy, for its page, if ``SKALLY_PICTURES`` names a folder for them.

if folder := os.environ.get("SKALLY_PICTURES"):
    for name in names:
        figure, axes = plt.subplots(figsize=(5.5, 4.2), layout="constrained")
        draw(axes, name, size=2.0)
        legend(figure)
        figure.savefig(Path(folder) / f"{name}.png", dpi=110)
        plt.close(figure)
