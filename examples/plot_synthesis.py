"""
============================
Which experiment to run next
============================

If inputs can be chosen freely, such as the settings of an experiment or of a simulation, no pool is
needed: :class:`skally.InputSynthesizer` starts from given rows and moves them to where the net
should have most difficulty, by gradient ascent on the predicted dual variable.

``SKALLY_SEEDS`` sets the number of seeds of the last part.
"""

# %%
# A net learns to predict the progression of diabetes from 150 patients, in the units of the data:
# years, kg/m², mm Hg, mg/dl. The scaler is part of the model.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ALLYSampler, ConstrainedNetRegressor, InputSynthesizer
from skally.modules import MLP

torch.set_num_threads(1)
pd.set_option("display.width", 100)
n_seeds = int(os.environ.get("SKALLY_SEEDS", "1"))

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
rows = np.random.RandomState(0).permutation(len(X))
labelled, others = rows[:150], rows[150:]
net = ConstrainedNetRegressor(
    module=MLP,
    n_members=1,
    lr=1e-3,
    max_epochs=100,
    module__hidden_layer_sizes=(64, 64),
    random_state=0,
)
model = make_pipeline(StandardScaler(), net).fit(X.iloc[labelled], y.iloc[labelled])

# %%
# We start from the ten patients with the smallest predicted duals. Age and sex are fixed; every
# other column may move within its range in the data. The result is a data frame with the same
# columns and the same index. The largest changes, in standard deviations of each column:

_, dual = ALLYSampler(random_state=0).query(model, X.iloc[others], return_utilities=True)
start = X.iloc[others[np.argsort(dual)[:10]]]
synthesizer = InputSynthesizer(
    clip=(X.min(), X.max()), frozen=["age", "sex"], n_steps=60, random_state=0
)
found = synthesizer.synthesize(model, start)

print(found.inputs.round(1).head(3))
change = (found.inputs - start) / X.std()
print(change.mean().round(1).sort_values(key=abs, ascending=False).head(3))

# %%
# Columns move independently of each other. In these data total cholesterol ``s1`` is the sum of
# ``s2``, ``s3`` and a fifth of the triglycerides. This does not hold for a synthesised patient. The
# deviation from the sum, as a root mean square in mg/dl:


def left_over(X):
    """Total cholesterol minus its parts, where ``s5`` is the logarithm of triglycerides."""
    return X["s1"] - X["s2"] - X["s3"] - np.exp(X["s5"]) / 5


for name, patients in (("all", X), ("start", start), ("synthesised", found.inputs)):
    print(f"{name:12s} {np.sqrt(np.square(left_over(patients)).mean()):.0f}")

# %%
# So some of the synthesised inputs are impossible. Whoever runs the experiment has to judge this;
# ``frozen`` and ``clip`` rule out some impossible inputs in advance.
#
# Predicted duals never fall along a path. ``to_frame`` returns all steps as a table:

path = found.to_frame()
print(path.groupby("step")["dual"].median().iloc[::20].round(3))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(found.steps, found.duals, color="tab:blue", alpha=0.6)
left.set(xlabel="step", ylabel="predicted dual variable")
right.scatter(X["bmi"], X["s5"], s=6, color="0.75", label="patients")
for _, course in path.groupby("row"):
    right.plot(course["bmi"], course["s5"], color="tab:blue", alpha=0.6)
    right.plot(*course[["bmi", "s5"]].iloc[-1], "o", color="tab:red", ms=4)
right.set(xlabel="body mass index (kg/m²)", ylabel="s5 (log of triglycerides)")
right.legend(frameon=False)
for axes in (left, right):
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)

# %%
# Are such inputs as hard as predicted? This cannot be checked for patients who do not exist. So we
# use a simulation, Friedman's first function, whose value is known for any input: a net learns it
# from 150 inputs, and we move 100 others. *Moved at random* are moves of the same length in random
# directions. Predicting the mean of the target would have an error of 1.


def simulation(X):
    """Friedman's first function of five inputs between 0 and 1; five more have no effect."""
    wave, bowl = np.sin(np.pi * X[:, 0] * X[:, 1]), np.square(X[:, 2] - 0.5)
    return 10 * wave + 20 * bowl + 10 * X[:, 3] + 5 * X[:, 4]


def error(model, X):
    """Mean squared error, in variances of the target of random inputs."""
    inputs = np.random.RandomState(0).uniform(size=(2000, 10))
    return np.mean((model.predict(X) - simulation(X)) ** 2) / np.var(simulation(inputs))


def moved_at_random(start, end, rng):
    """Inputs as far from the start as the end is, in random directions within the bounds."""
    size = np.sqrt(np.square(end - start).mean(axis=1, keepdims=True))
    return np.clip(start + size * rng.choice([-1, 1], size=start.shape), 0, 1)


def experiment(seed):
    """Errors on inputs of several kinds, and errors after 50 inputs of each kind were labelled."""
    rng = np.random.RandomState(seed)
    X, pool, test = (rng.uniform(size=(n, 10)) for n in (150, 1000, 2000))

    untrained = make_pipeline(StandardScaler(), clone(net).set_params(random_state=seed))
    model = clone(untrained).fit(X, simulation(X))
    query, dual = ALLYSampler(random_state=seed).query(model, pool, 50, return_utilities=True)
    start = pool[np.argsort(dual)[:100]]
    synthesizer = InputSynthesizer(clip=(0, 1), n_steps=50, random_state=seed)
    end = synthesizer.synthesize(model, start).inputs
    there = {
        "random inputs": test,
        "start, small duals": start,
        "moved at random": moved_at_random(start, end, rng),
        "synthesised": end,
    }
    few_steps = clone(synthesizer).set_params(n_steps=5).synthesize(model, pool[:50]).inputs
    new = {
        "none": X[:0],
        "random inputs": pool[:50],
        "ALLY's query of a pool": pool[query],
        "synthesised, 5 steps": few_steps,
        "synthesised, 50 steps": synthesizer.synthesize(model, pool[:50]).inputs,
    }
    after = {}
    for name, inputs in new.items():
        X_more = np.vstack([X, inputs])
        after[name] = error(clone(untrained).fit(X_more, simulation(X_more)), test)
    errors = {name: error(model, inputs) for name, inputs in there.items()}
    return pd.Series(errors), pd.Series(after)


errors, after = zip(*(experiment(seed) for seed in range(n_seeds)), strict=True)
for title, table in (("Error at", errors), ("Error on random inputs after 50 labels of", after)):
    table = pd.DataFrame(table)
    print(f"\n{title}")
    print(pd.DataFrame({"mean": table.mean(), "deviation": table.std(ddof=0)}).round(3))

# %%
# Synthesised inputs are much harder than others, as predicted. They are not the best ones to learn
# from, though: they are in corners where random inputs are rare, and their labels hardly lower the
# error on random inputs. They show where the net fails, and their labels are useful if it must not
# fail there.

plt.show()
