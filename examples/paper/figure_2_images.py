"""Figure 2 of the paper: test accuracy on images by number of labels.

MNIST: a net with two hidden layers of 256 units. CIFAR-10, SVHN and STL-10: the paper's narrow
ResNet-18, whose embedding has 128 features, on ``--device cuda``; ``--small`` makes a size for two
cores. All strategies have the same net, the paper's training parameters, and the same number of
epochs. No strategy has its own learning rate, and none stops early by labels that are not counted.

The cost of BAIT grows with the square of features times classes. So it runs only with ``--bait``,
and chooses from random rows of the pool, five times as many as it picks; it may have fewer
``--seeds`` than the other strategies.
"""

import numpy as np
from common import command_line, run, save

from skally import (
    ALLYSampler,
    BADGESampler,
    BAITSampler,
    ConstrainedNetClassifier,
    CoreSetSampler,
    EntropySampler,
    RandomSampler,
    SubsampledSampler,
)
from skally.datasets import fetch_cifar10, fetch_mnist, fetch_stl10, fetch_svhn
from skally.modules import MLP, ResNet18
from skally.paper import PAPER_SETTINGS

FETCH = {"mnist": fetch_mnist, "cifar10": fetch_cifar10, "svhn": fetch_svhn, "stl10": fetch_stl10}
SAMPLERS = {
    "random": RandomSampler(),
    "entropy": EntropySampler(),
    "CoreSet": CoreSetSampler(),
    "BADGE": BADGESampler(),
    "ALLY": ALLYSampler(),
}
N_ROUNDS = {200: 10, 1000: 5}
SMALL = {"n_train": 5000, "n_test": 1000, "max_epochs": 10, "n_rounds": 2}
QUICK = {"n_train": 1500, "n_test": 500, "max_epochs": 3, "n_rounds": 2}


def net_for(data, device, max_epochs):
    """The paper's net for a data set, with the paper's training parameters."""
    module = MLP if data == "mnist" else ResNet18
    settings = {**PAPER_SETTINGS, "module": module, "max_epochs": max_epochs}
    return ConstrainedNetClassifier(device=device, **settings)


def bait_of(n_rows):
    """BAIT on random rows of the pool, in a dict by its name."""
    return {f"BAIT of {n_rows:,}": SubsampledSampler(BAITSampler(), size=n_rows)}


def sizes(options, others):
    """Numbers of rows, epochs and rounds."""
    full = {"n_train": None, "n_test": None, "n_rounds": N_ROUNDS.get(others.batch, 5)}
    full["max_epochs"] = 50 if others.data == "mnist" else 100
    if options.quick:
        return full | QUICK
    return full | SMALL if others.small else full


def some_rows(images, n):
    """All images and labels, or n at random, since some data sets are sorted by class."""
    rows = np.random.RandomState(0).permutation(len(images.data))[:n]
    rows = slice(None) if n is None else rows
    return images.data[rows], images.target[rows]


def main():
    """Run one data set with one batch size."""
    options, others = command_line(
        __doc__,
        data={"choices": list(FETCH), "default": "mnist"},
        batch={"type": int, "default": 200, "help": "labels per round (200)"},
        small={"action": "store_true", "help": "a size for two cores"},
        bait={"action": "store_true", "help": "BAIT too, which takes hours"},
    )
    size = sizes(options, others)
    fetch, flat = FETCH[others.data], others.data == "mnist"
    train, test = (fetch(subset=subset, flat=flat) for subset in ("train", "test"))
    X, y = some_rows(train, size["n_train"])
    X_test, y_test = some_rows(test, size["n_test"])
    name = f"figure_2_{others.data}_{others.batch}{'_small' if others.small else ''}"
    curves = run(
        options,
        name,
        net_for(others.data, options.device, size["max_epochs"]),
        SAMPLERS | (bait_of(5 * others.batch) if others.bait else {}),
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        n_initial=100 if flat else others.batch,
        n_instances=100 if options.quick else others.batch,
        n_rounds=size["n_rounds"],
        scoring="accuracy",
    )
    save(options, name, {train.name: curves}, score_name="test accuracy")


if __name__ == "__main__":
    main()
