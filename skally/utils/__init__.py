"""Helpers below all learning: random numbers, input checks, chunks, repairs of modAL."""
