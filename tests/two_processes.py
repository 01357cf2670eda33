"""Fits in two processes, for test_multiprocess.py: what each process ends with, as a pickle.

Two processes add up gradients in another order than one, so their rounding differs. Adam has a
large ``eps`` here: with its default, the step of a weight whose gradient is next to nothing follows
the sign of that rounding.
"""

import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, EarlyStopping, EpochScoring
from skorch.dataset import ValidSplit
from torch import nn
from torch.utils.data import DataLoader

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP, TabularMLP

N = 101  # batches of 16 leave 5, of which a process of two takes 3
TRAINING = {
    "n_members": 1,
    "lr": 1e-3,
    "epsilon": 0.3,
    "dual_lr": 0.1,
    "max_epochs": 5,
    "batch_size": 16,
    "optimizer__eps": 1e-3,
    "random_state": 0,
}


def regression():
    """Rows of a real task."""
    X, y = load_diabetes(return_X_y=True)
    return X[:N].astype(np.float32) * 20, y[:N]


def classification():
    """Rows of a real task, with strings for labels."""
    X, y = load_digits(return_X_y=True)
    return X[:N].astype(np.float32) / 16, y[:N].astype(str)


def regressor(module=None, **params):
    """Small net."""
    small = (
        {"module": MLP, "module__hidden_layer_sizes": (16,)}
        if module is None
        else {"module": module}
    )
    return ConstrainedNetRegressor(**{**small, **TRAINING, **params})


def classifier(**params):
    """Small net."""
    small = {"module": MLP, "module__hidden_layer_sizes": (16,)}
    return ConstrainedNetClassifier(**{**small, **TRAINING, "lr": 0.01, **params})


def stopping():
    """Settings of a training that stops early, by the loss of rows held out."""
    stop = EarlyStopping(patience=2, load_best=True)
    scoring = EpochScoring("r2", on_train=True, name="train_r2", lower_is_better=False)
    split = ValidSplit(5)
    return {"callbacks": [scoring, stop], "train_split": split, "max_epochs": 40, "lr": 0.02}


# In full batches no row is drawn by its weight: a draw can turn on rounding.
AUTO = {"dual_lr": "auto", "max_epochs": 40, "batch_size": -1}

MEMBERS = {"n_members": 6, "module__hidden_layer_sizes": (8,), "module__dropout": 0.0}

SAME = {
    "epoch": regressor(),
    "batch": regressor(dual_update="batch"),
    "auto": regressor(**AUTO),
    "every 3 steps": regressor(primal_steps=3),
    "penalty": regressor(penalty=0.5, dual_update="batch"),
    "classes, epoch": classifier(),
    "classes, batch": classifier(dual_update="batch"),
    "classes, auto": classifier(**AUTO),
    "last batch of one": regressor(batch_size=20, iterator_train__shuffle=False),
    "last batch of one, batch": regressor(
        batch_size=20, iterator_train__shuffle=False, dual_update="batch"
    ),
    "batches of one": regressor(batch_size=1, dual_update="batch", max_epochs=1),
    "weight decay": regressor(optimizer=torch.optim.AdamW, optimizer__weight_decay=0.1),
    "torch's loader": regressor(iterator_train=DataLoader, iterator_valid=DataLoader),
    "early stopping": regressor(**stopping()),
    "epsilon of held-out loss": regressor(epsilon="auto"),
    "members": regressor(TabularMLP, **MEMBERS),
    "members, batch": regressor(n_members=3, dual_update="batch"),
    "members, epsilon of held-out loss": regressor(n_members=3, epsilon="auto"),
    "members, classes": classifier(n_members=3),
}


class Masks(Callback):
    """Which units the first dropout layer has kept."""

    def on_train_begin(self, net, **kwargs):
        self.kept = []
        layer = next(m for m in net.module_.modules() if isinstance(m, nn.Dropout))
        layer.register_forward_hook(lambda layer, ins, out: self.keep(layer, out))

    def keep(self, layer, output):
        if layer.training:
            self.kept.append((output != 0).numpy())


def normalised():
    """Net with batch normalisation, made without a seed."""
    return nn.Sequential(nn.Linear(10, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


# Random numbers or statistics are each process's own here, or a draw can turn on rounding: what
# one process alone would do says nothing, but all must end alike.
ALIKE = {
    "rows by weight": lambda: regressor(dual_lr="auto", max_epochs=8),
    "dropout": lambda: regressor(module__dropout=0.5, callbacks=[("masks", Masks)]),
    "batch normalisation": lambda: regressor(normalised()),
    "no seed": lambda: regressor(random_state=None),
    "generator": lambda: regressor(random_state=np.random.RandomState()),
}


def data_of(net):
    """Data for a net."""
    return regression() if isinstance(net, ConstrainedNetRegressor) else classification()


def learned(net):
    """All that a fitted net has learned, as arrays."""
    X, _ = data_of(net)
    lines = [{k: v for k, v in line.items() if np.isscalar(v)} for line in net.history_]
    return {
        "duals": net.dual_variables_,
        "slacks": net.slacks_,
        "train embedding": net.train_embedding_,
        "kkt": np.array(list(net.kkt_.values())),
        "weights": np.concatenate([p.detach().numpy().ravel() for p in net.module_.parameters()]),
        "embedding": net.embed(X),
        "losses": net.sample_loss(*data_of(net)),
        **{name: np.array([line[name] for line in lines]) for name in lines[0] if name != "dur"},
        **({"proba": net.predict_proba(X)} if hasattr(net, "classes_") else {}),
    }


def continued(accelerator):
    """Net that goes on with other rows, through a copy and a pickle."""
    X, y = regression()
    net = clone(regressor(accelerator=accelerator)).fit(X[:60], y[:60])
    read = pickle.loads(pickle.dumps(net))
    assert np.array_equal(read.predict(X), net.predict(X)) and read.accelerator is None
    read.accelerator = accelerator
    return read.partial_fit(X, y)


def error_of_different_data(accelerator):
    """What is said where each process has its own rows."""
    X, y = regression()
    try:
        regressor(accelerator=accelerator).fit(*(a[accelerator.process_index :] for a in (X, y)))
    except ValueError as error:
        return str(error)


def main(folder):
    """Fits of one process."""
    from accelerate import Accelerator

    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ConvergenceWarning)  # trainings are short
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(accelerator.process_index)  # a user's own random numbers may differ
    found = {
        name: learned(clone(net).set_params(accelerator=accelerator).fit(*data_of(net)))
        for name, net in SAME.items()
    }
    found["continued"] = learned(continued(accelerator))
    for name, make in ALIKE.items():
        net = make().set_params(accelerator=accelerator).fit(*regression())
        found[name] = learned(net)
        if name == "dropout":
            found["masks"] = dict(net.net_.callbacks_)["masks"].kept
    found["error"] = error_of_different_data(accelerator)
    torch.manual_seed(accelerator.process_index)
    fitted = regressor(accelerator=accelerator).fit(*regression())
    (Path(folder) / f"{accelerator.process_index}.pickle").write_bytes(
        pickle.dumps((found, fitted, torch.rand(1).item()))
    )


if __name__ == "__main__":
    from accelerate import debug_launcher

    debug_launcher(main, args=(sys.argv[1],), num_processes=int(sys.argv[2]))
