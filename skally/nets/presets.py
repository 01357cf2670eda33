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
