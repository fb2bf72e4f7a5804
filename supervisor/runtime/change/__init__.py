"""Compare, take back and land what the tasks changed, over all repos.

Here: the wiring of `core.change` with `shell.git`. Not here: what carries out actions of the plan (`daemon`).
"""
