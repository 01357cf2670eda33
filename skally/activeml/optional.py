"""What to say where scikit-activeml is missing."""

from importlib.util import find_spec


def check_installed():
    """Raise ImportError, with what to install, if there is no scikit-activeml."""
    if find_spec("skactiveml") is None:
        raise ImportError("skally.activeml needs scikit-activeml: pip install skally[activeml].")
