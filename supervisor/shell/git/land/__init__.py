"""Land: write commits into a repo, and move one branch of it so that a stop at any moment can be cleared up.

Here: reading what a landing rests on, writing its commits, one prepared ref transaction, and what is left of one.
Not here: which tasks are landed (`core.change`), and what holds several repos together (`runtime.change`).
"""
