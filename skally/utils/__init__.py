"""Helpers that know nothing of learning: random numbers, input checks, chunks, modAL's repairs."""
