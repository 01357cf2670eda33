"""Worth of a row from what a classifier thinks of it."""

from scipy.special import entr


def entropy(proba):
    """Shannon entropy of each row, in nats.

    Parameters
    ----------
    proba : array of shape (n, n_classes)

    Returns
    -------
    h : array of shape (n,), from 0 to log(n_classes)
    """
    return entr(proba).sum(axis=1)
