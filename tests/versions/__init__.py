"""`scripts/versions`: does orch work with each codex that there is?

Here: which versions the registries have, the loop on each of them, and what changed in the protocol. Not here: the
tests themselves.
"""
