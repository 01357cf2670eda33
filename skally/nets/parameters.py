"""Parameters of the constrained nets: what they mean, and what they may be."""

import numbers
from dataclasses import dataclass, fields, replace
from typing import Any

from sklearn.base import BaseEstimator

from skally.utils.validation import check_number

# Largest number that single precision can hold, rounded down.
LARGEST = 3e38

# Step of the dual ascent unless the user gives one.
DUAL_LR = 0.002

# The same where duals see losses of withheld rows: no weights make all of these small, so that the
# duals would rise for as long as training lasts. A cost and a bound hold them near a fortieth of
# the slacks: few are at the bound, where they would be alike, and a wrong target, whose loss is
# large, weighs little more than others.
HELD_OUT_DUAL_DECAY, HELD_OUT_DUAL_MAX = 40.0, 0.1
HELD_OUT_SHARE = 0.5  # of the way to dual = slack / dual_decay, in one step

PARAMETERS = """
    Parameters
    ----------
    module : nn.Module class or instance, default=TabularMLP
        The default is a net for tables, which scales the columns itself. Sizes are read from the
        data at ``fit`` where the constructor takes ``n_features``, ``n_outputs`` or ``quantiles``,
        as :class:`skally.modules.TabularMLP` and, for the first two, :class:`skally.modules.MLP`
        do. ``module__x`` reaches its parameter x. The paper's single net is ``module=MLP,
        n_members=1``; ``skally.paper.PAPER_SETTINGS`` has its training as well.
    n_members : int or "auto", default="auto"
        Nets of an ensemble, trained side by side in one loop. "auto" is 12 for a class with
        ``variants``, as the default module is, and 1 for any other module and for an instance.
        ``partial_fit`` and a warm start keep the number. Each row is withheld from some of the
        members, by folds (stratified by class; by ``groups`` where ``fit`` is given them): from a
        fourth of them, or from one in n_members of up to 5. What these say of the row gives
        ``held_out_loss_``, the epoch that is kept (best held-out loss; training stops 20 epochs
        after it), the weights of the members' mean and its spread. Members of a class with
        ``variants`` take these in turn. Batch normalisation, recurrent layers and what else torch
        cannot stack work too, some one after another. With fewer than 20 rows, or one group, no row
        is withheld; a warning says so.
        1 is a single net.
    epsilon : float, {epsilon_unit}, or "auto", default={epsilon}
        Tolerance: the constraint loss that no training sample may exceed. One for each sample goes
        through ``fit(X, y, epsilon=eps)``, eps of shape (n,). "auto" is 1.2 times the mean loss of
        rows held out: of a single net's from training without constraints, which takes three more
        fits, see :func:`skally.epsilon.unconstrained_loss`; of members' in the training
        itself.{normalize_y}
    criterion : nn.Module class or instance, or callable, default={criterion}
        Loss l. ``criterion(y_pred, y_true)`` gives one value per sample; torch's own losses are
        built with ``reduction="none"``. Losses of several outputs are averaged.{label_smoothing}
    constraint_criterion : as ``criterion``, or None, default=None
        Constraint loss l'. None means l. It need not look at the target: an argument named ``X``,
        ``module`` or ``outputs`` is given the batch's input, the net, or all that the net
        returned, as by :class:`skally.criteria.ConsistencyLoss`.
    dual_lr : float, "auto" or None, default=None
        Step of the dual ascent. None is 0.002, which keeps duals so small that the test error stays
        that of the same net without constraints, unless some targets are far off; ``dual_max`` then
        limits the harm. Where duals see the losses of withheld rows, None is 0.0125 with
        ``dual_decay=40`` and ``dual_max=0.1``: in each epoch a dual goes half of the way to a
        fortieth of the slack, and never beyond 0.1. Any ``dual_decay`` d or ``dual_max`` stays,
        and the step is then 0.5 / d. "auto" is for true multipliers: it chooses a step, which waits
        until the weights have settled and falls with the learning rate, and a penalty of the same
        size; both grow tenfold over the training. Rows are drawn for batches in proportion to 1
        plus their dual. If the outputs of a single net are affine in the parameters, training ends
        with the method of multipliers, which finds the optimum, whatever optimizer, lr and
        max_epochs are; a weight decay or arguments of ``forward`` leave this out.
    dual_update : "epoch" or "batch", default="epoch"
        Where the dual step takes its losses from: a full pass in eval mode after each epoch, or the
        training batch itself. The second costs nothing but is biased upwards, since a sample's loss
        is always seen just before the step that lowers it.
    primal_steps : int or None, default=None
        T_p, gradient steps between dual steps. None means one epoch, and with ``dual_lr="auto"``
        as many as make 10 steps; for ``dual_update="batch"`` it means one.
    dual_warmup : int, default=0
        Epochs before the first dual step.
    dual_init : float, default=0.0
        Start value of every dual.
    dual_max : float or None, default=None
        Upper bound of the duals: a constraint then costs at most ``dual_max`` times its violation,
        as slack does in a soft-margin support vector machine. None is no bound, unless
        ``dual_lr=None`` sets one.
    dual_decay : float, default=0.0
        Duals move by ``s - dual_decay * dual``: a violation u is then allowed, at a cost of
        ``u ** 2 / (2 * dual_decay)`` in the objective (resilient constraints). 0 is none, unless
        ``dual_lr=None`` sets one.
    penalty : float or None, default=None
        rho of the augmented Lagrangian: a constraint weighs max(0, dual + penalty * slack) in the
        primal step. None means 0, and with ``dual_lr="auto"`` the dual step itself, which takes
        the value given here if there is one.
    dual_loss : "auto", "held_out" or "training", default="auto"
        Whose losses the duals of members see: those of the members from which a row is withheld,
        or those that train on it, which are the paper's. The weights minimise the Lagrangian of the
        training losses in either case. "auto" is the first where rows are withheld.
    embedding_layer : str or None, default=None
        Name of the layer whose input is the embedding. None means the last ``nn.Linear``.
    random_state : None, int or RandomState, default=None
        The same int gives the same net and the same duals on the same machine.
    optimizer : torch.optim.Optimizer class, default=torch.optim.Adam
        This and the six after it are as in :class:`skorch.NeuralNet`.
    lr : float, default=0.002
        Learning rate, where the schedule starts.
    max_epochs : int, default=160
    batch_size : int, default=64
        Rows of a batch; -1 for all of them.
    device : str or torch.device, default="cpu"
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights there are.
    verbose : int, default=0
        Above 0, a line is printed for each epoch.
    accelerator : accelerate.Accelerator or None, default=None
        Train by all its processes at once, each on its own device; ``device`` is then left out.
        Every process makes the same calls with all of X and y, and ends with the same duals.
        A pickled net has None. See :doc:`/devices`.
    iterator_train : torch.utils.data.DataLoader class, default=BatchLoader
        Batches of training. ``iterator_train__collate_fn`` and ``iterator_valid__collate_fn``
        collect those of torch data sets, see :doc:`/training`.
    iterator_train__shuffle : bool, default=True
        Whether each epoch puts the rows into batches anew.
    iterator_valid : torch.utils.data.DataLoader class, default=BatchLoader
        Batches of predictions.
    dataset : torch.utils.data.Dataset class, default=ArrayDataset
        What X and y are put into for the batches.
    train_split : None or callable, default=None
        As in :class:`skorch.NeuralNet`. None gives every row a dual; rows that another split holds
        out get NaN. Targets of ``skorch.helper.predefined_split`` are in the form that ``fit``
        takes.
    callbacks : None, "disable" or list of skorch callbacks, default=None
        They are called with ``net_``. The learning rate falls to zero along half a cosine, unless
        one of them is an ``LRScheduler`` or ``callbacks__lr_decay=None``.
    predict_nonlinearity : "auto", None or function of the module's output, default="auto"
        What makes a prediction of it. "auto" is the softmax for ``CrossEntropyLoss``, both classes'
        probabilities for ``BCEWithLogitsLoss`` and ``BCELoss``, and the output as it is for any
        other loss. With a loss of your own ``predict_proba`` gives probabilities only if this
        function makes them, as ``lambda y: y.softmax(dim=1)`` does of logits.
    compile : bool, default=False
        This and the two after it are as in :class:`skorch.NeuralNet`.
    use_caching : bool or "auto", default="auto"
    torch_load_kwargs : dict or None, default=None
    **skorch__params : dict
        skorch's parameters with double underscores: ``module__x``, ``criterion__x``,
        ``constraint_criterion__x``, ``optimizer__x``, ``iterator_train__x``, ``callbacks__x``.

    Attributes
    ----------
    dual_variables_ : array of shape (n,)
        Dual variable of each row of the X given to ``fit``, not negative; n times the multiplier
        that a solver reports, since the Lagrangian is a mean.
    slacks_ : array of shape (n,)
        l'_i - eps_i at the final weights; positive means violated. Of several members l'_i is the
        loss that their duals see, see ``dual_loss``: unless that is "training", the one of the
        members from which row i is withheld, which ``constraint_loss(X, y)`` is not.
    train_embedding_ : array of shape (n, d)
        Of a linear net it is X itself, and a pickle of the net holds it. ``del
        net.train_embedding_`` before pickling leaves it out; the net still predicts, embeds and
        can be trained on, and strategies that need it do not work.
    sensitivity_ : array of shape (n,)
        ``-dual_variables_ / n``, the derivative of the optimal mean loss by the sample's tolerance.
    epsilon_ : float or array of shape (n,)
        Tolerance used.
    kkt_ : dict
        ``max_violation`` (largest slack, at least 0), ``complementarity`` (largest absolute
        product of dual and slack), ``stationarity`` (Euclidean length of the Lagrangian's
        gradient), ``fraction_active`` (share of duals above 0).
    n_dual_updates_ : int
    held_out_loss_ : array of shape (n,)
        With several members: loss l of each row by those from which it was withheld; NaN where
        there are none. After ``partial_fit`` or a warm start, which withhold other rows than the
        fit before, these losses are too small.
    best_epoch_ : int
        With several members: the epoch whose weights they have.
    history_ : skorch.history.History
        With the columns ``objective``, ``lagrangian``, ``max_violation``, ``dual_mean``,
        ``dual_max``, ``fraction_active``; of members ``held_out_loss``.
    net_ : skorch.NeuralNet
        The trained net, which sees {net_sees}. Its criterion holds the duals, so
        ``net_.save_params(f_params=..., f_criterion=...)`` saves them; pickle saves all there is.
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,)
        Only if X has string column names.{attributes}

    Warns
    -----
    ConvergenceWarning
        Where the constraints seem impossible to meet, and with ``dual_lr="auto"`` where the duals
        have not converged.

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, Algorithm 1 (PDCL). Hounie, Ribeiro, Chamon, "Resilient Constrained Learning",
    NeurIPS 2023 (``dual_decay``). Cotter and others, "Optimization with Non-Differentiable
    Constraints", JMLR 20 (2019), Section 4 (``dual_loss``). Bertsekas,
    "Constrained Optimization and Lagrange Multiplier Methods", 1982, Section 3.1 (``penalty``).
    Mueller, Kornblith, Hinton, "When Does Label Smoothing Help?", NeurIPS 2019
    (``label_smoothing`` of the classifier).
"""


@dataclass(frozen=True)
class DualParameters:
    """Parameters of the dual training; the estimators have each of them under the same name."""

    dual_lr: Any
    dual_update: str
    primal_steps: Any
    dual_warmup: int
    dual_init: float
    dual_max: Any
    dual_decay: float
    penalty: Any
    dual_loss: str = "auto"

    def of_losses(self, are_held_out):
        """The same with a number in the place of ``dual_lr=None``, and what goes with it."""
        if self.dual_lr is not None:
            return self
        if not are_held_out:
            return replace(self, dual_lr=DUAL_LR)
        dual_decay = self.dual_decay if self.dual_decay > 0 else HELD_OUT_DUAL_DECAY
        dual_max = self.dual_max
        if dual_max is None:
            dual_max = max(HELD_OUT_DUAL_MAX, self.dual_init)
        dual_lr = HELD_OUT_SHARE / dual_decay
        return replace(self, dual_lr=dual_lr, dual_decay=dual_decay, dual_max=dual_max)

    @classmethod
    def names(cls):
        """Names of the parameters."""
        return [field.name for field in fields(cls)]

    @classmethod
    def of(cls, estimator):
        """Those of an estimator."""
        return cls(**{name: getattr(estimator, name) for name in cls.names()})

    def check(self):
        """Raise ValueError unless they can be used."""
        if self.dual_update not in ("epoch", "batch"):
            raise ValueError(f"dual_update == {self.dual_update!r}, must be 'epoch' or 'batch'.")
        if self.dual_loss not in ("auto", "held_out", "training"):
            raise ValueError(
                f"dual_loss == {self.dual_loss!r}, must be 'auto', 'held_out' or 'training'."
            )
        if self.dual_lr is not None and self.dual_lr != "auto":
            check_number("dual_lr", self.dual_lr, numbers.Real, 0, LARGEST)
        for name in ("dual_init", "dual_decay"):
            check_number(name, getattr(self, name), numbers.Real, 0, LARGEST)
        for name in ("dual_max", "penalty"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), numbers.Real, 0, LARGEST)
        check_number("dual_warmup", self.dual_warmup, numbers.Integral, 0)
        if self.primal_steps is not None:
            check_number("primal_steps", self.primal_steps, numbers.Integral, 1)
        dual_lr = DUAL_LR if self.dual_lr is None else self.dual_lr
        if dual_lr != "auto" and dual_lr * self.dual_decay >= 1:
            raise ValueError(
                f"dual_lr * dual_decay == {dual_lr * self.dual_decay}, must be < 1, or the duals "
                "would oscillate."
            )
        if self.dual_max is not None and self.dual_init > self.dual_max:
            raise ValueError(
                f"dual_init == {self.dual_init}, must be <= {self.dual_max}, which is dual_max."
            )


class SkorchParameters(BaseEstimator):
    """Estimator whose parameters include skorch's with double underscores, such as module__x."""

    def _store(self, arguments):
        """Keep the constructor's arguments under their names."""
        prefixed = arguments.pop("skorch__params")
        unknown = [name for name in prefixed if "__" not in name]
        if unknown:
            raise TypeError(
                f"{type(self).__name__}() got an unexpected keyword argument {unknown[0]!r}"
            )
        arguments = {k: v for k, v in arguments.items() if k not in ("self", "__class__")}
        vars(self).update(arguments, **prefixed)

    def _prefixed_params(self):
        return {k: v for k, v in vars(self).items() if "__" in k and not k.startswith("_")}

    def get_params(self, deep=True):
        """Parameters, with those that go to the module, optimizer, ... by double underscore.

        Parameters
        ----------
        deep : bool, default=True
            Whether those of estimators among them are there too, as in scikit-learn.

        Returns
        -------
        params : dict of str to object
        """
        return {**super().get_params(deep=deep), **self._prefixed_params()}

    def set_params(self, **params):
        """Set parameters, those of the module, optimizer, ... by double underscore.

        Parameters
        ----------
        **params : dict
            New values by name.

        Returns
        -------
        self : object
        """
        prefixed = {name: value for name, value in params.items() if "__" in name}
        super().set_params(**{k: v for k, v in params.items() if k not in prefixed})
        vars(self).update(prefixed)
        return self
