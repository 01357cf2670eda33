"""Synthesise inputs that are in no pool, by gradient ascent on the predicted dual variable."""

from skally.synthesis.synthesizer import InputSynthesizer, Synthesis

__all__ = ["InputSynthesizer", "Synthesis"]
