"""Frames of learning curves: those of a user's own loop, and whether random states matter."""

import warnings

import numpy as np
import pandas as pd

NEEDED = ["sampler", "n_labeled", "score"]
CURVE = ["data_set", "sampler", "seed"]


def check_frame(frame):
    """Frame of :class:`skally.benchmark.LearningCurves` from one of a user's own loop."""
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(f"frame is a {type(frame).__name__}, must be a data frame.")
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise ValueError(f"frame lacks the columns {missing}, must have {NEEDED}.")
    if frame.empty:
        raise ValueError("frame has 0 rows, must have at least 1.")
    if not frame.columns.is_unique:
        raise ValueError(f"frame has the columns {list(frame.columns)}, must be distinct.")
    columns = {
        "data_set": as_names(frame, "data_set", ""),
        "sampler": as_names(frame, "sampler"),
        "seed": as_integers(frame, "seed", 0, least=0),
        "n_labeled": as_integers(frame, "n_labeled", least=1),
        "score": as_floats(frame, "score"),
        "fit_seconds": as_floats(frame, "fit_seconds"),
        "query_seconds": as_floats(frame, "query_seconds"),
    }
    made = pd.DataFrame(columns)
    twice = made.duplicated([*CURVE, "n_labeled"])
    if twice.any():
        row = made[twice].iloc[0]
        raise ValueError(
            f"frame has two rows of sampler {row['sampler']!r}, seed {row['seed']} with "
            f"{row['n_labeled']} labels, must have one: tell curves apart by a column seed or "
            "data_set."
        )
    made = made.sort_values("n_labeled", kind="stable")
    made.insert(3, "round", made.groupby(CURVE).cumcount())
    made = made.sort_index()  # samplers and data sets in the order in which they were given
    made["indices"] = [np.array([], dtype=int)] * len(made)
    return made


def column(frame, name, default):
    """Values of a column, without the index of the frame, or a default."""
    return frame[name].tolist() if name in frame.columns else [default] * len(frame)


def as_names(frame, name, default=None):
    """Column of texts."""
    values = column(frame, name, default)
    if any(not isinstance(each, str) and pd.isna(each) for each in values):
        raise ValueError(f"frame has a row without {name}, must have one in each.")
    return [str(each) for each in values]


def as_floats(frame, name):
    """Column of numbers, NaN where there is none."""
    try:
        values = pd.to_numeric(pd.Series(column(frame, name, np.nan))).astype(float).to_numpy()
    except (TypeError, ValueError) as error:
        raise ValueError(f"frame's column {name} must hold numbers: {error}.") from error
    if np.isinf(values).any():
        raise ValueError(f"frame's column {name} holds inf, must be finite.")
    return values


def as_integers(frame, name, default=None, least=0):
    """Column of integers."""
    values = as_floats(frame if name in frame.columns else frame.assign(**{name: default}), name)
    wrong = values[~((values >= least) & (values % 1 == 0))]
    if len(wrong):
        raise ValueError(f"frame's column {name} holds {wrong[0]}, must be integers >= {least}.")
    return values.astype(int)


def warn_if_alike(frame):
    """Warn of samplers for which several random states gave the same curve.

    Parameters
    ----------
    frame : data frame
        Of :class:`skally.benchmark.LearningCurves`.
    """
    alike = []
    for (data_set, sampler), rows in frame.groupby(["data_set", "sampler"], sort=False):
        seeds = [
            (each["score"].tolist(), [set(batch) for batch in each["indices"]])
            for _, each in rows.dropna(subset=["score"]).groupby("seed")
        ]
        if len(seeds) > 1 and all(each == seeds[0] for each in seeds):
            alike.append(f"{sampler!r}" + (f" on {data_set!r}" if data_set else ""))
    if alike:
        warnings.warn(
            f"All random states give the same curve of sampler {', '.join(alike)}: neither initial "
            "labels and test samples nor the estimator and the sampler depend on them. Bands and "
            "tests over them say nothing; one random state is enough.",
            UserWarning,
            stacklevel=3,
        )
