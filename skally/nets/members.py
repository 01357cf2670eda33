"""Several nets side by side in one module, whose products torch computes as batched ones."""

import threading
import warnings
from contextlib import contextmanager
from functools import lru_cache
from numbers import Integral

import torch
from torch import nn
from torch.func import functional_call, vmap

from skally.nets.criteria import kind_of
from skally.nets.stacks import at_once, at_some, in_a_row, rows_of_each, stacked, tensors_of
from skally.nets.watching import is_watched, watched

# Members of a class with ``variants`` unless the user gives a number: four of each of three.
MEMBERS_OF_VARIANTS = 12

# Columns of the members' embeddings together, to which more of them are projected.
MOST_COLUMNS = 512

# functional_call puts tensors into the module while it runs, which one thread at a time may do.
ONE_AT_A_TIME = threading.RLock()

# Smallest probability of which a logarithm is taken.
SMALLEST = 1e-12


class Members(nn.Module):
    """Members in training; in evaluation one net, the weighted mean of their predictions.

    Parameters
    ----------
    stacks : list of lists of nn.Module
        Members of one kind, with parameters of the same shapes, in each list.
    mean_of : "outputs", "softmax" or "sigmoid"
        What is averaged: outputs as they are, or probabilities that they are the logits of.
    embedding_layer : function of a member, which gives one of its layers
        The one whose input is the embedding.

    Attributes
    ----------
    folds : int tensor of shape (K,)
        Fold of rows that is withheld from each.
    weights : tensor of shape (K,), which sums to 1
    constant, constant_weight : tensors of one prediction's shape, and ()
        A prediction that looks at no input, and its share beside the members'.
    temperature : tensor of shape ()
        What logits of mean probabilities are divided by.
    spread_factor : tensor of shape ()
        What makes a standard deviation over members that of the residuals.
    """

    def __init__(self, stacks, mean_of="outputs", embedding_layer=None):
        super().__init__()
        self.stacks = nn.ModuleList(stacked(members) for members in stacks)
        self.sizes = [len(members) for members in stacks]
        self.mean_of = mean_of
        layers = [embedding_layer(stack) for stack in self.stacks]
        self.embedded = [names_of(s)[layer] for s, layer in zip(self.stacks, layers, strict=True)]
        self.embedding, self.each = nn.Identity(), nn.Identity()
        self.is_apart, self.in_a_row, self.rows = False, False, None
        self.register_buffer("weights", torch.zeros(len(self)))
        self.register_buffer("folds", torch.zeros(len(self), dtype=torch.long))
        for name in ("constant", "constant_weight", "temperature", "spread_factor"):
            self.register_buffer(name, torch.zeros(()))
        self.mix_alike()

    def mix_alike(self):
        """Give all members the same weight, and the constant none."""
        self.weights.fill_(1 / len(self))
        self.constant = torch.zeros_like(self.constant_weight)
        self.constant_weight.zero_()
        self.temperature.fill_(1)
        self.spread_factor.fill_(1)

    def __len__(self):
        return sum(self.sizes)

    @property
    def gives_members(self):
        """Whether ``forward`` gives each member's output, (b, K, ...), or their mean, (b, ...)."""
        return self.training or self.is_apart

    @property
    def kinds(self):
        """Number of each member's stack, int tensor of shape (K,)."""
        return torch.repeat_interleave(torch.arange(len(self.sizes)), torch.tensor(self.sizes))

    def forward(self, *args, **kwargs):
        """Outputs of the module that the members are, with a member axis or as a mean."""
        embeds = is_watched(self.embedding)
        with ONE_AT_A_TIME:
            runs = [self._run(s, args, kwargs, embeds) for s in range(len(self.stacks))]
        outputs = [output for output, _ in runs]
        is_tuple = isinstance(outputs[0], tuple)
        parts = zip(*outputs, strict=True) if is_tuple else [outputs]
        parts = [torch.cat(part, dim=1) for part in parts]
        self.each(parts[0])  # for whoever watches it
        if embeds:
            self.embedding(self._joined([features for _, features in runs]))
        if not self.gives_members:
            first, *others = parts
            parts = [self.mean(first), *(weighted(other, self.weights) for other in others)]
        return tuple(parts) if is_tuple else parts[0]

    def mean(self, outputs, weights=None):
        """Prediction of the members together, in the form that the output of one has.

        Parameters
        ----------
        outputs : tensor of shape (b, K, ...)
        weights : tensor of shape (b, K) or (K,), or None
            In the place of ``weights``; they need not sum to 1.

        Returns
        -------
        mean : tensor of shape (b, ...)
        """
        weights = self.weights if weights is None else self.weights * weights
        weights = weights / weights.sum(dim=-1, keepdim=True) * (1 - self.constant_weight)
        return self.from_mean(weighted(self.to_mean(outputs), weights)
                              + self.constant_weight * self.constant)  # fmt: skip

    def to_mean(self, outputs):
        """What is averaged, from outputs (b, K, ...): probabilities where these are logits."""
        if self.mean_of == "softmax":
            return outputs.softmax(dim=2)
        return outputs.sigmoid() if self.mean_of == "sigmoid" else outputs

    def from_mean(self, mean):
        """Output in the form that a member's has, from a mean of what is averaged, (b, ...)."""
        if self.mean_of == "outputs":
            return mean
        logits = mean.clamp(min=SMALLEST).log()
        if self.mean_of == "sigmoid":
            logits = logits - (1 - mean).clamp(min=SMALLEST).log()
        return logits / self.temperature

    def call_one(self, k, *args, **kwargs):
        """Output of member k alone, which torch can differentiate by the shared parameters."""
        s, k = self.place(k)
        with ONE_AT_A_TIME:
            tensors = {name: tensor[k] for name, tensor in tensors_of(self.stacks[s]).items()}
            return functional_call(self.stacks[s], tensors, args, kwargs)

    def place(self, k):
        """Stack of member k, and its number there."""
        s = int(self.kinds[k])
        return s, k - sum(self.sizes[:s])

    def _load_from_state_dict(self, state, prefix, *args):
        if prefix + "constant" in state:  # whose shape is the outputs', unknown before training
            self.constant = torch.empty_like(state[prefix + "constant"]).to(self.weights)
        super()._load_from_state_dict(state, prefix, *args)

    def _run(self, s, args, kwargs, embeds):
        """Outputs of one stack with the member axis second, and its embeddings where wanted."""
        stack, is_alone = self.stacks[s], self.in_a_row or is_watched(self.stacks[s])
        layer = stack.get_submodule(self.embedded[s]) if embeds else None
        if not is_alone and getattr(stack, "takes_members", False):
            if self.rows is not None and not embeds:
                return at_some(stack, self.rows.split(self.sizes)[s], *args, **kwargs), ()
            return at_once(stack, layer, args, kwargs)
        tensors = tensors_of(stack)

        def run(tensors):
            if not embeds:
                return functional_call(stack, tensors, args, kwargs), ()
            seen = []
            with watched([layer], before=lambda _layer, inputs: seen.append(inputs[0])):
                output = functional_call(stack, tensors, args, kwargs)
            return output, seen[-1].flatten(1)

        if is_alone:
            return in_a_row(run, tensors)  # whoever watches sees one member at a time
        try:
            outputs, features = vmap(run, out_dims=(1, 0), randomness="different")(tensors)
            return outputs, features.movedim(0, 1) if embeds else features
        except torch.cuda.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, NotImplementedError, IndexError) as error:
            outputs = in_a_row(run, tensors)  # an error of the module itself is raised here
            self.in_a_row = True
            reason = str(error).strip().split("\n")[0][:200]
            warnings.warn(
                f"{type(stack).__name__} cannot be stacked: its members run one after another, "
                f"which takes longer and gives the same. ({reason})",
                UserWarning,
                stacklevel=2,
            )
            return outputs

    def _joined(self, features):
        """Embeddings (b, K, d) of the stacks as one array, whose inner products are theirs."""
        parts = [
            (part * scale[:, None]).flatten(1)
            for part, scale in zip(features, self.weights.sqrt().split(self.sizes), strict=True)
        ]
        joined = torch.cat(parts, dim=1)
        if joined.shape[1] <= MOST_COLUMNS:
            return joined
        return joined @ projection(joined.shape[1]).to(joined)


class OneMember:
    """One of the members, as a criterion calls it that looks at the module."""

    def __init__(self, members, k):
        self.members, self.k = members, k

    def __call__(self, *args, **kwargs):
        return self.members.call_one(self.k, *args, **kwargs)

    @property
    def training(self):
        """Whether the members are in training mode."""
        return self.members.training

    def parameters(self):
        """Parameters of this member."""
        s, k = self.members.place(self.k)
        return (parameter[k] for parameter in self.members.stacks[s].parameters())


def number_of_members(estimator, fitted=None):
    """Members that an estimator is to have, by its ``n_members``.

    Parameters
    ----------
    estimator : ConstrainedNetClassifier or ConstrainedNetRegressor
    fitted : int or None
        Members of the net that is to be trained on, which "auto" keeps.

    Returns
    -------
    n_members : int

    Raises
    ------
    ValueError
        For what is neither "auto" nor an integer from 1, or another number than that of the net
        that is to be trained on.
    """
    n_members = estimator.n_members
    if isinstance(n_members, str) and n_members == "auto":
        if fitted is not None:
            return fitted
        has_variants = len(variants_of(estimator.module, MEMBERS_OF_VARIANTS)) > 1
        return MEMBERS_OF_VARIANTS if has_variants else 1
    if isinstance(n_members, bool) or not isinstance(n_members, Integral) or n_members < 1:
        raise ValueError(f"n_members == {n_members!r}, must be an integer >= 1 or 'auto'.")
    if fitted not in (None, n_members):
        raise ValueError(
            f"n_members == {n_members}, must be {fitted} or 'auto' to train on, as before: fit "
            "without warm_start starts with other members."
        )
    return int(n_members)


def variants_of(module, n_members):
    """Parameters in which members of a class differ: its ``variants``, if there are enough members.

    Parameters
    ----------
    module : nn.Module class or instance, or what else makes one
    n_members : int

    Returns
    -------
    variants : sequence of dict
        The first one alone unless each has two members or more.
    """
    if isinstance(module, nn.Module):
        return ({},)  # members of an instance are copies of it
    variants = getattr(module, "variants", None) or ({},)
    return variants if n_members >= 2 * len(variants) else variants[:1]


def sizes_of_kinds(module, n_members):
    """Number of members of each of :func:`variants_of`."""
    n_kinds = len(variants_of(module, n_members))
    return [len(range(kind, n_members, n_kinds)) for kind in range(n_kinds)]


def mean_of(criterion):
    """What is averaged of members that a criterion trains, as :class:`Members` takes it."""
    kind = kind_of(criterion)
    if isinstance(kind, type):
        if issubclass(kind, nn.CrossEntropyLoss):
            return "softmax"
        if issubclass(kind, nn.BCEWithLogitsLoss):
            return "sigmoid"
    return "outputs"


@contextmanager
def apart(module, asked=None):
    """Inside, members give their outputs each for itself in evaluation mode as well.

    Parameters
    ----------
    module : nn.Module
        Not more than a module unless it is :class:`Members`.
    asked : bool tensor of shape (b, K), or None
        Whose outputs matter for each row of the batches inside. Others may be missing, and then are
        0: the module need not be run for them.
    """
    if not isinstance(module, Members):
        yield
        return
    module.is_apart = True
    module.rows = None if asked is None else rows_of_each(asked)
    try:
        yield
    finally:
        module.is_apart, module.rows = False, None


def weighted(outputs, weights):
    """Sum over the members of their weighted outputs: (b, K, ...), and (K,) or (b, K)."""
    shape = (*weights.shape, *[1] * (outputs.dim() - 2))
    return (outputs * weights.to(outputs.dtype).reshape(shape)).sum(dim=1)


def n_stacked(module, layer):
    """How many members a layer of a module stands for; 1 in a module without members."""
    if isinstance(module, Members):
        for stack, size in zip(module.stacks, module.sizes, strict=True):
            if any(part is layer for part in stack.modules()):
                return size
    return 1


def names_of(module):
    """Name of each layer of a module."""
    return {layer: name for name, layer in module.named_modules()}


@lru_cache(maxsize=4)
def projection(n_columns):
    """Random matrix (n_columns, MOST_COLUMNS) that keeps inner products, but for a few per cent.

    Johnson, Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space", 1984.
    """
    generator = torch.Generator().manual_seed(n_columns)
    return torch.randn(n_columns, MOST_COLUMNS, generator=generator) / MOST_COLUMNS**0.5
