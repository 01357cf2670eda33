"""Learning loss: the sampler that learns what the estimator gets wrong."""

import numbers

from skally.nets.heads import LossRegressor
from skally.samplers.head import HeadSampler
from skally.utils.validation import check_number


class LearningLossSampler(HeadSampler):
    """Rows of the largest predicted loss.

    A small net learns from the embeddings of the labelled samples which of two has the larger loss.
    It is trained after the estimator and apart from it, so that any estimator and any input will
    do. Where the labelled samples are given, the losses are the ``sample_loss`` of a constrained
    net, the log loss of other classifiers and the squared error of other regressors; where they are
    not, those that a constrained net has kept from its training, of several members the losses of
    withheld rows.

    Parameters
    ----------
    margin : float, default=1.0
        Difference of predictions from which a pair counts as told apart.
    hidden_layer_sizes : sequence of int, default=(64,)
    max_epochs : int, default=100
    lr : float, default=0.001
        Learning rate of Adam.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Yoo, Kweon, "Learning Loss for Active Learning", CVPR 2019, equation 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skally import LearningLossSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Ridge().fit(X[:100], y[:100])
    >>> sampler = LearningLossSampler(random_state=0)
    >>> sampler.query(model, X[100:], n_instances=5, X=X[:100], y=y[:100]).shape
    (5,)
    """

    def __init__(
        self, margin=1.0, hidden_layer_sizes=(64,), max_epochs=100, lr=1e-3, *, random_state=None
    ):
        super().__init__(random_state=random_state)
        self.margin = margin
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_epochs = max_epochs
        self.lr = lr

    def head(self):
        return LossRegressor(self.margin, self.hidden_layer_sizes, self.max_epochs, self.lr)

    def training_data(self, pool):
        check_number("margin", self.margin, numbers.Real, 0)
        return pool.labeled.embedding_and_loss
