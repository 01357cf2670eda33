import numpy as np

from skally.scores import entropy


def test_entropy_is_zero_when_sure_and_log_c_when_not():
    proba = np.array([[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0]])
    assert np.allclose(entropy(proba), [0, np.log(4), np.log(2)])
