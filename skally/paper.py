"""Settings of the paper's own training."""

from skally.nets import presets

__all__ = ["PAPER_SETTINGS"]

PAPER_SETTINGS = presets.PAPER_SETTINGS
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
