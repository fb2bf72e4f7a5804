"""Commands that draw what became of the plan: as a graph, as a report.

Here: gathering what is drawn, and where it goes. Not here: the drawings themselves (`core.view`).
"""
