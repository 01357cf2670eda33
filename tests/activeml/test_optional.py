"""What the bridge says where there is no scikit-activeml. These tests need none."""

import sys

import pytest

import skally.activeml


@pytest.mark.parametrize("name", skally.activeml.__all__)
def test_using_the_bridge_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "skactiveml", None)  # as if it were not installed
    with pytest.raises(ImportError, match=r"needs scikit-activeml: pip install skally\[activeml\]"):
        getattr(skally.activeml, name)


def test_other_names_are_unknown_as_in_any_module():
    with pytest.raises(AttributeError, match="has no attribute 'Strategy'"):
        skally.activeml.Strategy  # noqa: B018
