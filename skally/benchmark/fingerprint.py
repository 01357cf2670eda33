"""Descriptions of settings and hashes of data, to tell whether two runs are the same."""

import functools
import re

import joblib
import numpy as np

PLAIN = (str, int, float, bool, type(None))


def describe(value):
    """JSON-able description of an estimator or a parameter, for comparing two of them.

    A function is described by its name, not by its code.

    Parameters
    ----------
    value : estimator, function, class, array, container of these, or anything with a repr

    Returns
    -------
    description : dict, list, str, number, bool or None
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}, hash {fingerprint(value)}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, functools.partial):
        parts = {"args": value.args, **value.keywords}
        return {"partial": describe(value.func), **describe(parts)}
    if hasattr(value, "get_params"):
        return {"class": describe(type(value)), **describe(value.get_params(deep=False))}
    if isinstance(value, dict):
        return {str(key): describe(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [describe(each) for each in value]
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def fingerprint(data):
    """Hash of the values of data in any form; None for None, and "oracle" for a function.

    Neither the memory layout of an array nor the index of a data frame changes it.
    """
    if data is None or callable(data):
        return None if data is None else "oracle"
    if hasattr(data, "columns"):
        return joblib.hash([(name, np.array(data[name])) for name in data.columns])
    return joblib.hash(np.ascontiguousarray(data) if isinstance(data, np.ndarray) else data)
