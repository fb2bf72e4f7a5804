"""The supervisor process: started, locked, its loop, its effects and its control socket.

Here: what runs for as long as the supervisor does. Not here: decisions (`core.engine`), or one child's server
(`runtime.codex`).
"""
