"""plan.md on disk: read it, watch it, and tell who wrote each version.

Here: the file. Not here: its format (`core.plan`).
"""
