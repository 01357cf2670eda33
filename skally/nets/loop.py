"""skorch's training loop without the parts that take time and change nothing.

``python tests/benchmarks/training.py --overrides`` prints what each method here saves.
"""

import torch
from skorch.callbacks import PrintLog
from skorch.dataset import unpack_data
from skorch.utils import TeeGenerator
from torch.utils.data import DataLoader

from skally.nets.callbacks import QuietLog
from skally.nets.checks import check_arguments
from skally.nets.data import ArrayDataset, home_of
from skally.nets.loader import BatchLoader
from skally.nets.strict import StrictNet

# Largest batch of data in memory where nothing is trained: rows, and numbers in them.
EVALUATION_ROWS, EVALUATION_FLOATS = 1024, 2**20

# Where nothing is trained, a batch is filled up to a multiple of so many rows.
FILL = 32


class LeanLoop(StrictNet):
    """skorch net whose steps take little more time than the arithmetic of their tensors."""

    def get_params_for_optimizer(self, prefix, named_parameters):
        """As skorch's, but Adam moves all parameters by one call."""
        args, kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        check_arguments(self.optimizer, kwargs, prefix)
        others = kwargs.get("foreach") or kwargs.get("differentiable")
        if self.optimizer in (torch.optim.Adam, torch.optim.AdamW) and not others:
            kwargs.setdefault("fused", can_be_fused(self.module_))
        return args, kwargs

    def get_default_callbacks(self):
        """As skorch's, but lines of the log are only composed if they are printed."""
        return [
            (name, QuietLog() if isinstance(callback, PrintLog) else callback)
            for name, callback in super().get_default_callbacks()
        ]

    def get_dataset(self, X, y=None):
        """As skorch's, but data in memory go to the net's device once, if it has room for them."""
        dataset = super().get_dataset(X, y)
        if isinstance(dataset, ArrayDataset) and self.device is not None:
            dataset.device = torch.device(self.device)
        return dataset

    def get_iterator(self, dataset, training=False):
        """As skorch's, but with larger batches of data in memory where nothing is trained."""
        iterator = super().get_iterator(dataset, training=training)
        if not training and isinstance(iterator, BatchLoader) and iterator.take is not None:
            if "batch_size" not in self.get_params_for("iterator_valid"):
                iterator.batch_size = max(iterator.batch_size, evaluation_rows(iterator))
        return iterator if training else without_global_draws(iterator)

    def evaluation_step(self, batch, training=False):
        """As skorch's, of a batch that is filled up with copies of its last row.

        This brings no speed. Matrix products of other sizes are rounded differently, and in single
        precision a row's prediction alone and among others would differ by more than scikit-learn's
        check_methods_subset_invariance allows. With multiples of ``FILL`` rows they differ less.
        """
        X, y = unpack_data(batch)
        n_missing = -len(X) % FILL if isinstance(X, torch.Tensor) else 0
        if training or n_missing == 0:
            return super().evaluation_step(batch, training=training)
        filled = torch.cat([X, X[-1:].expand(n_missing, *X.shape[1:])])
        output = super().evaluation_step((filled, y))
        if isinstance(output, tuple):
            return tuple(part[: len(X)] for part in output)
        return output[: len(X)]

    def train_step(self, batch, **fit_params):
        """As skorch's, but gradients are removed without the optimizer's zero_grad.

        Half of that method's time is for torch's profiler.
        """
        accumulator = self.get_train_step_accumulator()

        def closure():
            for group in self.optimizer_.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None
            step = self.train_step_single(batch, **fit_params)
            accumulator.store_step(step)
            named_parameters = TeeGenerator(self.get_all_learnable_params())
            self.notify(
                "on_grad_computed", named_parameters=named_parameters, batch=batch, training=True
            )
            return step["loss"]

        self.optimizer_.step(closure)
        return accumulator.get_step()

    def train_step_single(self, batch, **fit_params):
        """As skorch's, but the mode of all modules is only set if it is another one."""
        if not self.module_.training:  # a new training, or a callback has predicted
            self.module_.train()
            self.criterion_.train()
        X, y = unpack_data(batch)
        y_pred = self.infer(X, **fit_params)
        loss = self.get_loss(y_pred, y, X=X, training=True)
        loss.backward()
        return {"loss": loss, "y_pred": y_pred}


def without_global_draws(iterator):
    """A loader of torch with a generator of its own: it draws a seed even where nothing is random.

    torch's global generator is the user's, and that of a net that another thread trains.
    """
    generator = torch.Generator().manual_seed(0)
    if isinstance(iterator, BatchLoader) and iterator.take is None:
        iterator.kwargs = {"generator": generator, **iterator.kwargs}
    elif isinstance(iterator, DataLoader) and iterator.generator is None:
        iterator.generator = generator
    return iterator


def evaluation_rows(loader):
    """Rows of a batch where nothing is trained, for a loader of data in memory."""
    X, _ = loader.take(torch.zeros(1, dtype=torch.long, device=home_of(loader.dataset)))
    return min(EVALUATION_ROWS, EVALUATION_FLOATS // max(1, X.numel()))


def can_be_fused(module):
    """Whether Adam has one kernel for all parameters of a module."""
    return all(
        p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in module.parameters()
    )
