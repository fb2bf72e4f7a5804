"""Decide about what was changed: what one task changed, what an undo takes back, how a landing is made.

Here: pure functions of kept trees, operations and tasks. Not here: what writes into a repo (`shell.git`).
"""
