"""Single nets of plain layers, for tests of what one net does: the training of ``MLP`` alone."""

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP

TRAINING = {"n_members": 1, "lr": 1e-3, "max_epochs": 100}


def one_classifier(module=MLP, **params):
    """Classifier of one net, of plain layers unless a module is given."""
    return ConstrainedNetClassifier(module, **{**TRAINING, **params})


def one_regressor(module=MLP, **params):
    """Regressor of one net, of plain layers unless a module is given."""
    return ConstrainedNetRegressor(module, **{**TRAINING, **params})
