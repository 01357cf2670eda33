"""Training by several processes at once, each with its part of every batch."""

from contextlib import contextmanager

import numpy as np
import torch
from joblib import hash as joblib_hash
from skorch.dataset import unpack_data
from torch.utils.data import Subset

from skally.utils.random import draw_seed, torch_seeded


class AcrossProcesses:
    """Mixin before :class:`skally.nets.primal_dual.PrimalDual`: p processes train as one would.

    Each holds all data and draws the same batches. Process r takes rows r, r + p, r + 2p, ... of a
    batch, and what they find is added up, so that weights and duals are the same in all of them.
    """

    def train_step_single(self, batch, **fit_params):
        """Gradient of a whole batch, from a part of it in each process."""
        rows, n = self.rows_, len(self.rows_)
        part = self._part(n)
        self.portion_ = len(range(n)[self._every_pth]) / n
        self.rows_ = rows[part]
        with self._own_noise():
            step = super().train_step_single(self._taken(batch, part), **fit_params)
        self.rows_ = rows
        self._add_up(step, n)
        return step

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """As in one process; of a training batch, the part of its mean that these rows make."""
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        return loss * self.portion_ if training else loss

    def validation_step(self, batch, **fit_params):
        """As in one process, with one loss for all: they must not differ on when to stop."""
        step = super().validation_step(batch, **fit_params)
        step["loss"] = self.accelerator_.reduce(step["loss"], "mean")
        return step

    def _add_up(self, step, n):
        gradients = [p.grad for _, p in self.get_all_learnable_params() if p.grad is not None]
        self._reduce(gradients, "sum")
        # Batch normalisation has seen a process's own rows; all predict by the mean of its means.
        self._reduce([b for b in self.module_.buffers() if b.is_floating_point()], "mean")
        step["loss"] = self.accelerator_.reduce(step["loss"].detach(), "sum")
        step["y_pred"] = self._whole(step["y_pred"], n)
        if self.dual_update == "batch":
            self.criterion_.last = self._whole(self.criterion_.last, n)

    def _measure(self, numbered):
        """Losses of all rows, each measured by one process."""
        super()._measure(Subset(numbered, range(len(numbered))[self._every_pth]))
        rows = torch.as_tensor(numbered.rows, device=self.criterion_.dual.device)
        for kept in (self.criterion_.loss, self.criterion_.slack):
            kept[rows] = self._whole(kept[rows[self._every_pth]], len(rows))

    def _observe(self, X, y, rows):
        with self._own_noise():
            super()._observe(X, y, rows)

    @property
    def _every_pth(self):
        return slice(self.accelerator_.process_index, None, self.accelerator_.num_processes)

    def _part(self, n):
        """Rows of a batch of n; where there are too few, one that counts for nothing."""
        return self._every_pth if self.accelerator_.process_index < n else slice(0, 1)

    def _taken(self, batch, part):
        from accelerate.utils import slice_tensors

        return slice_tensors(unpack_data(batch), part)

    def _whole(self, part, n):
        """Tensor of n rows, from the part of them in each process."""
        if isinstance(part, tuple):
            return tuple(self._whole(each, n) for each in part)
        whole = part.new_zeros((n, *part.shape[1:]))
        whole[self._every_pth] = part.detach()
        return self.accelerator_.reduce(whole, "sum")

    def _reduce(self, tensors, reduction):
        """Reduce tensors in place, all at once: there is a delay in every call."""
        if tensors:
            vector = torch.cat([each.reshape(-1) for each in tensors])
            parts = self.accelerator_.reduce(vector, reduction).split([t.numel() for t in tensors])
            for each, part in zip(tensors, parts, strict=True):
                each.copy_(part.view_as(each))

    def _own_noise(self):
        """Context for the random numbers of one process, which leave the order of rows alone."""
        return torch_seeded(draw_seed(self.noise_), self.device)


@contextmanager
def across_processes(net, accelerator):
    """Inside, a net trains by all processes of an accelerator; afterwards it knows of none.

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
    alone = type(net)
    net.accelerator_ = accelerator
    net.noise_ = np.random.RandomState([torch.initial_seed(), accelerator.process_index])
    net.__class__ = type(alone.__name__, (AcrossProcesses, alone), {})
    try:
        yield
    finally:
        net.__class__ = alone
        del net.accelerator_, net.noise_


def start_alike(accelerator, rng, targets):
    """Give the generators of all processes one state, and see that they have the same data.

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
    """Name of the device of this process; a number of the CPU is what torch cannot read again."""
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
