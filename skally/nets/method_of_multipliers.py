"""Exact multipliers of models that are affine in their parameters: the method of multipliers.

Stochastic steps bring weights and duals near an optimum only if they are long enough and many. If
the model is affine in its parameters and the losses are convex, the optimum can be computed:
minimise the augmented Lagrangian by a quasi-Newton method, move the duals by the slacks that the
minimiser leaves, and repeat.
"""

from copy import deepcopy

import torch

from skally.nets.criteria import Batch
from skally.nets.lagrangian import augmented_lagrangian, proximal_dual

# By how much an optimum may miss its conditions: violations and products of dual and slack as a
# share of epsilon, changes of duals as a share of the largest.
TOLERANCE, DUAL_TOLERANCE = 1e-4, 1e-3

# Most minimisations of the augmented Lagrangian, and most steps of each.
N_ROUNDS, N_STEPS = 100, 200

# The penalty is multiplied by GROWTH after a round that leaves more than PROGRESS of the error.
PROGRESS, GROWTH = 0.5, 4.0


def solve_if_affine(net):
    """Move a trained net to the optimum of its constrained problem, if that can be computed.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, just trained
        Its weights, duals and slacks change together, or not at all.

    Returns
    -------
    is_solved : bool
        False if the outputs are not affine in the parameters, or if no optimum was found, as with
        tolerances that cannot be met.

    References
    ----------
    Bertsekas, "Constrained Optimization and Lagrange Multiplier Methods", 1982, Section 2.2.
    """
    problem = ConstrainedProblem(net)
    is_solved = problem.is_affine() and problem.solve(net.dual_step_.dual_lr)
    if is_solved:
        problem.write_to(net)
    return is_solved


def wants_optimum(net):
    """Whether the parameters of a net ask for true multipliers of the problem that has them.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, just trained
    """
    params, groups = net.dual_params, net.optimizer_.param_groups
    decays = any(group.get("weight_decay", 0) for group in groups)  # a cost beside the Lagrangian
    return params.dual_lr == "auto" and params.dual_update == "epoch" and not decays


class ConstrainedProblem:
    """A net's losses and multipliers as functions of its parameters, in double precision.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`
        What is computed starts from its weights and duals, and leaves them alone.
    """

    def __init__(self, net):
        self.module = deepcopy(net.module_).double().eval()
        self.criterion = deepcopy(net.criterion_).double()
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        batches = list(net.get_iterator(net.numbered_))
        self.batches = [(as_double(X, net), as_double(y, net)) for X, (y, _) in batches]
        known = net.criterion_.multipliers
        self.rows = torch.cat([rows for _, (_, rows) in batches]).to(known.dual.device)
        self.dual, self.epsilon = (each[self.rows].double() for each in (known.dual, known.epsilon))
        self.bounds = known.dual_max, known.dual_decay

    def is_affine(self):
        """Whether the outputs for the first batch are affine in the parameters, by a trial."""
        X, _ = self.batches[0]
        if not self.parameters or not isinstance(X, torch.Tensor):
            return False
        start = torch.nn.utils.parameters_to_vector(self.parameters).detach().clone()
        generator = torch.Generator(start.device).manual_seed(0)
        move = torch.randn(start.shape, generator=generator, dtype=start.dtype, device=start.device)
        ahead, back, here = (self._outputs_at(start + step * move, X) for step in (1, -1, 0))
        error, size = (ahead + back - 2 * here).abs().max(), ahead.abs().max() + here.abs().max()
        return bool(error <= 1e-9 * size)  # no for NaN

    def _outputs_at(self, vector, X):
        with torch.no_grad():
            torch.nn.utils.vector_to_parameters(vector, self.parameters)
            return as_tuple(self.module(X))[0]

    def losses(self):
        """Losses l and slacks s of all rows, tensors of shape (n,)."""
        losses = []
        for X, y in self.batches:
            outputs = as_tuple(self.module(X))
            batch = Batch(outputs[0], y, X, self.module, outputs)
            losses.append(self.criterion.learned_losses(batch))
        loss, constraint = (torch.cat(parts) for parts in zip(*losses, strict=True))
        return loss, constraint - self.epsilon

    def solve(self, penalty):
        """Move parameters and duals to an optimum; whether there is one within reach."""
        error = torch.inf
        for _ in range(N_ROUNDS):
            self._minimise(penalty)
            with torch.no_grad():
                slack = self.losses()[1]
            before, self.dual = self.dual, proximal_dual(self.dual, slack, penalty, *self.bounds)
            if not self.dual.isfinite().all():
                return False
            last, error = error, self._error(slack)
            change, largest = (self.dual - before).abs().max(), self.dual.max()
            if error < TOLERANCE and change <= DUAL_TOLERANCE * largest:
                return True
            if error > PROGRESS * last:
                penalty *= GROWTH
        return False

    def _error(self, slack):
        """Largest violation, or product of dual and slack for duals up to 1, by the epsilon."""
        dual_max, dual_decay = self.bounds
        relaxed = slack - dual_decay * self.dual  # 0 where a relaxed constraint is at its optimum
        relaxed = torch.where(self.dual >= dual_max, relaxed.clamp(max=0), relaxed)
        product = (self.dual * relaxed).abs().max() / self.dual.max().clamp(min=1)
        return float(torch.maximum(relaxed.max(), product) / self.epsilon.median())

    def _minimise(self, penalty):
        optimizer = torch.optim.LBFGS(
            self.parameters,
            max_iter=N_STEPS,
            history_size=20,
            tolerance_grad=1e-9,
            tolerance_change=1e-14,
            line_search_fn="strong_wolfe",
        )

        def closure():
            optimizer.zero_grad()
            value = augmented_lagrangian(*self.losses(), self.dual, penalty, *self.bounds).mean()
            value.backward()
            return value

        optimizer.step(closure)

    def write_to(self, net):
        """Give a net these parameters and duals."""
        net.module_.load_state_dict(self.module.state_dict())
        known = net.criterion_.multipliers
        known.dual[self.rows] = self.dual.to(known.dual)


def as_double(values, net):
    """Floats of a batch in double precision on the device of a net; anything else as it is."""
    if not isinstance(values, torch.Tensor):
        return values
    values = values.to(net.device)
    return values.double() if values.is_floating_point() else values


def as_tuple(outputs):
    """All outputs of a module."""
    return outputs if isinstance(outputs, tuple) else (outputs,)
