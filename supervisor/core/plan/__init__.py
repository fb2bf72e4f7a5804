"""plan.md as text: parse it into a Plan or diagnostics, compute canonical forms, compare two plans.

Here: the format of plan.md. Not here: what a plan makes happen (`core.engine`).
"""
