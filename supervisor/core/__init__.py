"""Verbs: pure functions of values. No clock, no I/O, no randomness, no logger."""
