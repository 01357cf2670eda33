"""Repairs of modAL, which ``import skally`` makes already where modAL is used."""

from skally.utils.modal import repair

__all__ = ["repair"]
