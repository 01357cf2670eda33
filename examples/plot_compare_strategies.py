"""
================================================
Comparing strategies, with tests of significance
================================================

Learning curves of four strategies on eight data sets, and what can be concluded from them. On one
data set the question is whether two strategies differ by more than the chance of initial labels and
splits. Over several data sets it is whether one strategy is better in general. Each question has
its own test, and looking at a few curves answers neither.

The model is a logistic regression, so the example takes less than a minute on one core.
"""

# %%
# Eight data sets: five that come with scikit-learn, and three that it generates.

import os
import tempfile
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
    make_classification,
    make_moons,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import CoreSetSampler, KMeansSampler, MarginSampler, RandomSampler
from skally.benchmark import (
    LearningCurveDisplay,
    LearningCurves,
    RankDisplay,
    WinLossDisplay,
    learning_curves,
)


def above_median():
    """The diabetes data with two classes: whether the disease progressed more than the median."""
    X, y = load_diabetes(return_X_y=True)
    return X, y > 140


data_sets = {
    "breast cancer": load_breast_cancer(return_X_y=True),
    "diabetes": above_median(),
    "digits": load_digits(return_X_y=True),
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "blobs": make_blobs(600, n_features=5, centers=8, cluster_std=3, random_state=0),
    "moons": make_moons(600, noise=0.3, random_state=0),
    "made": make_classification(600, n_classes=3, n_informative=5, random_state=0),
}
samplers = {
    "random": RandomSampler(),
    "margin": MarginSampler(),
    "core-set": CoreSetSampler(),
    "k-means": KMeansSampler(),
}

# %%
# One curve for each strategy and each of eight random states, which determine the test samples, the
# initial labels and the random numbers of the strategies. The curves of strategies with the same
# random state can be compared in pairs.
#
# Finished rounds are stored in a file. With a permanent folder in ``SKALLY_CACHE``, an interrupted
# run is resumed, and a finished run is read from the file.

folder = Path(os.environ.get("SKALLY_CACHE") or tempfile.mkdtemp())
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def run(name):
    """Learning curves on one data set."""
    return learning_curves(
        model,
        samplers,
        *data_sets[name],
        n_initial=20,
        n_instances=10,
        n_rounds=4,
        random_states=range(8),
        cache=folder / f"{name}.curves",
    )


for attempt in ("first", "again"):
    began = perf_counter()
    curves = LearningCurves.concat({name: run(name) for name in data_sets})
    print(f"{attempt}: {perf_counter() - began:.1f} s")

# %%
# The curves. A band is the confidence interval of the mean over random states, for each number of
# labels separately. Two strategies may differ even if their bands overlap: a band includes the
# chance of the split, which both strategies share, and their difference does not.

display = LearningCurveDisplay.from_curves(curves, score_name="accuracy")

# %%
# Each strategy in one line. *area* is the mean height of the curve, *labels_needed* the number of
# labels at which the mean curve reaches 97 % of the last score of random sampling, and
# *labels_saved* the difference of this number from that of random sampling.

print(curves.summary(reference="random").loc[["digits", "iris"]].round(3).to_string())

# %%
# On one data set: is the difference from random sampling more than chance? The test compares areas
# of the same random state. It takes into account that random splits of the same samples are not
# independent, and *p_adjusted* takes into account that 24 comparisons are made.

compared = curves.compare(reference="random")
columns = ["data_set", "sampler", "difference", "low", "high", "wins", "losses", "p_adjusted"]
print(compared[columns].round(3).to_string(index=False))

# %%
# An adjusted p-value above 0.05 does not mean that two strategies are equal. The interval from
# *low* to *high* shows how far apart they may be: if it is wide, eight random states are too few to
# tell. More random states make it narrower, as far as the overlap of the splits allows.

# %%
# Over data sets, each data set counts once, by its mean area. More random states give more
# information on each data set, but none on other data sets; for that, more data sets are needed.

print(curves.ranks().sort_values().to_string())
print(curves.compare_across().round(3).to_string(index=False))
ranks = RankDisplay.from_curves(curves)

# %%
# A bar joins strategies of which no two differ significantly. A strategy may be under two bars, so
# bars are not groups of equal strategies.
#
# Of two equally good strategies, one would be ahead on all eight data sets in one of 128 cases.
# With six pairs, Holm's method multiplies the smallest p-value by six, which gives 0.047. So a pair
# can differ significantly here if one strategy is ahead on all data sets, but not if it is behind
# on one of them. With seven data sets no difference could be significant, whatever the curves.

wins = WinLossDisplay.from_curves(curves)
plt.show()

# %%
# If the bars and the tables show it, we can conclude that one strategy is better than another, for
# this model, with 20 to 60 labels in batches of ten, on data sets like these.
#
# We cannot conclude
#
# - that two strategies under one bar are equally good;
# - that the better strategy is better on a given data set: for that, see its lines in the table
#   above;
# - anything about nets, other batch sizes or more labels;
# - anything about other kinds of data sets. Three of the eight are generated, and the others are
#   small and clean;
# - that the best of many strategies will be as good as its curve, if it was chosen by that curve.
