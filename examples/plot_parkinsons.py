"""
==============================================
Parkinsons telemonitoring: ALLY, CoreSet, luck
==============================================

A disease score, total UPDRS, is predicted from 16 measures of the voice, age, sex and time. Each
label is a visit to a clinic. We start from 100 random labels and ask for 200 more in each round.

Two ways to split off the test set answer two questions. A *random* split asks how well the
score is filled in for patients that are already known: the rows of a patient are near duplicates in
time. A split *by subject* asks how well it is predicted for a new patient. That is far harder: no
strategy here does better than the mean of the target, and since age and sex tell patients apart,
more labels of the same patients only make the net surer of what does not carry over.

The target is standardised, so that an error of 1 is what the mean of the target would make. The
bands show one standard error over seeds. ``SKALLY_SEEDS`` sets the number of seeds.
"""

# %%
# Everything but the split is the same for all strategies: the same net, the same training, the same
# first labels for a seed.

import os

import matplotlib.pyplot as plt
from learning_curve import learning_curves, plot, regression_task, table

from skally import ALLYSampler, CoreSetSampler, RandomSampler
from skally.datasets import fetch_parkinsons

n_seeds = int(os.environ.get("SKALLY_SEEDS", "5"))
parkinsons = fetch_parkinsons(features="all")
samplers = {"random": RandomSampler(), "CoreSet": CoreSetSampler(), "ALLY": ALLYSampler()}
tasks = [
    regression_task(f"Split {how}", parkinsons.data, parkinsons.target, samplers, groups=groups)
    for how, groups in (("at random", None), ("by subject", parkinsons.groups))
]
curves = learning_curves(tasks, seeds=range(n_seeds))

# %%
# Test error by number of labels, mean and deviation over seeds.

for task in tasks:
    print(f"\n{task.name}: {task.unit}")
    print(table(curves[curves["task"] == task.name], deviation=True))

# %%
# The learning curves.

figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for task, axes in zip(tasks, panels, strict=True):
    plot(axes, curves[curves["task"] == task.name], task)
figure.savefig("parkinsons.png", dpi=130)
plt.show()
