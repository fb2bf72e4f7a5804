"""Codex as orch runs it: the binary and its version, a child's server from spawn to stop, its threads' roles, its
settings.

Here: wiring around `codex app-server`. Not here: the format of its messages (`wire.codex`), or when to start or
stop (`core.engine`).
"""
