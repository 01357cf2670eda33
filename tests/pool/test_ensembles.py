import numpy as np

from skally.pool.ensembles import spread


def test_probabilities_go_to_the_columns_of_their_classes():
    proba = np.array([[0.3, 0.7], [1.0, 0.0]])
    classes = np.array(["b", "d"])
    spread_out = spread(proba, classes, np.array(["a", "b", "c", "d"]))
    assert spread_out.tolist() == [[0, 0.3, 0, 0.7], [0, 1, 0, 0]]
