"""plan.md as text: from lines to a Plan or the diagnostics, its canonical form, and the difference of two plans.

Here: the format of plan.md. Not here: what a plan makes happen (`core.engine`).
"""
