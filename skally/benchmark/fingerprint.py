"""Descriptions of settings by their values, to tell whether two runs are the same."""

import functools
import hashlib
import json
import re
import types

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import nn

from skally.benchmark.code import class_parts, code_of, is_installed, is_named, public_name
from skally.utils.validation import as_plain

PLAIN = (str, int, float, bool, type(None))
HASH = "hash "  # begins the text that stands for many values
MODULE = frozenset(vars(nn.Module()))  # attributes that every module has


def describe(value, above=()):
    """JSON-able description of an estimator, or of any other setting, for comparing two of them.

    Arrays, tensors, frames, weights and the code of a user's own functions and classes are
    described by hashes of their values. An installed function or class is described by its public
    name. The integer 1, the float 1.0 and True are three values, as they are to scikit-learn.

    Parameters
    ----------
    value : anything
    above : tuple of int
        Ids of the values that this one is part of, since some are part of themselves.

    Returns
    -------
    description : dict, list, str, number, bool or None
    """
    if isinstance(value, np.generic) and isinstance(value.item(), PLAIN):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if id(value) in above:
        return "a value that this one is part of"
    if len(above) > 100:
        raise ValueError(f"{type(value).__name__} is nested more than 100 deep, must be less.")
    part = functools.partial(describe, above=(*above, id(value)))
    if isinstance(value, type):
        return describe_class(value, part)
    if is_data(value):
        return fingerprint(value)
    if isinstance(value, dict):
        return {key_of(key): part(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [part(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(json.dumps(part(each), sort_keys=True) for each in value)}
    if callable(value) and (function := describe_function(value, part)) is not None:
        return function
    if isinstance(value, nn.Module):
        return describe_module(value, part)
    if hasattr(value, "get_params") and not hasattr(value, "__sklearn_clone__"):
        return {"class": part(type(value)), **part(value.get_params(deep=False))}
    return describe_object(value, part)


def key_of(key):
    """Text of the key of a dict, another one for 1 than for "1"."""
    return str(key) if isinstance(key, str) else f"[{json.dumps(describe(key), sort_keys=True)}]"


def describe_class(cls, part):
    """Name of a class, and a hash of each method if it is the user's own."""
    if is_installed(cls):
        return public_name(cls)
    return {"name": public_name(cls), "code": part(class_parts(cls))}


def describe_function(value, part):
    """Description of a function, a method or a partial; None for any other callable object."""
    if isinstance(value, functools.partial):
        return {"partial": part(value.func), "args": part(value.args), **part(value.keywords)}
    if isinstance(value, types.MethodType):
        return {"method": part(value.__func__), "object": part(value.__self__)}
    if not hasattr(value, "__qualname__") or isinstance(value, nn.Module):
        return None
    if hasattr(value, "__code__") and not (is_installed(value) and is_named(value)):
        code = code_of(value)
        code["instructions"] = digest(part(code["instructions"]))
        return {"function": public_name(value), "code": part(code)}
    if not is_installed(value) and hasattr(value, "__wrapped__"):  # by functools.lru_cache
        return part(value.__wrapped__)
    owner = getattr(value, "__self__", None)
    name = public_name(value)
    return name if owner is None or isinstance(owner, types.ModuleType) else [name, part(owner)]


def describe_module(module, part):
    """Class, weights, layers and other attributes of a module, whatever mode it is in."""
    state = vars(module)
    weights = {
        **dict(module.named_parameters(recurse=False)),
        **dict(module.named_buffers(recurse=False)),
    }
    frozen = [
        name for name, each in module.named_parameters(recurse=False) if not each.requires_grad
    ]
    others = {name: each for name, each in state.items() if name not in MODULE}
    hooks = {
        name: list(each.values())
        for name, each in state.items()
        if name in MODULE and name.endswith("hooks") and each
    }
    return {
        "class": part(type(module)),
        **part(dict(module.named_children())),
        "weights": {name: fingerprint(each) for name, each in weights.items()},
        "frozen": frozen,
        **part(others),
        **part(hooks),
    }


def describe_object(value, part):
    """Class and state of any other object, as pickle takes them; its repr if it has no state."""
    try:
        made = value.__reduce_ex__(2)
    except Exception:
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    if isinstance(made, str):
        return made
    function, args, state, items, pairs = (*made, None, None, None)[:5]
    parts = {"args": part([each for each in args if each is not type(value)])}
    if function.__name__ not in ("__newobj__", "_reconstructor"):
        parts["made by"] = part(function)
    parts |= {"items": part(list(items))} if items is not None else {}
    parts |= {"pairs": part(dict(pairs))} if pairs is not None else {}
    state = part(state)
    parts |= state if isinstance(state, dict) else {"state": state}
    return {
        "class": part(type(value)),
        **{name: each for name, each in parts.items() if each != []},
    }


def is_data(value):
    """Whether values are to be hashed: an array, tensor, matrix, frame, series or bytes."""
    kinds = (np.ndarray, np.generic, torch.Tensor, bytes, bytearray, pd.Index)
    return isinstance(value, kinds) or sparse.issparse(value) or is_table(value)


def is_table(value):
    """Whether it is a frame or a series, of pandas or polars."""
    return hasattr(value, "dtypes") or (hasattr(value, "dtype") and hasattr(value, "to_numpy"))


def fingerprint(data, index=True):
    """Text with the kind, the shape and a hash of the values of data in any form.

    Neither the memory layout of an array, the format of a sparse matrix nor the device of a tensor
    changes it.

    Parameters
    ----------
    data : anything
    index : bool
        Whether the index of a data frame or a series is part of its values.
    """
    if isinstance(data, torch.Tensor):
        return fingerprint_tensor(data)
    if isinstance(data, (bytes, bytearray)):
        return HASH + digest(data)
    if sparse.issparse(data):
        data = sparse.csr_array(data, copy=True)
        data.sum_duplicates()
        parts = [data.data, data.indices.astype(np.int64), data.indptr.astype(np.int64)]
        return f"{HASH}of a sparse matrix {data.shape}: " + digest([fingerprint(p) for p in parts])
    if is_table(data):
        return fingerprint_table(data, index)
    if not isinstance(data, (np.ndarray, np.generic, pd.Index)):
        return HASH + digest(describe(data))
    if np.ma.isMaskedArray(data):
        return HASH + digest([fingerprint(np.ma.getmaskarray(data)), fingerprint(data.filled())])
    data = np.asarray(data)
    if data.dtype.names is not None:
        parts = [[name, fingerprint(data[name])] for name in data.dtype.names]
        return HASH + digest(parts)
    if data.dtype.kind in "OUT":  # the width of a text column says nothing
        return f"{HASH}of an array {data.shape}: " + digest([describe(each) for each in data.flat])
    data = np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("=")).reshape(data.shape)
    text = f"{data.dtype.str[1:]} {data.shape}"
    return f"{HASH}of an array {text}: " + digest(data.reshape(-1).view(np.uint8))


def fingerprint_tensor(data):
    """As `fingerprint`."""
    if nn.parameter.is_lazy(data):
        return "weights without a size yet"
    data = data.detach().to_dense() if data.layout != torch.strided else data.detach()
    flat = data.cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    text = f"{str(data.dtype).removeprefix('torch.')} {tuple(data.shape)}"
    return f"{HASH}of a tensor {text}: " + digest(flat.view(torch.uint8).numpy())


def fingerprint_table(data, index):
    """As `fingerprint`, for a frame or series."""
    columns = data.columns if hasattr(data, "columns") else [None]
    parts = []
    for i, name in enumerate(columns):
        if name is None:
            column = data
        else:
            column = data.iloc[:, i] if hasattr(data, "iloc") else data[name]
        kinds = getattr(column.dtype, "categories", None)
        kinds = None if kinds is None else [describe(each) for each in kinds]
        ordered = bool(getattr(column.dtype, "ordered", False))
        parts.append([describe(name), kinds, ordered, fingerprint(np.asarray(column))])
    if index and hasattr(data, "index") and not callable(data.index):
        parts.append(fingerprint(np.asarray(data.index)))
    return f"{HASH}of a table {data.shape}: " + digest(parts)


def fingerprint_labels(y):
    """As `fingerprint`, for labels: the same for a list, an array and a series of them."""
    if y is None or callable(y):
        return None if y is None else "oracle"
    y = np.asarray(as_plain(y))
    if y.dtype.kind == "O" and len(kinds := {type(each) for each in y.flat}) == 1:
        y = np.array(y.tolist()) if kinds <= {bool, int, float, str} else y
    return fingerprint(y.astype(np.int64) if y.dtype.kind in "iu" else y)


def digest(value):
    """Hexadecimal hash of bytes, or of a JSON-able value."""
    if not isinstance(value, (bytes, bytearray, np.ndarray)):
        value = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(value, digest_size=16).hexdigest()
