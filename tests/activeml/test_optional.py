"""What the bridge says where there is no scikit-activeml. These tests need none."""

import sys

import numpy as np
import pytest

import skally.activeml
from skally.activeml import ActiveMLSampler


@pytest.fixture
def without_it(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "skactiveml"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skactiveml", None)


def test_using_the_bridge_names_the_extra(without_it):
    with pytest.raises(ImportError, match=r"needs scikit-activeml: pip install skally\[activeml\]"):
        skally.activeml.SkallyStrategy  # noqa: B018
    with pytest.raises(ImportError, match=r"pip install skally\[activeml\]"):
        ActiveMLSampler(object()).query(None, np.eye(3))


def test_other_names_are_unknown_as_in_any_module():
    with pytest.raises(AttributeError, match="has no attribute 'Strategy'"):
        skally.activeml.Strategy  # noqa: B018
