"""plan.md on disk: reading it, watching it, and who wrote each version.

Here: the file. Not here: its format (`core.plan`).
"""
