"""Mathematics on NumPy arrays: distances, uncertainty, selection, clustering, information.

A function belongs here if it needs neither an estimator nor torch.
"""
