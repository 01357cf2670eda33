"""Save and load fitted estimators, without pickle."""

import sys
import zipfile
from importlib.metadata import version

from sklearn.base import BaseEstimator

from skally.saving.container import read, write
from skally.saving.graph import Decoder, Encoder
from skally.saving.names import resolved

PACKAGES = ("numpy", "scikit-learn", "skorch", "torch")


def save(estimator, path):
    """Write a fitted estimator to a file that holds data and no code.

    Everything that prediction, queries and further training need is kept: settings, weights, duals,
    members, the history, the state of the optimizer and of the random numbers, and the
    preprocessing of a pipeline. See :doc:`/saving`.

    Parameters
    ----------
    estimator : estimator of skally, or a pipeline, search or other estimator around one
    path : str or path-like
        A file that is there is replaced when the new one is complete.

    Raises
    ------
    TypeError
        For what is no estimator, or holds what a file cannot, such as a lambda or a tree.
    OSError
        If the path cannot be written; what was there before is left.

    Examples
    --------
    >>> import os, tempfile
    >>> import skally
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> net = skally.ConstrainedNetClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skally.save(net, os.path.join(folder, "net.skally"))
    ...     again = skally.load(os.path.join(folder, "net.skally"))
    >>> bool(abs(again.predict_proba(X) - net.predict_proba(X)).max() < 1e-6)
    True
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"estimator == {estimator!r}, must be an estimator of scikit-learn's kind.")
    encoder = Encoder()
    try:
        root = encoder.encode(estimator)
    except TypeError as error:
        raise TypeError(f"{type(estimator).__name__} cannot be saved: {error}.") from error
    content = {
        "skally": sys.modules["skally"].__version__,  # whose import needs this module
        "packages": {name: version(name) for name in PACKAGES},
        "names": encoder.names,
        "estimator": root,
    }
    write(path, content, encoder.arrays)


def load(path, device=None, *, trusted=()):
    """Read an estimator from a file that :func:`skally.save` wrote.

    No code comes from the file: it names classes, and only those of skally, scikit-learn, skorch,
    torch.nn and numpy that do no harm are looked up, and those that you trust.

    Parameters
    ----------
    path : str or path-like
    device : str, default=None
        Where nets are put, such as ``"cpu"`` for those trained on a GPU; None means as before.
    trusted : list of classes, functions or str, default=()
        Of your own modules and losses, by themselves or by name, ``"package.module.Class"``. Their
        constructors are called.

    Returns
    -------
    estimator : object

    Raises
    ------
    ValueError
        If the file was not written by ``save``, was cut short or changed, is of a newer format,
        names what is not trusted, or has a net for a device that is not here.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skally
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skally.save(model, Path(folder, "model.skally"))
    ...     again = skally.load(Path(folder, "model.skally"))
    >>> again.predict([[-1.0], [2.0]]).tolist()
    [0, 1]
    """
    try:
        content, arrays = read(path)
        named = resolved(content["names"], trusted)
        estimator = Decoder(arrays, named, device).decode(content["estimator"])
    except (
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        TypeError,
        zipfile.BadZipFile,
    ) as error:
        words = error if isinstance(error, ValueError) else f"must be as save wrote it ({error!r})"
        raise ValueError(f"path == {str(path)!r}: {words}.") from error
    if not isinstance(estimator, BaseEstimator):
        raise ValueError(f"path == {str(path)!r} holds no estimator.")
    return estimator
