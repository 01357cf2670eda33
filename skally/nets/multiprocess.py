"""Training by several processes at once, each with its part of every batch."""

from contextlib import contextmanager

import numpy as np
import torch
from joblib import hash as joblib_hash
from skorch.dataset import unpack_data
from torch.utils.data import Subset

from skally.utils.random import draw_seed, torch_seeded


class Processes:
    """p processes that train one net together, each a copy of it, to what one alone would learn.

    Each holds all data and draws the same batches. Process r takes rows r, r + p, r + 2p, ... of a
    batch, and what they find is added up, so that weights and duals are the same in all of them.

    Parameters
    ----------
    accelerator : accelerate.Accelerator
    """

    def __init__(self, accelerator):
        self.accelerator = accelerator
        self.own_rows = slice(accelerator.process_index, None, accelerator.num_processes)
        self.noise = np.random.RandomState([torch.initial_seed(), accelerator.process_index])

    def gradient(self, net, step_single, batch, fit_params):
        """Primal step's gradient of a whole batch, from a part of it in each process.

        Parameters
        ----------
        net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`
        step_single : function
            skorch's ``train_step_single`` of that net.
        batch : tuple of tensors
        fit_params : dict
        """
        from accelerate.utils import slice_tensors

        rows, n = net.rows_, len(net.rows_)
        share = len(range(n)[self.own_rows]) / n
        part = (
            self.own_rows if share else slice(0, 1)
        )  # with too few, a row that counts for nothing
        net.rows_ = rows[part]
        with self._own_noise(net.device):
            step = step_single(slice_tensors(unpack_data(batch), part), **fit_params)
        net.rows_ = rows
        gradients = [p.grad for _, p in net.get_all_learnable_params() if p.grad is not None]
        self._reduce(gradients, "sum", share)
        # Batch normalisation has seen a process's own rows; all predict by the mean of its means.
        self._reduce([b for b in net.module_.buffers() if b.is_floating_point()], "mean")
        if net.dual_params.dual_update == "batch":
            net.criterion_.last = tuple(self._whole(part, n) for part in net.criterion_.last)
        loss = self.accelerator.reduce(step["loss"].detach() * share, "sum")
        return {**step, "loss": loss, "y_pred": self._whole(step["y_pred"], n)}

    def measure(self, net):
        """Losses of all rows that a net is trained on, each measured by one process."""
        multipliers, rows = net.criterion_.multipliers, net.numbered_.rows
        own = Subset(net.numbered_, range(len(rows))[self.own_rows])
        for X, (y, numbers) in net.get_iterator(own):
            with self._own_noise(net.device):
                net.observe(X, y, numbers)
        rows = torch.as_tensor(rows, device=multipliers.dual.device)
        for measured in (multipliers.loss, multipliers.slack):
            measured[rows] = self._whole(measured[rows[self.own_rows]], len(rows))
        if net.held_out_ is not None:
            net.held_out_.replace(lambda part: self._whole(part[self.own_rows], len(rows)), rows)

    def mean(self, value):
        """Mean of a tensor over all processes."""
        return self.accelerator.reduce(value, "mean")

    def _whole(self, part, n):
        """Tensor of n rows, from the part of them in each process."""
        if isinstance(part, tuple):
            return tuple(self._whole(each, n) for each in part)
        whole = part.new_zeros((n, *part.shape[1:]))
        whole[self.own_rows] = part.detach()
        return self.accelerator.reduce(whole, "sum")

    def _reduce(self, tensors, reduction, weight=1.0):
        """Reduce weighted tensors in place, all at once: there is a delay in every call."""
        if tensors:
            vector = torch.cat([each.reshape(-1) for each in tensors]) * weight
            parts = self.accelerator.reduce(vector, reduction).split([t.numel() for t in tensors])
            for each, part in zip(tensors, parts, strict=True):
                each.copy_(part.view_as(each))

    def _own_noise(self, device):
        """Context for random numbers of one process, apart from those that order the rows."""
        return torch_seeded(draw_seed(self.noise), device)


@contextmanager
def across_processes(net, accelerator):
    """Inside, a net is trained by all processes of an accelerator; afterwards it knows of none.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`
        Its weights become those of the first process.
    accelerator : accelerate.Accelerator, or None for this process alone
    """
    if accelerator is None:
        yield
        return
    from accelerate.utils import broadcast

    for weights in net.module_.state_dict().values():
        weights.copy_(broadcast(weights))
    net.processes_ = Processes(accelerator)
    try:
        yield
    finally:
        del net.processes_


def start_alike(accelerator, rng, targets):
    """Give the generators of all processes one state, and check that they have the same data.

    Parameters
    ----------
    accelerator : accelerate.Accelerator, or None for this process alone
    rng : numpy.random.RandomState
    targets : array of shape (n,) or (n, m)

    Raises
    ------
    ValueError
        If the targets of processes differ.
    """
    if accelerator is None:
        return
    from accelerate.utils import broadcast_object_list, gather_object

    rng.set_state(broadcast_object_list([rng.get_state(legacy=False)])[0])
    found = gather_object([(len(targets), joblib_hash(targets))])
    if len(set(found)) > 1:
        raise ValueError(
            f"X and y differ between processes, with n == {[n for n, _ in found]}: give all rows, "
            "in one order, to every process."
        )


def device_of(accelerator):
    """Name of the device of this process; without a number for the CPU, where torch refuses one."""
    device = accelerator.device
    return "cpu" if device.type == "cpu" else str(device)


def check_accelerator(accelerator, device):
    """Raise an error unless nets can be trained by it.

    Parameters
    ----------
    accelerator : object
    device : str, torch.device or None
        The parameter beside it.
    """
    try:
        from accelerate import Accelerator
    except ImportError:
        raise ImportError("accelerator needs accelerate: pip install skally[accelerate].") from None
    if not isinstance(accelerator, Accelerator):
        raise ValueError(f"accelerator == {accelerator!r}, must be None or accelerate.Accelerator.")
    if str(device or "cpu") not in ("cpu", device_of(accelerator)):
        raise ValueError(
            f"device == {str(device)!r}, must be left out beside an accelerator, whose own is "
            f"{device_of(accelerator)!r} in this process."
        )
    for name, only in (("mixed_precision", "no"), ("gradient_accumulation_steps", 1)):
        if getattr(accelerator, name) != only:
            raise ValueError(
                f"accelerator.{name} == {getattr(accelerator, name)!r}, must be {only!r}."
            )
