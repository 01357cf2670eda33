"""
=================================================
Is one strategy better than another, and how sure
=================================================

Learning curves of four strategies on eight data sets, and what follows from them. On one data set
the question is whether two strategies differ by more than chance, which is other initial labels
and another split. Over data sets it is whether one is better as a rule. These are two questions
with two tests, and neither is answered by a few curves.

The model is a logistic regression, so that it takes less than a minute on one core.
"""

# %%
# Eight data sets: five that come with scikit-learn, and three that it makes.

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
    """The diabetes data, with two classes: whether the disease went on more than usual."""
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
# One curve for each strategy and each of eight random states, which choose the test samples, the
# initial labels and what the strategies draw. Strategies with the same random state share all of
# these, so that they can be compared in pairs.
#
# What is done is kept in a file. Name a folder that stays, and a run that was cut off goes on where
# it was; one that is done is read.

folder = Path(os.environ.get("SKALLY_CACHE") or tempfile.mkdtemp())
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def run(name):
    """Learning curves on one data set."""
    return learning_curves(
        model,
        samplers,
        *data_sets[name],
        n_initial=20,
        n_instances=8,
        n_rounds=5,
        random_states=range(8),
        cache=folder / f"{name}.curves",
    )


for attempt in ("first", "again"):
    began = perf_counter()
    curves = LearningCurves.concat({name: run(name) for name in data_sets})
    print(f"{attempt}: {perf_counter() - began:.1f} s")

# %%
# The curves. A band is where the mean may lie by what these eight random states tell, for each
# number of labels by itself. Where two bands overlap, the strategies may still differ: a band holds
# the luck of the split, which both share, and their difference does not.

display = LearningCurveDisplay.from_curves(curves, score_name="accuracy")
display.figure_.savefig("compare_curves.png", dpi=130)

# %%
# Each strategy in one line. *area* is the mean height of the curve, *labels_needed* the labels with
# which the mean curve reaches 97 % of random's last score, *labels_saved* how many fewer these are.

print(curves.summary(reference="random").loc[["digits", "iris"]].round(3).to_string())

# %%
# On one data set: is the difference from random more than chance? Compared are areas of the same
# random state. The test takes into account that random states which split the same samples are not
# independent, and *p_adjusted* that 24 questions are asked at once.

compared = curves.compare(reference="random")
columns = ["data_set", "sampler", "difference", "low", "high", "wins", "losses", "p_adjusted"]
print(compared[columns].round(3).to_string(index=False))

# %%
# An adjusted p-value above 0.05 does not say that two strategies are equal. *low* and *high* say
# how far apart they may be: where these are wide, eight random states are too few to tell. More
# random states make them narrower, as far as the overlap of the splits allows.

# %%
# Over data sets each counts once, by its mean area. More random states say more about each data set
# and nothing about others; more data sets do.

print(curves.ranks().sort_values().to_string())
print(curves.compare_across().round(3).to_string(index=False))
ranks = RankDisplay.from_curves(curves)
ranks.figure_.savefig("compare_ranks.png", dpi=130)

# %%
# A bar joins strategies of which no two differ significantly. A strategy may stand under two bars,
# so they are no classes of equals.
#
# Two strategies that are equally good would be ahead of one another on all eight data sets once in
# 128 times. With six pairs to ask about, Holm's method multiplies the smallest p-value by six,
# which gives 0.047. So one pair can be told apart here, if one strategy is ahead everywhere, and
# with one defeat of any size it can not. Seven data sets would show nothing whatever the curves.

wins = WinLossDisplay.from_curves(curves)
wins.figure_.savefig("compare_wins.png", dpi=130)
plt.show()

# %%
# What can be concluded: that one strategy is better than another, for this model, with 20 to 60
# labels in batches of eight, on data sets like these, if the bars and the tables say so.
#
# What can not:
#
# - that two strategies under one bar are as good as each other;
# - that the better one is better on the data set at hand: for that, see its own lines above;
# - anything about nets, other batch sizes or more labels, without curves of these;
# - anything about data sets unlike these. Three of the eight are made up, and the others are small
#   and clean;
# - that the best of many strategies is as good as its curve, where the curve is what it was chosen
#   by.
