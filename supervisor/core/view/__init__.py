"""The world as people and scripts see it: `orch status` and runs.md.

Here: rendering, read by nobody but people and readers of JSON. Not here: decisions; whatever the engine needs
belongs in `engine`.
"""
