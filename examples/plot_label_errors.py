"""
======================================
Finding wrong labels by dual variables
======================================

A sample with a wrong label is hard to satisfy, so its dual variable grows. Here 5, 10 and 20 % of
500 labels are replaced by other classes. If there are k wrong labels, which share of the k largest
duals belongs to them?

The duals come from one training on all rows. They are compared with two other scores of the same
net: its final training loss, and its loss on rows held out by 3-fold cross-validation without
constraints, for which it is trained three more times. cleanlab ranks by the latter by default (as
``self_confidence``); ``tests/benchmarks/label_errors.py`` runs cleanlab itself.

``SKALLY_SEEDS`` sets the number of seeds; five take some minutes. Pendigits is used if the folder
SKALLY_DATA has it.
"""

# %%
# The net with its default settings, with 30 epochs instead of 100, and with larger duals.

import os

import matplotlib.pyplot as plt
import numpy as np
from label_noise import SHARES, all_runs, precisions, table

runs = all_runs(range(int(os.environ.get("SKALLY_SEEDS", "5"))))
found = precisions(runs)

# %%
# Precision among the k most suspicious rows: mean and standard deviation over seeds.

print(table(found).to_string())

# %%
# A net that is trained for many epochs learns the wrong labels too, and then their losses are as
# small as those of other rows: on digits the final loss is better after 30 epochs than after 100.
# The dual still reflects how long it took to learn them. On pendigits 30 epochs are too few for all
# scores.

colours = {"dual": "tab:red", "final loss": "0.45", "cross-validated loss": "tab:blue"}
names = list(found["data"].unique())
figure, panels = plt.subplots(
    1, len(names), figsize=(5.5 * len(names), 4), sharey=True, squeeze=False, layout="constrained"
)
for name, axes in zip(names, panels[0], strict=True):
    of_data = found[found["data"] == name]
    for (rule, setting), rows in of_data.groupby(["rule", "setting"], sort=False):
        if setting in ("defaults", "30 epochs"):
            mean = rows.groupby("share")["precision"].mean()
            dashed = "-" if setting == "defaults" else "--"
            label = f"{rule}, {'100' if setting == 'defaults' else '30'} epochs"
            axes.plot(100 * mean.index, mean, dashed, marker="o", c=colours[rule], label=label)
    axes.set(title=name, xlabel="wrong labels, %", xticks=100 * np.array(SHARES))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
panels[0, 0].set_ylabel("share of wrong labels found")
panels[0, -1].legend(frameon=False, fontsize=8)
figure.savefig("label_errors.png", dpi=130)
plt.show()
