"""PDCL, the primal-dual training of Algorithm 1, as overrides of a skorch net."""

import inspect
from copy import deepcopy

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from skorch.utils import to_tensor

from skally.nets.callbacks import (
    BestDuals,
    BestEpoch,
    CosineDecay,
    best_epoch,
    is_schedule,
    stops,
)
from skally.nets.checks import (
    check_arguments,
    check_callback_parameters,
)
from skally.nets.criteria import Batch, build_criterion
from skally.nets.data import on_host
from skally.nets.dual_step import dual_step
from skally.nets.embedding import find_embedding_layer
from skally.nets.folds import member_folds, sees_withheld, withheld
from skally.nets.held_out import HeldOut
from skally.nets.kkt import agreement_of_gradients, progress
from skally.nets.lagrangian import Lagrangian, usable
from skally.nets.loader import BatchLoader
from skally.nets.members import Members, apart, mean_of, sizes_of_kinds, variants_of
from skally.nets.multipliers import Multipliers
from skally.nets.numbered import NumberedRows
from skally.nets.strict import weights_dtype


class PrimalDual(NumberedRows):
    """Mixin: T_p primal steps on the Lagrangian, then one dual step, until the epochs are over.

    Parameters
    ----------
    epsilon : array of shape (n,)
        Tolerance of each row of the data of the next fit.
    sizes : dict
        ``n_features`` and ``n_outputs``, handed to a module whose constructor asks for them.
    dual_params : DualParameters
    constraint_criterion, embedding_layer, n_members
        See :class:`skally.ConstrainedNetClassifier`.
    label_smoothing : float
        As there, without "auto".

    Attributes
    ----------
    processes_ : Processes or None
        Set while several processes train the net together.
    folds_ : int array of shape (n,), or None
        Set for members: fold of each row, which is withheld from the members of that fold; -1 for
        rows that all train on.
    rule_ : float or None
        Set where epsilon follows the held-out loss, of which it is this multiple.
    held_out_ : HeldOut or None
        Of members: what those say of each row from which it is withheld.
    estimator_ : object
        Set in training. Its ``check_outputs(y_pred)`` raises an error for outputs of a wrong shape.
    """

    prefixes_ = [*NeuralNet.prefixes_, "constraint_criterion"]
    processes_ = None
    folds_ = rule_ = held_out_ = None

    def __init__(
        self,
        *args,
        epsilon,
        sizes,
        dual_params,
        constraint_criterion=None,
        embedding_layer=None,
        n_members=1,
        label_smoothing=0.0,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.epsilon = epsilon
        self.sizes = sizes
        self.dual_params = dual_params
        self.constraint_criterion = constraint_criterion
        self.embedding_layer = embedding_layer
        self.n_members = n_members
        self.label_smoothing = label_smoothing

    # Parts

    def initialize_module(self):
        """Module, with its sizes read from the data where its constructor wants them; or members.

        Members take the ``variants`` of their class in turn, parameters that make them differ,
        where there are two members or more for each.
        """
        kwargs = self.get_params_for("module")
        if self.n_members == 1:
            self.module_ = self._new_module(kwargs)
        else:
            kinds = zip(
                variants_of(self.module, self.n_members),
                sizes_of_kinds(self.module, self.n_members),
                strict=True,
            )
            stacks = [
                [self._new_module({**variant, **kwargs}) for _ in range(size)]
                for variant, size in kinds
            ]
            self.module_ = Members(stacks, mean_of(self.criterion), self._embedding_layer)
        self._embedding_layer(self.module_)  # an error now, not after training
        return self

    def _new_module(self, kwargs):
        if isinstance(self.module, torch.nn.Module):  # a parameter, which fit must not change
            return deepcopy(self.initialized_instance(self.module, kwargs))
        accepted = inspect.signature(self.module).parameters
        sizes = {name: size for name, size in self.sizes.items() if name in accepted}
        return self.initialized_instance(self.module, {**sizes, **kwargs})

    def _embedding_layer(self, module):
        return find_embedding_layer(module, self.embedding_layer)

    def initialized_instance(self, instance_or_cls, kwargs):
        """As skorch's; a misspelt parameter's error says what there is."""
        if isinstance(instance_or_cls, type):
            check_arguments(instance_or_cls, kwargs, "module")
        return super().initialized_instance(instance_or_cls, kwargs)

    def initialize_criterion(self):
        """Lagrangian in the place of the criterion."""
        criteria = [
            None
            if getattr(self, name) is None
            else build_criterion(getattr(self, name), self.get_params_for(name), name)
            for name in ("criterion", "constraint_criterion")
        ]
        dtype = weights_dtype(self.module_)
        for criterion in criteria:
            if isinstance(criterion, torch.nn.Module):  # with weights of the classes, say
                criterion.to(dtype)
        self.criterion_ = Lagrangian(*criteria, Multipliers())
        return self

    def get_default_callbacks(self):
        """skorch's; the decay of the learning rate and, for members, the choice of the epoch.

        Either is left to a user who has a callback for it.
        """
        callbacks, given = super().get_default_callbacks(), self.callbacks or []
        if not any(is_schedule(callback) for callback in given):
            callbacks = [("lr_decay", CosineDecay()), *callbacks]
        if self.n_members > 1 and not any(stops(callback) for callback in given):
            callbacks = [*callbacks, ("best_epoch", BestEpoch())]
        return callbacks

    def initialize_callbacks(self):
        """Callbacks; the last one keeps duals together with weights that a user's one keeps."""
        super().initialize_callbacks()
        check_callback_parameters([name for name, _ in self.callbacks_], vars(self))
        self.callbacks_.append(("best_duals", BestDuals()))
        return self

    # Primal steps

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """One epoch; in training, row numbers are taken out of the batches for the loss."""
        if training:
            self._weigh_rows(iterator)
            self._set_scale()
            iterator = self._without_row_numbers(iterator)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)

    def _weigh_rows(self, iterator):
        """Let the loader draw rows by the weights of the dual step's policy, if it has any.

        The losses of rows that are drawn more often count for less, by their ``share_``.
        """
        self.share_ = None
        dual, rows = self.criterion_.multipliers.dual, self.numbered_.rows
        weights = self.dual_step_.weights(dual[rows])
        if weights is not None and isinstance(iterator, BatchLoader) and iterator.can_draw:
            iterator.weights = weights.cpu().double().numpy()
            self.share_ = torch.ones_like(dual)
            self.share_[rows] = weights / weights.mean()

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Lagrangian of a training batch, plain loss of any other.

        The curvature in theta grows with 1 + lam. Divided by 1 + mean(lam), the Lagrangian has the
        same saddle point, and one primal learning rate is right for all dual vectors. It is not
        divided in "batch" mode, which is the paper's, nor beside a weight decay, which has a part
        in the saddle point and would then have to be divided too.
        """
        batch = self.batch_of(y_pred, y_true, X)
        if not self.is_checked_:
            y_pred = batch.y_pred.detach()
            self.estimator_.check_outputs(y_pred[:, 0] if batch.is_apart else y_pred)
            self.is_checked_ = True
        if not training:
            return self.criterion_.sample_losses(batch)[0].mean()
        value = self.criterion_(batch, self.rows_)
        if self.share_ is not None:
            value = value / self.share_.index_select(0, self.rows_)
        return value.mean() if self.scale_ == 1 else value.mean() / self.scale_

    def _set_scale(self):
        self.scale_ = 1.0
        if self.dual_params.dual_update == "epoch":
            if not any(group.get("weight_decay", 0) for group in self.optimizer_.param_groups):
                self.scale_ = 1 + self.criterion_.multipliers.dual.mean().item()

    def train_step(self, batch, **fit_params):
        """Primal step, followed by a dual step when it is due."""
        step = super().train_step(batch, **fit_params)
        self.n_steps_ += 1
        if self.dual_params.dual_update == "batch":
            self.criterion_.multipliers.observe(self.rows_, *self.criterion_.last)
            if self.n_steps_ >= (self.dual_params.primal_steps or 1):
                self._dual_step(self.rows_)
        elif (
            self.dual_params.primal_steps is not None
            and self.n_steps_ >= self.dual_params.primal_steps
        ):
            self._full_dual_step()
        return step

    def train_step_single(self, batch, **fit_params):
        """Gradient of a batch, to which each of several processes adds that of its part."""
        step = super().train_step_single
        if self.processes_ is not None:
            return self.processes_.gradient(self, step, batch, fit_params)
        try:
            return step(batch, **fit_params)
        except ValueError as error:
            if len(self.rows_) > 1 or "more than 1 value per channel" not in str(error):
                raise
            raise ValueError(
                "A batch has one row, and batch normalisation cannot train on one row: choose "
                "another batch_size, or iterator_train__drop_last=True."
            ) from error

    def validation_step(self, batch, **fit_params):
        """As skorch's, with one loss in all processes: they must not differ on when to stop."""
        step = super().validation_step(batch, **fit_params)
        if self.processes_ is not None:
            step["loss"] = self.processes_.mean(step["loss"])
        return step

    def batch_of(self, outputs, y_true, X):
        """What the criteria may look at."""
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        y_true, X = (
            each if isinstance(each, torch.Tensor) and each.device == outputs[0].device
            else to_tensor(each, device=self.device)
            for each in (y_true, X)
        )  # fmt: skip
        is_apart = getattr(self.module_, "gives_members", False)
        return Batch(outputs[0], y_true, X, self.module_, outputs, is_apart)

    # Dual steps

    def _measure(self):
        """Losses of all rows, by one pass in eval mode: none is seen just before its own step."""
        if self.processes_ is not None:
            self.processes_.measure(self)
        else:
            self._observe_all()
        if self.rule_ is not None:
            self.criterion_.multipliers.follow(self.rule_, self.numbered_.rows)

    def _observe_all(self):
        n_seen = 0
        for X, (y, rows) in self.get_iterator(self.numbered_):
            self.observe(X, y, rows)
            n_seen += len(rows)
        if n_seen < len(self.numbered_):
            raise ValueError(
                f"iterator_valid gives {n_seen} rows, must give all {len(self.numbered_)}: the "
                "losses of all are measured."
            )

    def observe(self, X, y, rows):
        """Keep the losses of a batch at the present weights."""
        self.module_.eval()
        self.criterion_.eval()
        with torch.no_grad(), apart(self.module_, self._who_is_asked(rows)):
            batch = self.batch_of(self.infer(X), y, X)
            losses = self.keep_losses(batch, rows)
            if self.held_out_ is not None:
                if not self.criterion_.sees_withheld:
                    losses = self.criterion_.withheld_losses(batch, rows)
                self.held_out_.observe(batch, rows, losses[0])

    def keep_losses(self, batch, rows):
        """Let the duals see the losses of a batch, which are returned."""
        with torch.no_grad():
            losses = self.criterion_.observed_losses(batch, rows)
        self.criterion_.multipliers.observe(rows, *losses)
        return losses

    def _who_is_asked(self, rows):
        """Members whose outputs for a batch of rows are looked at, (b, K); None for all."""
        criterion, held_out = self.criterion_, self.held_out_
        if held_out is None or held_out.keeps_variance:
            return None
        if not (criterion.sees_withheld and criterion.compares_means):
            return None
        return usable(criterion.withheld_of(rows))

    def _full_dual_step(self):
        if self.dual_step_.largest_agreement is None:
            self._measure()
        elif agreement_of_gradients(self) > self.dual_step_.largest_agreement:
            self.n_steps_ = 0  # the weights are on their way: their slacks say nothing yet
            return
        self._dual_step(self.numbered_.rows)

    def _dual_step(self, rows):
        self.n_steps_ = 0
        if self.n_epochs_ < self.dual_params.dual_warmup:
            return
        lr = self.optimizer_.param_groups[0]["lr"]
        lr_left = lr / self.start_lr_ if self.start_lr_ else 1.0
        dual_lr = self.dual_step_.dual_lr_at(self.n_epochs_ / self.max_epochs, lr_left)
        self.criterion_.multipliers.ascend(rows, dual_lr, rise=self.dual_step_.rise)
        if self.dual_params.dual_update == "epoch":
            self._set_scale()
        self.n_dual_updates_ += 1

    # Course of training

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """New duals for new data, before any callback may bring back saved ones."""
        super().on_train_begin(net, X=X, y=y, **kwargs)
        self.criterion_.label_smoothing = self.label_smoothing
        self.criterion_.keeps_last = self.dual_params.dual_update == "batch"
        self._hold_out()
        params = self.dual_params.of_losses(self.criterion_.sees_withheld)
        dual_max = np.inf if params.dual_max is None else params.dual_max
        self.criterion_.multipliers.begin(
            self.epsilon, params.dual_init, dual_max=dual_max, dual_decay=params.dual_decay
        )
        n_parameters = sum(p.numel() for p in self.module_.parameters() if p.requires_grad)
        n_parameters //= self.n_members
        self.dual_step_ = dual_step(params, self.epsilon, n_parameters)
        self.n_epochs_ = self.n_steps_ = self.n_dual_updates_ = 0
        self.is_checked_ = False
        self.start_lr_ = self.optimizer_.param_groups[0]["lr"]

    def _hold_out(self):
        """Say which row is withheld from which member, and which losses the duals see."""
        criterion = self.criterion_
        criterion.withheld, criterion.sees_withheld, self.held_out_ = None, False, None
        if self.n_members == 1:
            return
        module, folds = self.module_, self.folds_
        module.mix_alike()
        of_members = member_folds(module.sizes, folds.max() + 1)
        module.folds.copy_(torch.as_tensor(of_members))
        criterion.withheld = torch.as_tensor(withheld(folds, of_members), device=self.device)
        self.held_out_ = HeldOut(criterion.withheld)
        criterion.sees_withheld = sees_withheld(self.folds_, self.dual_params.dual_loss)

    def mix_members(self):
        """Weights of the members by what they say of withheld rows, after training."""
        if self.held_out_ is None:
            return
        self.held_out_.keeps_variance = True
        self._measure()  # at the weights of the best epoch
        self.held_out_.mix(self.module_, self.criterion_.criterion, self.numbered_.rows)
        self._measure()  # by those weights

    def held_out_state(self):
        """Losses by members that did not train on a row, and the epoch whose weights are kept."""
        if self.held_out_ is None:
            return {}
        epoch = best_epoch(self) or self.history[-1, "epoch"]  # the last one if none was chosen
        return {"held_out_loss": self.held_out_.loss, "best_epoch": epoch}

    def forget_training(self):
        """Drop the data of a training, and what a pickle would hold on its device."""
        del self.whole_, self.numbered_, self.estimator_
        self.rows_ = self.share_ = self.held_out_ = self.rule_ = None
        self.criterion_.withheld = None

    def __getstate__(self):
        return {name: on_host(value) for name, value in super().__getstate__().items()}

    def on_epoch_begin(self, net, **kwargs):
        """Set the penalty of an epoch."""
        self.criterion_.penalty = self.dual_step_.penalty_at(self.n_epochs_ / self.max_epochs)
        super().on_epoch_begin(net, **kwargs)

    def on_epoch_end(self, net, **kwargs):
        """Dual step of an epoch, and its line in the history."""
        super().on_epoch_end(net, **kwargs)
        if self.dual_params.dual_update == "epoch" and self.dual_params.primal_steps is None:
            if self.n_steps_ >= self.dual_step_.primal_steps:
                self._full_dual_step()
        self.n_epochs_ += 1
        known, rows = self.criterion_.multipliers, self.numbered_.rows
        is_old = self.dual_params.dual_update == "epoch" and self.n_steps_ > 0
        if is_old or known.slack[rows].isnan().any() or self._is_held_out_old():
            self._measure()  # the weights have moved since the last time
        for name, value in progress(known, rows).items():
            self.history.record(name, value)
        if self.held_out_ is not None:
            score = self.held_out_.score(self.module_, rows)
            if self.processes_ is not None:  # which must not differ on when to stop
                score = self.processes_.mean(torch.tensor(score, device=self.device)).item()
            self.history.record("held_out_loss", score)

    def _is_held_out_old(self):
        """Whether duals move without a pass over all rows, which members need."""
        return self.held_out_ is not None and self.dual_params.dual_update == "batch"


class PrimalDualClassifier(PrimalDual, NeuralNetClassifier):
    """Classes are 0 to C - 1, y is (n,)."""


class PrimalDualRegressor(PrimalDual, NeuralNetRegressor):
    """Targets as the loss sees them, y is (n, m)."""
