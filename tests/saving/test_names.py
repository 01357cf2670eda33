import sys

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedNetClassifier
from skally.saving.names import name_of, resolved


@pytest.mark.parametrize(
    "thing, name",
    [
        (StandardScaler, "sklearn.preprocessing:StandardScaler"),
        (ConstrainedNetClassifier, "skally:ConstrainedNetClassifier"),
        (torch.nn.Linear, "torch.nn:Linear"),
        (np.log1p, "numpy:log1p"),
        (print, "builtins:print"),
    ],
)
def test_names_are_short_and_lead_back(thing, name):
    assert name_of(thing) == name
    assert resolved([name], []) == [thing]


@pytest.mark.parametrize(
    "name",
    [
        "os:system", "builtins:eval", "builtins:exec", "builtins:getattr", "builtins:open",
        "torch:load", "numpy:load", "torch.nn.modules.module:torch", "torch.serialization:load",
        "skorch.utils:torch_load", "skorch.callbacks:Checkpoint", "skorch.callbacks:LoadInitState",
        "sklearn.base:warnings", "sklearn.datasets:load_files", "sklearn.utils:Bunch",
        "skally:load", "skally.datasets:fetch_mnist", "sklearn.preprocessing:None.x", "none", "",
    ],
)  # fmt: skip
def test_what_could_do_harm_is_refused(name):
    with pytest.raises(ValueError, match="which are not of skally.*trusted="):
        resolved([name], [])


def test_nothing_outside_the_packages_is_imported(tmp_path, monkeypatch):
    (tmp_path / "harmful_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="harmful_module"):
        resolved(["harmful_module:Net"], [])
    assert "harmful_module" not in sys.modules
    with pytest.raises(SystemExit):
        resolved(["harmful_module:Net"], ["harmful_module.Net"])


def test_trust_is_in_one_name_only():
    with pytest.raises(ValueError, match="os.popen"):
        resolved(["os:getcwd", "os:popen"], ["os.getcwd"])


def test_a_local_function_has_no_name():
    with pytest.raises(TypeError, match="no name in a module"):
        name_of(lambda: 0)
