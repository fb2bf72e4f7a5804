"""plan.md on disk: read it, watch it, and find out who wrote each version.

Here: the file. Not here: its format (`core.plan`).
"""
