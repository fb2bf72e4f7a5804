"""Show the world to people and scripts: `orch status` and runs.md.

Here: rendering, for people and for readers of JSON. Not here: decisions. Whatever the engine needs belongs in `engine`.
"""
