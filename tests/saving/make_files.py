"""Write the files of one release that every later one must read, and what they predict.

Run: ``python tests/saving/make_files.py``. It writes to ``tests/saving/files/VERSION``, and
refuses to replace what is there.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skally
from skally.modules import MLP

FILES = Path(__file__).parent / "files"


def rows(name):
    """Rows on which a file was trained and is tried, and their targets."""
    if name == "classifier":
        X, y = load_iris(return_X_y=True)
        return X[::4], np.array(["setosa", "versicolor", "virginica"], dtype=object)[y[::4]]
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X, y = X.iloc[::12, :4], y.to_numpy()[::12]
    if name == "regressor":
        return X.to_numpy(), y
    return X.assign(sex=np.where(X["sex"] > 0, "a", "b").astype(object)), y


def trained(name):
    """Fitted estimator of each kind."""
    X, y = rows(name)
    if name == "classifier":
        net = skally.ConstrainedNetClassifier(
            MLP, module__hidden_layer_sizes=(8,), n_members=1, max_epochs=20, random_state=0
        )
        return net.fit(X, y)
    net = skally.ConstrainedNetRegressor(
        module__hidden_layer_sizes=(8,), n_members=6, max_epochs=20, random_state=0
    )
    if name == "regressor":
        return net.fit(X, y)
    columns = make_column_transformer(
        (StandardScaler(), ["age", "bmi", "bp"]), (OneHotEncoder(), ["sex"])
    )
    return make_pipeline(columns, net).fit(X, y)


def prediction(name, estimator):
    """What is compared: probabilities, or predicted numbers."""
    X, _ = rows(name)
    return estimator.predict_proba(X) if name == "classifier" else estimator.predict(X)


def main():
    """Write a file for each kind, and one with all predictions and duals."""
    folder = FILES / skally.__version__
    folder.mkdir(parents=True)
    expected = {}
    for name in ("classifier", "regressor", "pipeline"):
        estimator = trained(name)
        skally.save(estimator, folder / f"{name}.skally")
        net = estimator[-1] if name == "pipeline" else estimator
        expected[name] = {
            "prediction": prediction(name, estimator).tolist(),
            "duals": net.dual_variables_.tolist(),
        }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
