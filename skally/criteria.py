"""Losses with one value per sample, for constraints."""

from skally.nets.criteria import ConsistencyLoss, PinballLoss, ReconstructionLoss

__all__ = ["ConsistencyLoss", "PinballLoss", "ReconstructionLoss"]
