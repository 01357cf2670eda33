"""skorch's training loop without what costs time and changes nothing."""

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PrintLog
from skorch.dataset import get_len, unpack_data

from skally.nets.callbacks import QuietLog
from skally.nets.data import ArrayDataset, home_of
from skally.nets.loader import BatchLoader

# Rows that are predicted together where the data are in memory, at most, and their floats.
EVALUATION_ROWS, EVALUATION_FLOATS = 256, 2**20

EVENTS_OF_BATCHES = ("on_batch_begin", "on_grad_computed", "on_batch_end")


class LeanLoop(NeuralNet):
    """skorch net whose steps take little more time than the tensors' own arithmetic.

    Predictions come in batches of one size, by which a row's prediction does not depend on the rows
    beside it: matrix products round differently for different numbers of rows.
    """

    listeners_ = {}
    evaluated_together_ = 0

    def get_params_for_optimizer(self, prefix, named_parameters):
        """As skorch's, with all parameters moved by one call where Adam offers it."""
        args, kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        others = kwargs.get("foreach") or kwargs.get("differentiable")
        if self.optimizer in (torch.optim.Adam, torch.optim.AdamW) and not others:
            kwargs.setdefault("fused", can_be_fused(self.module_))
        return args, kwargs

    def get_default_callbacks(self):
        """skorch's, with a log that composes no lines for nobody."""
        return [
            (name, QuietLog() if isinstance(callback, PrintLog) else callback)
            for name, callback in super().get_default_callbacks()
        ]

    def get_dataset(self, X, y=None):
        """As skorch's; data in memory go to the device, once, where they leave it room."""
        dataset = super().get_dataset(X, y)
        if isinstance(dataset, ArrayDataset) and self.device is not None:
            dataset.device = torch.device(self.device)
        return dataset

    def get_iterator(self, dataset, training=False):
        """As skorch's, with larger batches of data in memory where nothing is trained."""
        iterator = super().get_iterator(dataset, training=training)
        if not training:
            if isinstance(iterator, BatchLoader) and iterator.take is not None:
                if "batch_size" not in self.get_params_for("iterator_valid"):
                    iterator.batch_size = max(iterator.batch_size, rows_together(iterator))
            self.evaluated_together_ = getattr(iterator, "batch_size", None) or 0
        return iterator

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """As skorch's; what is the same for all batches is found out once."""
        if iterator is None:
            return
        self.listeners_ = {event: self._listeners(event) for event in EVENTS_OF_BATCHES}
        if training:
            self._train_mode()
        records, n_before = self.history[-1]["batches"], len(self.history[-1]["batches"])
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            records[-1][f"{prefix}_loss"] = step["loss"].item()
            records[-1][f"{prefix}_batch_size"] = n_rows(batch)
            self.notify("on_batch_end", batch=batch, training=training, **step)
        self.history.record(f"{prefix}_batch_count", len(records) - n_before)
        self.listeners_ = {}

    def notify(self, method_name, **kwargs):
        """As skorch does, but events of a batch pass by the callbacks that do nothing in them."""
        if method_name not in self.listeners_:
            super().notify(method_name, **kwargs)
            return
        getattr(self, method_name)(self, **kwargs)
        for callback in self.listeners_[method_name]:
            getattr(callback, method_name)(self, **kwargs)

    def _listeners(self, event):
        own = getattr(Callback, event)
        return [
            callback
            for _, callback in self.callbacks_
            if event in vars(callback) or getattr(type(callback), event) is not own
        ]

    def train_step(self, batch, **fit_params):
        """As skorch's, but gradients are gathered only for callbacks that look at them."""
        if self.listeners_.get("on_grad_computed", True):
            return super().train_step(batch, **fit_params)
        accumulator = self.get_train_step_accumulator()

        def closure():
            for group in self.optimizer_.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None  # zero_grad, of which half is for torch's profiler
            step = self.train_step_single(batch, **fit_params)
            accumulator.store_step(step)
            return step["loss"]

        self.optimizer_.step(closure)
        return accumulator.get_step()

    def train_step_single(self, batch, **fit_params):
        """As skorch's, but for the mode of the modules."""
        if not self.module_.training:  # a callback has predicted
            self._train_mode()
        X, y = unpack_data(batch)
        y_pred = self.infer(X, **fit_params)
        loss = self.get_loss(y_pred, y, X=X, training=True)
        loss.backward()
        return {"loss": loss, "y_pred": y_pred}

    def infer(self, x, **fit_params):
        """As skorch's; a tensor goes straight to the module."""
        if not isinstance(x, torch.Tensor) or self.device is None:
            return super().infer(x, **fit_params)
        return self.module_(x.to(self.device), **fit_params)

    def _train_mode(self):
        self.module_.train()
        self.criterion_.train()

    def evaluation_step(self, batch, training=False):
        """Output of a batch; a short one is filled up with copies of its last row."""
        X, y = unpack_data(batch)
        n_missing = self.evaluated_together_ - get_len(X)
        if training or n_missing <= 0 or not isinstance(X, torch.Tensor):
            return super().evaluation_step(batch, training=training)
        X_filled = torch.cat([X, X[-1:].expand(n_missing, *X.shape[1:])])
        output = super().evaluation_step((X_filled, y))
        if isinstance(output, tuple):
            return tuple(part[: len(X)] for part in output)
        return output[: len(X)]


def n_rows(batch):
    """Rows of a batch, of any form that skorch takes."""
    X = batch[0] if isinstance(batch, tuple | list) else batch
    return len(X) if isinstance(X, torch.Tensor) else get_len(X)


def rows_together(loader):
    """Rows of a batch that is not trained on, of a loader of data in memory."""
    X, _ = loader.take(torch.zeros(1, dtype=torch.long, device=home_of(loader.dataset)))
    return min(EVALUATION_ROWS, EVALUATION_FLOATS // max(1, X.numel()))


def can_be_fused(module):
    """Whether Adam has one kernel for all parameters of a module."""
    return all(
        p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in module.parameters()
    )
