"""Shared code on wrong labels: flip some, rank all rows by suspicion, measure the precision."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from tqdm import tqdm

from skally import ConstrainedNetClassifier
from skally.modules import MLP

N_ROWS = 500
SHARES = (0.05, 0.10, 0.20)
# Everything else has its default: 100 epochs, epsilon 0.2, dual_lr 0.002.
ONE_NET = {"module": MLP, "n_members": 1, "lr": 1e-3, "max_epochs": 100}
SETTINGS = {
    "defaults": ONE_NET,
    "30 epochs": {**ONE_NET, "max_epochs": 30},
    "30 epochs, dual_lr=0.05": {**ONE_NET, "max_epochs": 30, "dual_lr": 0.05},
}
CROSS_VALIDATED = ("defaults", "30 epochs")  # dual_lr has no effect without constraints


def data_sets():
    """Functions that return X and y, by name: digits, and pendigits if SKALLY_DATA has it."""
    folder = os.environ.get("SKALLY_DATA")
    path = Path(folder or ".") / "classification" / "pendigits_uci_layout.tra"
    return {"digits": digits} | ({"pendigits": lambda: pendigits(path)} if path.exists() else {})


def digits():
    """Images of 8 by 8 pixels."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def pendigits(path):
    """Coordinates of eight points along the stroke of a pen."""
    table = np.loadtxt(path, delimiter=",")
    return table[:, :-1] / 100, table[:, -1].astype(int)


def flip(y, share, rng):
    """Labels of which a share is wrong, and the positions of the wrong ones."""
    n_classes = y.max() + 1
    wrong = rng.permutation(len(y))[: int(share * len(y))]
    y = y.copy()
    y[wrong] = (y[wrong] + rng.randint(1, n_classes, size=len(wrong))) % n_classes
    return y, wrong


def rankings(X, y, seed):
    """Suspicion of each row by several rules, and class probabilities of held-out rows.

    Returns
    -------
    suspicion : dict of (setting, rule) to an array of shape (n,), large if a label may be wrong
    proba : dict of setting to an array of shape (n, n_classes), by 3-fold cross-validation
    """
    suspicion, proba = {}, {}
    for setting, params in SETTINGS.items():
        net = ConstrainedNetClassifier(random_state=seed, **params).fit(X, y)
        suspicion[setting, "dual"] = net.dual_variables_
        suspicion[setting, "final loss"] = net.sample_loss(X, y)
        if setting in CROSS_VALIDATED:
            folds = StratifiedKFold(3, shuffle=True, random_state=seed)
            plain = ConstrainedNetClassifier(random_state=seed, **params | {"dual_lr": 0.0})
            proba[setting] = cross_val_predict(plain, X, y, cv=folds, method="predict_proba")
            p_own = proba[setting][np.arange(len(y)), y]
            suspicion[setting, "cross-validated loss"] = -np.log(p_own.clip(1e-30))
    return suspicion, proba


def precision(suspicion, wrong):
    """Share of wrong labels among the k most suspicious rows, for k wrong labels in all."""
    suspects = np.argsort(-suspicion, kind="stable")[: len(wrong)]
    return np.isin(suspects, wrong).mean()


def one_run(name, load, share, seed):
    """Rankings for one data set and one draw of wrong labels, with the labels themselves."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # constraints that cannot all hold
    rng = np.random.RandomState(seed)
    X, y_true = load()
    rows = rng.permutation(len(y_true))[:N_ROWS]
    y, wrong = flip(y_true[rows], share, rng)
    suspicion, proba = rankings(X[rows].astype(np.float32), y, seed)
    run = {"data": name, "share": share, "seed": seed}
    return run | {"y": y, "wrong": wrong, "suspicion": suspicion, "proba": proba}


def all_runs(seeds):
    """Runs of all data sets, shares and seeds, on all cores, with a progress bar."""
    jobs = [
        (name, load, share, seed)
        for name, load in data_sets().items()
        for share in SHARES
        for seed in seeds
    ]
    results = Parallel(n_jobs=-1, return_as="generator")(delayed(one_run)(*job) for job in jobs)
    return list(tqdm(results, total=len(jobs), desc="label errors", unit="run"))


def precisions(runs):
    """Precision of all runs, at the true number of wrong labels.

    Returns
    -------
    found : data frame with columns data, share, seed, setting, rule, precision
    """
    return pd.DataFrame(
        {key: run[key] for key in ("data", "share", "seed")}
        | {"setting": setting, "rule": rule, "precision": precision(suspicion, run["wrong"])}
        for run in runs
        for (setting, rule), suspicion in run["suspicion"].items()
    )


def table(found):
    """Mean and standard deviation over seeds, with a column for each share of wrong labels."""
    cells = found.groupby(["data", "setting", "rule", "share"], sort=False)["precision"]
    deviation = cells.std().fillna(0).map("{:.3f}".format)
    return (cells.mean().map("{:.3f}".format) + " ± " + deviation).unstack("share")
