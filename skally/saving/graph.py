"""Objects as JSON and arrays, and back: plain values, tensors, nets, and objects by their state."""

from collections import OrderedDict
from types import BuiltinFunctionType, FunctionType

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet
from skorch.history import History

from skally.nets.base import BaseConstrainedNet
from skally.nets.data import on_host
from skally.saving.names import name_of
from skally.saving.nets import net_of, state_of

PLAIN = (type(None), bool, int, float, str)
CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc)
HAS_OBJECT_STATE = hasattr(object, "__getstate__")  # from Python 3.11 on
# A random state of numpy: its key has 624 words, of which ``pos`` have been used.
WORDS = 624


class Encoder:
    """Writes objects; the same object twice is one object again when it is read.

    Attributes
    ----------
    arrays : list of arrays
    names : list of str
        Of classes and functions.
    """

    def __init__(self):
        self.arrays, self.names, self._seen = [], [], {}

    def encode(self, value):
        """JSON of a value.

        Raises
        ------
        TypeError
            If it cannot be held by a file.
        """
        if type(value) in PLAIN:
            return value
        if id(value) in self._seen:
            return {"same": self._seen[id(value)][0]}
        kind, build = self._writer(value)
        if kind in (*CONTAINERS, "dict", "pairs", "scalar", "dtype", "slice", "name"):
            return {kind: build(value)}
        number = len(self._seen)
        self._seen[id(value)] = number, value  # kept alive, so that its id is its own
        return {kind: build(value), "number": number}

    def _writer(self, value):
        """Kind of a value, and the function that writes it."""
        for kind, container in CONTAINERS.items():
            if type(value) is container:
                return kind, lambda v: [self.encode(each) for each in v]
        if type(value) is dict:
            if all(type(key) is str for key in value):
                return "dict", lambda v: {key: self.encode(each) for key, each in v.items()}
            return "pairs", self._pairs
        if isinstance(value, np.generic) and value.dtype.kind in "biufU":
            return "scalar", lambda v: [v.dtype.str, v.item()]
        if isinstance(value, np.dtype):
            return "dtype", lambda v: v.str
        if isinstance(value, slice):
            return "slice", lambda v: [self.encode(each) for each in (v.start, v.stop, v.step)]
        if isinstance(value, type) or isinstance(value, FUNCTIONS):
            return "name", self._name
        for cls, kind in (
            (OrderedDict, "ordered"), (History, "history"), (np.ndarray, "array"),
            (torch.nn.Parameter, "parameter"), (torch.Tensor, "tensor"),
            (np.random.RandomState, "random_state"), (np.memmap, "array"),
            (np.ma.MaskedArray, "masked"),
        ):  # fmt: skip
            if type(value) is cls:
                return kind, getattr(self, f"_{kind}")
        return ("net", self._net) if isinstance(value, NeuralNet) else ("object", self._object)

    def _pairs(self, value):
        return [[self.encode(key), self.encode(each)] for key, each in value.items()]

    _ordered = _pairs

    def _name(self, value):
        name = name_of(value)
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def _history(self, value):
        return [self.encode(row) for row in value]

    def _array(self, value):
        if value.dtype.kind == "O":
            return {"shape": value.shape, "objects": [self.encode(each) for each in value.flat]}
        if value.dtype.kind not in "biufcUSMm":
            raise TypeError(f"an array of {value.dtype} cannot be saved")
        self.arrays.append(value)
        return len(self.arrays) - 1

    def _masked(self, value):
        return [self.encode(value.data), self.encode(np.ma.getmaskarray(value))]

    def _tensor(self, value):
        value = value.detach().cpu()
        dtype = str(value.dtype).removeprefix("torch.")
        value = value.view(torch.int16) if value.dtype == torch.bfloat16 else value
        return [dtype, self._array(value.numpy()), False]

    def _parameter(self, value):
        return [*self._tensor(value)[:2], value.requires_grad]

    def _random_state(self, value):
        state = value.get_state(legacy=False)
        words = [int(word) for word in state["state"]["key"]]
        return [words, state["state"]["pos"], state["has_gauss"], state["gauss"]]

    def _net(self, value):
        return [self._name(type(value)), self.encode(state_of(value))]

    def _object(self, value):
        cls, value = type(value), on_host(value)
        has_reduce = any(
            getattr(cls, name) is not getattr(object, name)
            for name in ("__reduce__", "__reduce_ex__")
        )
        if has_reduce or not hasattr(value, "__dict__"):
            raise TypeError(
                f"an object of class {cls.__module__}.{cls.__qualname__} cannot be saved: "
                "its state is not in attributes of Python"
            )
        is_own = hasattr(cls, "__getstate__") and (
            not HAS_OBJECT_STATE or cls.__getstate__ is not object.__getstate__
        )
        return [self._name(cls), self.encode(dict(value.__getstate__() if is_own else vars(value)))]


class Decoder:
    """Reads what an Encoder wrote, and calls nothing that the file names but constructors of nets.

    Parameters
    ----------
    arrays : list of arrays
    named : list of classes and functions
    device : str or None
        Where nets are put; None means where they were.
    """

    def __init__(self, arrays, named, device=None):
        self.arrays, self.named, self.device, self._read = arrays, named, device, {}

    def decode(self, node):
        """Value of some JSON.

        Raises
        ------
        ValueError
            For anything that no Encoder writes.
        """
        if type(node) in PLAIN:
            return node
        kind, content = next(iter(node.items()))
        if kind == "same":
            return self._read[content]
        if kind in CONTAINERS:
            return CONTAINERS[kind](self.decode(each) for each in content)
        if kind not in KINDS:
            raise ValueError(f"a value of kind {kind!r} is not known")
        if kind == "object":
            return self._object(content, node["number"])
        value = getattr(self, f"_{kind}")(content)
        if "number" in node:
            self._read[node["number"]] = value
        return value

    def _dict(self, content):
        return {key: self.decode(each) for key, each in content.items()}

    def _pairs(self, content):
        return {self.decode(key): self.decode(each) for key, each in content}

    def _ordered(self, content):
        return OrderedDict(self._pairs(content))

    def _scalar(self, content):
        return np.dtype(content[0]).type(content[1])

    def _dtype(self, content):
        return np.dtype(content)

    def _slice(self, content):
        return slice(*map(self.decode, content))

    def _name(self, content):
        return self.named[content]

    def _history(self, content):
        return History(self.decode(row) for row in content)

    def _array(self, content):
        if isinstance(content, int):
            return self.arrays[content]
        array = np.empty(len(content["objects"]), dtype=object)
        for at, each in enumerate(content["objects"]):
            array[at] = self.decode(each)
        return array.reshape(content["shape"])

    def _masked(self, content):
        return np.ma.MaskedArray(*map(self.decode, content))

    def _tensor(self, content):
        dtype, array, _ = content
        tensor = torch.tensor(self.arrays[array])
        return tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor

    def _parameter(self, content):
        return torch.nn.Parameter(self._tensor(content), requires_grad=content[2])

    def _random_state(self, content):
        words, used, has_gauss, gauss = content
        if len(words) != WORDS or not 0 <= used <= WORDS:
            raise ValueError("a random state has words of another number")
        rng = np.random.RandomState()
        rng.set_state(("MT19937", np.array(words, dtype=np.uint32), used, has_gauss, gauss))
        return rng

    def _net(self, content):
        cls = self._class(content[0], NeuralNet)
        return net_of(cls, self.decode(content[1]), self.device)

    def _object(self, content, number):
        cls = self._class(content[0], object)
        value = self._read[number] = cls.__new__(cls)
        state = self.decode(content[1])
        if self.device is not None and isinstance(value, BaseConstrainedNet):
            state["device"] = self.device
        if isinstance(value, BaseEstimator | torch.nn.Module):
            value.__setstate__(state)
        else:
            vars(value).update(state)
        return value

    def _class(self, number, base):
        cls = self.named[number]
        if not isinstance(cls, type) or not issubclass(cls, base):
            raise ValueError(f"{cls!r} stands where there must be a class of {base.__name__}")
        return cls


KINDS = {
    "dict", "pairs", "ordered", "scalar", "dtype", "slice", "name", "history", "array", "tensor",
    "parameter", "random_state", "net", "object", "masked",
}  # fmt: skip
