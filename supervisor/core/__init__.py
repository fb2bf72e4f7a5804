"""Verbs: pure functions of values. No clock, no I/O, no randomness, no logger.

Here: the rooms `text`, `plan`, `repo`, `map`, `boundary`, `guard`, `engine` and `view`; each imports only rooms below.
Not here: nouns (`domain`), formats of others (`wire`), or anything that waits.
"""
