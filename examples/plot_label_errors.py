"""
======================================
Finding wrong labels by dual variables
======================================

A sample with a wrong label is hard to satisfy, so its dual variable grows. Here 5, 10 and 20 % of
the labels of 500 handwritten digits are replaced by other classes. The rows whose labels are
suspected first are those with the largest duals.
"""

# %%
# 500 of the digits, a tenth of them with a wrong label, and a single net that is trained on them.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skally import ConstrainedNetClassifier
from skally.modules import MLP

images, classes = load_digits(return_X_y=True)


def with_wrong_labels(share, seed):
    """500 digits, their labels, and the positions of a share of labels that are wrong."""
    rng = np.random.RandomState(seed)
    rows = rng.permutation(len(images))[:500]
    X, y = images[rows] / 16, classes[rows]
    wrong = rng.permutation(500)[: int(share * 500)]
    y[wrong] = (y[wrong] + rng.randint(1, 10, size=len(wrong))) % 10
    return X.astype(np.float32), y, wrong


net = ConstrainedNetClassifier(module=MLP, n_members=1, lr=1e-3, max_epochs=100, random_state=0)
X, y, wrong = with_wrong_labels(0.1, seed=0)
net.fit(X, y)

# %%
# The largest duals. The label is above each image, in red if it is one of the wrong ones.

suspects = np.argsort(-net.dual_variables_)[:24]
figure, panels = plt.subplots(3, 8, figsize=(8, 3.8), layout="constrained")
for axes, i in zip(panels.flat, suspects, strict=True):
    axes.imshow(X[i].reshape(8, 8), cmap="gray_r")
    axes.set_title(f"{y[i]}", color="tab:red" if i in wrong else "0.4", fontsize=11)
    axes.axis("off")
figure.suptitle("24 largest dual variables; labels in red are wrong")
plt.show()

# %%
# If there are k wrong labels, which share of the k most suspicious rows has one? The dual, from one
# training on all rows, is compared with two other scores: the final training loss of the same net,
# and the loss on rows held out by 3-fold cross-validation, for which the net is trained three more
# times without constraints. cleanlab ranks by the latter by default (as ``self_confidence``).


def suspicion(X, y, seed):
    """Scores of all rows, large where a label may be wrong."""
    net.set_params(random_state=seed).fit(X, y)
    plain = ConstrainedNetClassifier(**{**net.get_params(), "dual_lr": 0.0})
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    proba = cross_val_predict(plain, X, y, cv=folds, method="predict_proba")
    return {
        "dual": net.dual_variables_,
        "final loss": net.sample_loss(X, y),
        "cross-validated loss": -proba[np.arange(len(y)), y],
    }


found = []
for share in (0.05, 0.10, 0.20):
    for seed in range(2):
        X, y, wrong = with_wrong_labels(share, seed)
        for rule, score in suspicion(X, y, seed).items():
            first = np.argsort(-score)[: len(wrong)]
            precision = np.isin(first, wrong).mean()
            found.append({"wrong labels": share, "ranked by": rule, "precision": precision})
found = pd.DataFrame(found)
mean = found.pivot_table(index="ranked by", columns="wrong labels", values="precision", sort=False)
print(mean.round(3).to_string())

# %%
# Two draws of wrong labels are too few to tell scores apart that are as close as these.
# :doc:`/dual_variables` has five draws of two data sets, beside cleanlab itself.

axes = (100 * mean.T).plot(style="o-", ylim=(50, 100), grid=True, figsize=(6, 4))
axes.set(xlabel="share of wrong labels", ylabel="wrong labels found, %", xticks=mean.columns)
axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
plt.show()
