"""PDCL, the primal-dual training of Algorithm 1, as overrides of a skorch net."""

import inspect
from copy import deepcopy

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping, LRScheduler
from skorch.utils import to_tensor

from skally.nets.callbacks import CosineDecay
from skally.nets.criteria import Batch, build_criterion
from skally.nets.data import BatchLoader, RowNumbered, original_rows
from skally.nets.embedding import find_embedding_layer
from skally.nets.lagrangian import Lagrangian, automatic_dual_lr
from skally.nets.loop import LeanLoop

# Primal steps before a dual step as long as dual_lr="auto" makes it. On small convex problems, Adam
# does not find the multipliers with 5 and does with 10; more make each dual step dearer.
LONG_STEP = 10

# Largest slack that such a step goes by, as a share of epsilon. While weights are far from where
# they are bound to go, slacks are large, and the duals would rise far too high before they arrive.
RISE = 0.1

# How much such a step and its penalty grow over a training. A larger one finds the duals of nearly
# dependent constraints in fewer steps, once the weights have arrived.
GROWTH = 10

# Batches of a prediction that are measured together for a dual step, whose rounding no one sees.
MEASURED = 4


class PrimalDual(LeanLoop):
    """Mixin: T_p primal steps on the Lagrangian, then one dual step, until the epochs are over.

    Parameters
    ----------
    epsilon : array of shape (n,)
        Tolerance of each row of the data of the next fit.
    sizes : dict
        ``n_features`` and ``n_outputs``, handed to a module whose constructor asks for them.
    constraint_criterion, dual_lr, dual_update, primal_steps, dual_warmup, dual_init, dual_max, \\
    dual_decay, penalty, embedding_layer
        See :class:`skally.ConstrainedNetClassifier`.
    """

    prefixes_ = [*NeuralNet.prefixes_, "constraint_criterion"]

    def __init__(
        self,
        *args,
        epsilon,
        sizes,
        constraint_criterion,
        dual_lr,
        dual_update,
        primal_steps,
        dual_warmup,
        dual_init,
        dual_max,
        dual_decay,
        penalty,
        embedding_layer,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.epsilon = epsilon
        self.sizes = sizes
        self.constraint_criterion = constraint_criterion
        self.dual_lr = dual_lr
        self.dual_update = dual_update
        self.primal_steps = primal_steps
        self.dual_warmup = dual_warmup
        self.dual_init = dual_init
        self.dual_max = dual_max
        self.dual_decay = dual_decay
        self.penalty = penalty
        self.embedding_layer = embedding_layer

    # Parts

    def initialize_module(self):
        """Module, with its sizes read from the data where its constructor wants them."""
        kwargs = self.get_params_for("module")
        if isinstance(self.module, torch.nn.Module):  # a parameter, which fit must not change
            self.module_ = deepcopy(self.initialized_instance(self.module, kwargs))
        else:
            accepted = inspect.signature(self.module).parameters
            sizes = {name: size for name, size in self.sizes.items() if name in accepted}
            self.module_ = self.initialized_instance(self.module, {**sizes, **kwargs})
        find_embedding_layer(self.module_, self.embedding_layer)  # an error now, not after training
        return self

    def initialize_criterion(self):
        """Lagrangian in the place of the criterion."""
        criteria = [
            None
            if getattr(self, name) is None
            else build_criterion(getattr(self, name), self.get_params_for(name), name)
            for name in ("criterion", "constraint_criterion")
        ]
        self.criterion_ = Lagrangian(
            *criteria,
            dual_max=np.inf if self.dual_max is None else self.dual_max,
            dual_decay=self.dual_decay,
        )
        return self

    def get_default_callbacks(self):
        """skorch's, and the decay of the learning rate unless the user has a schedule."""
        callbacks = super().get_default_callbacks()
        if any(is_schedule(callback) for callback in self.callbacks or []):
            return callbacks
        return [("lr_decay", CosineDecay()), *callbacks]

    # Which rows a batch holds

    def get_split_datasets(self, X, y=None, **fit_params):
        """Split as skorch does, and number the rows that are trained on."""
        self.whole_ = self.get_dataset(X, y)
        train, valid = super().get_split_datasets(self.whole_, y, **fit_params)
        self.numbered_ = RowNumbered(train, original_rows(train, self.whole_))
        return train, valid

    def get_iterator(self, dataset, training=False):
        """Batches, with row numbers for the data set that is trained on."""
        numbered = getattr(self, "numbered_", None)
        if training and numbered is not None and dataset is numbered.dataset:
            dataset = numbered
        return super().get_iterator(dataset, training=training)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """One epoch of plain batches; their row numbers are put aside for the loss."""
        if training:
            self._aim(iterator)
            self._set_scale()
            iterator = self._set_rows_aside(iterator)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)

    def _aim(self, iterator):
        """With dual_lr="auto", a row is drawn the oftener, the larger its weight 1 + lam_i.

        Else a few rows with large duals, missing from most batches, drown the others in noise.
        """
        if self._automatic and isinstance(iterator, BatchLoader) and iterator.can_draw:
            weights = 1 + self.criterion_.dual[self.numbered_.rows]
            iterator.weights = weights.cpu().double().numpy()
            self.criterion_.share = torch.ones_like(self.criterion_.dual)
            self.criterion_.share[self.numbered_.rows] = weights / weights.mean()

    def _set_rows_aside(self, iterator):
        for X, (y, rows) in iterator:
            self.rows_ = rows.to(self.criterion_.dual.device)
            yield X, y

    # Primal steps

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Lagrangian of a training batch, plain loss of any other.

        The curvature in theta grows with 1 + lam. Divided by 1 + mean(lam), the Lagrangian has the
        same saddle point, and one primal learning rate is right for all dual vectors. Not so in
        "batch" mode, which is the paper's, nor beside a weight decay, which has a say in the saddle
        point and is not divided.
        """
        batch = self.batch_of(y_pred, y_true, X)
        if not training:
            return self.criterion_.sample_losses(batch)[0].mean()
        return self.criterion_(batch, self.rows_, self.scale_)

    def _set_scale(self):
        self.scale_ = 1.0
        if self.dual_update == "epoch":
            if not any(group.get("weight_decay", 0) for group in self.optimizer_.param_groups):
                self.scale_ = 1 + self.criterion_.dual.mean().item()

    def train_step(self, batch, **fit_params):
        """Primal step, followed by a dual step when it is due."""
        step = super().train_step(batch, **fit_params)
        self.n_steps_ += 1
        if self.dual_update == "batch":
            slack = self.criterion_.keep_last(self.rows_)
            if self.n_steps_ >= (self.primal_steps or 1):
                self._dual_step(self.rows_, slack)
        elif self.primal_steps is not None and self.n_steps_ >= self.primal_steps:
            self._full_dual_step()
        return step

    def batch_of(self, outputs, y_true, X):
        """What the criteria may look at."""
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        y_true, X = (
            each if isinstance(each, torch.Tensor) and each.device == outputs[0].device
            else to_tensor(each, device=self.device)
            for each in (y_true, X)
        )  # fmt: skip
        return Batch(outputs[0], y_true, X, self.module_, outputs)

    # Dual steps

    def _measure(self, numbered):
        """Losses of all rows, by one pass in eval mode: none is seen just before its own step."""
        iterator = self.get_iterator(numbered)
        if isinstance(iterator, BatchLoader) and iterator.take is not None:
            iterator.batch_size *= MEASURED
        for X, (y, rows) in iterator:
            self._observe(X, y, rows)

    def _observe(self, X, y, rows):
        outputs = self.evaluation_step((X, y))
        with torch.no_grad():
            self.criterion_.observe(self.batch_of(outputs, y, X), rows)

    def _full_dual_step(self):
        self._measure(self.numbered_)
        self._dual_step(self.numbered_.rows)

    def _dual_step(self, rows, slack=None):
        self.n_steps_ = 0
        if self.n_epochs_ < self.dual_warmup:
            return
        if self._automatic:
            rise = RISE * np.median(self.epsilon)
            self.criterion_.ascend(rows, self.dual_lr_ * self._growth * self._decay, rise=rise)
        else:
            self.criterion_.ascend(rows, self.dual_lr_, slack=slack)
        if self.dual_update == "epoch":
            self._set_scale()
        self.n_dual_updates_ += 1

    @property
    def _automatic(self):
        return self.dual_lr == "auto" and self.dual_update == "epoch"

    @property
    def _growth(self):
        own = self._automatic and self.penalty is None and self.dual_decay == 0
        return GROWTH ** (self.n_epochs_ / self.max_epochs) if own else 1.0

    @property
    def _decay(self):
        """What is left of the primal learning rate: weights that hardly move follow no dual."""
        return self.optimizer_.param_groups[0]["lr"] / self.start_lr_ if self.start_lr_ else 1.0

    # Course of training

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """New duals for new data, before any callback may bring back saved ones."""
        super().on_train_begin(net, X=X, y=y, **kwargs)
        self.criterion_.begin(self.epsilon, self.dual_init)
        self.n_epochs_ = self.n_steps_ = self.n_dual_updates_ = 0
        self.best_ = (None, None)
        self.start_lr_ = self.optimizer_.param_groups[0]["lr"]
        self._set_dual_lr()

    def _set_dual_lr(self):
        """Dual step and penalty; with dual_lr="auto" each takes the other's value."""
        self.dual_lr_, penalty = self.dual_lr, self.penalty
        if self.dual_lr == "auto":
            n_parameters = sum(p.numel() for p in self.module_.parameters() if p.requires_grad)
            self.dual_lr_ = penalty or automatic_dual_lr(self.epsilon, n_parameters)
            if self.dual_decay > 0:
                self.dual_lr_ = min(self.dual_lr_, 0.5 / self.dual_decay)
            penalty = self.dual_lr_ if penalty is None else penalty
        self.penalty_ = penalty or 0.0

    def on_epoch_begin(self, net, **kwargs):
        """Keep the duals of the epoch that ended, if it was the best."""
        self._keep_best()
        self.criterion_.penalty = self.penalty_ * self._growth
        super().on_epoch_begin(net, **kwargs)

    def on_epoch_end(self, net, **kwargs):
        """Dual step of an epoch, and its line in the history."""
        super().on_epoch_end(net, **kwargs)
        at_least = LONG_STEP if self.dual_lr == "auto" else 1
        if self.dual_update == "epoch" and self.primal_steps is None and self.n_steps_ >= at_least:
            self._full_dual_step()
        self.n_epochs_ += 1
        for name, value in self._progress().items():
            self.history.record(name, value)

    def _progress(self):
        self.criterion_.settle()
        rows = self.numbered_.rows
        if (
            self.dual_update == "epoch"
            and self.n_steps_ > 0
            or self.criterion_.slack[rows].isnan().any()
        ):
            self._measure(self.numbered_)  # the last measurement is older than the weights
        loss, slack, dual = (getattr(self.criterion_, a)[rows] for a in ("loss", "slack", "dual"))
        return {
            "objective": loss.mean().item(),
            "lagrangian": (loss + dual * slack).mean().item(),
            "max_violation": slack.max().clamp(min=0).item(),
            "dual_mean": dual.mean().item(),
            "dual_max": dual.max().item(),
            "fraction_active": (dual > 0).float().mean().item(),
        }

    def on_train_end(self, net, **kwargs):
        """Keep the duals of the last epoch, if it was the best."""
        self._keep_best()
        super().on_train_end(net, **kwargs)

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train; weights and duals are of the same epoch at the end."""
        super().partial_fit(X, y, classes=classes, **fit_params)
        best_epoch, state = self.best_
        if best_epoch is not None and best_epoch != self.history[-1, "epoch"]:
            self.criterion_.load_state_dict(state)
        return self

    def _keep_best(self):
        """Skorch's EarlyStopping brings back the best weights, but nothing else of their epoch."""
        epoch = self.history[-1, "epoch"] if len(self.history) else None
        for _, callback in self.callbacks_:
            if isinstance(callback, EarlyStopping) and callback.load_best:
                if callback.best_epoch_ == epoch:
                    self.best_ = epoch, deepcopy(self.criterion_.state_dict())


def is_schedule(callback):
    """Whether a callback in any of skorch's forms is a learning rate schedule."""
    callback = callback[1] if isinstance(callback, tuple) else callback
    return issubclass(callback if isinstance(callback, type) else type(callback), LRScheduler)


class PrimalDualClassifier(PrimalDual, NeuralNetClassifier):
    """Classes are 0 to C - 1, y is (n,)."""


class PrimalDualRegressor(PrimalDual, NeuralNetRegressor):
    """Targets as the loss sees them, y is (n, m)."""
