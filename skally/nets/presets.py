"""Settings of the paper's own training."""

from torch.optim import Adam

from skally.nets.modules import MLP

PAPER_SETTINGS = {
    "module": MLP,
    "n_members": 1,
    "epsilon": 0.2,
    "dual_update": "batch",  # in the batch, with the losses before the primal step
    "primal_steps": 1,
    "dual_lr": 0.05,
    "dual_init": 0.0,
    "dual_loss": "training",
    "optimizer": Adam,
    "lr": 1e-3,
    "max_epochs": 100,
    "batch_size": 64,
    "callbacks__lr_decay": None,
}
"""Parameters with which a constrained net is trained as in the paper, a dict.

Elenter, NaderiAlizadeh, Ribeiro, NeurIPS 2022, with the settings of the authors' code of July 2022;
that of October 2022 starts the duals from 1.

Examples
--------
>>> from skally import ConstrainedNetClassifier
>>> from skally.paper import PAPER_SETTINGS
>>> net = ConstrainedNetClassifier(**PAPER_SETTINGS)
>>> net.n_members, net.dual_update, net.epsilon
(1, 'batch', 0.2)
"""
