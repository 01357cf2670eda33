"""An estimator as the skorch net that it trains sees it."""

from dataclasses import dataclass
from typing import Any

from skorch.dataset import Dataset

from skally.nets.data import ArrayDataset, Relabelled
from skally.utils.validation import dataset_targets


@dataclass(frozen=True)
class InTraining:
    """What a net in training asks of its estimator.

    Parameters
    ----------
    estimator : ConstrainedNetClassifier or ConstrainedNetRegressor
    encoder : object
        From the user's targets to the net's, fitted.
    """

    estimator: Any
    encoder: Any

    def encoded(self, dataset):
        """Validation data of the user's own, in the form of the training data.

        Parameters
        ----------
        dataset : torch data set of (x, target) pairs, with targets as ``fit`` takes them

        Returns
        -------
        X, y : arrays, or a data set and None

        Raises
        ------
        ValueError
            For targets or features that ``fit`` would refuse, or classes that it has not seen.
        """
        try:
            if type(dataset) in (Dataset, ArrayDataset):
                X, y = self.estimator._check_X_y(dataset.X, dataset.y, reset=False)
                return X, self.estimator._encode(self.encoder, y)
            X, y = self.estimator._check_X_y(dataset, dataset_targets(dataset), reset=False)
            return Relabelled(X, self.estimator._encode(self.encoder, y)), None
        except ValueError as error:
            raise ValueError(
                f"train_split gives validation data that do not fit: {error}"
            ) from error

    def check_outputs(self, y_pred):
        """Raise ValueError unless a batch's outputs fit the targets."""
        self.estimator._check_outputs(self.encoder, y_pred)
