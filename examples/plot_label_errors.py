"""
======================================
Finding wrong labels by dual variables
======================================

A row with a wrong label is hard to satisfy, so that its dual variable grows. Here 5, 10 and 20 % of
500 labels are exchanged for other classes, and we ask: among as many rows of the largest duals as
there are wrong labels, how many are wrong?

Duals come from one training on all rows. Two rivals come from the same net: its final training
loss, and its loss on rows held out by 3-fold cross-validation without constraints, for which it is
trained three times more. To rank by the latter is what cleanlab does by default (its
``self_confidence``); ``tests/benchmarks/label_errors.py`` runs cleanlab itself.

``SKALLY_SEEDS`` sets the number of seeds; five take some minutes. Pendigits is used where the
folder SKALLY_DATA has it.
"""

# %%
# The net at its defaults, with 30 epochs in the place of 100, and with stronger duals.

import os

import matplotlib.pyplot as plt
import numpy as np
from label_noise import SHARES, all_runs, precisions, table

runs = all_runs(range(int(os.environ.get("SKALLY_SEEDS", "5"))))
found = precisions(runs)

# %%
# Precision at the true count, mean and deviation over seeds.

print(table(found).to_string())

# %%
# A net that is trained for long learns the wrong labels as well, and then their losses are as small
# as any: on digits the final loss needs 30 epochs, not 100. The dual remembers how long it took. On
# pendigits 30 epochs are too few for all.

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
panels[0, 0].set_ylabel("precision at the true count")
panels[0, -1].legend(frameon=False, fontsize=8)
figure.savefig("label_errors.png", dpi=130)
plt.show()
