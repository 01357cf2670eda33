"""Wrong labels for the examples: flip some, rank all rows by suspicion, count who was found."""

import os
import warnings
from collections.abc import Callable
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

N_ROWS = 500
SHARES = (0.05, 0.10, 0.20)
# All else is at its default: 100 epochs, epsilon 0.2, dual_lr 0.002.
SETTINGS = {
    "defaults": {},
    "30 epochs": {"max_epochs": 30},
    "30 epochs, dual_lr=0.05": {"max_epochs": 30, "dual_lr": 0.05},
}
CROSS_VALIDATED = ("defaults", "30 epochs")  # without constraints dual_lr is nothing


def data_sets() -> dict[str, Callable]:
    """Digits, and pendigits where SKALLY_DATA has it: names, and functions that give X and y."""
    folder = os.environ.get("SKALLY_DATA")
    path = Path(folder or ".") / "classification" / "pendigits_uci_layout.tra"
    return {"digits": digits} | ({"pendigits": lambda: pendigits(path)} if path.exists() else {})


def digits():
    """Images of 8 by 8 pixels."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def pendigits(path):
    """Eight points along the stroke of a pen."""
    table = np.loadtxt(path, delimiter=",")
    return table[:, :-1] / 100, table[:, -1].astype(int)


def flip(y, share, rng):
    """Labels of which a share is wrong, and the positions of those."""
    n_classes = y.max() + 1
    wrong = rng.permutation(len(y))[: int(share * len(y))]
    y = y.copy()
    y[wrong] = (y[wrong] + rng.randint(1, n_classes, size=len(wrong))) % n_classes
    return y, wrong


def rankings(X, y, seed):
    """Suspicion of each row by several rules, and the probabilities of the rows held out.

    Returns
    -------
    suspicion : dict of (setting, rule) to an array of shape (n,), large for suspects
    proba : dict of setting to an array of shape (n, n_classes), by 3-fold cross-validation
    """
    suspicion, proba = {}, {}
    for setting, params in SETTINGS.items():
        net = ConstrainedNetClassifier(random_state=seed, **params).fit(X, y)
        suspicion[setting, "dual"] = net.dual_variables_
        suspicion[setting, "final loss"] = net.sample_loss(X, y)
        if setting in CROSS_VALIDATED:
            folds = StratifiedKFold(3, shuffle=True, random_state=seed)
            free = ConstrainedNetClassifier(random_state=seed, **params | {"dual_lr": 0.0})
            proba[setting] = cross_val_predict(free, X, y, cv=folds, method="predict_proba")
            p_own = proba[setting][np.arange(len(y)), y]
            suspicion[setting, "cross-validated loss"] = -np.log(p_own.clip(1e-30))
    return suspicion, proba


def precision(suspicion, wrong):
    """Share of wrong labels among as many of the largest as there are wrong ones."""
    suspects = np.argsort(-suspicion, kind="stable")[: len(wrong)]
    return np.isin(suspects, wrong).mean()


def one_run(name, load, share, seed):
    """Rankings of one data set with one draw of wrong labels, and all they came from."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # wrong labels are hard to satisfy, indeed
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
    """Precision at the true count.

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
    """Mean and deviation over seeds, a share of wrong labels a column."""
    cells = found.groupby(["data", "setting", "rule", "share"], sort=False)["precision"]
    deviation = cells.std().fillna(0).map("{:.3f}".format)
    return (cells.mean().map("{:.3f}".format) + " ± " + deviation).unstack("share")
