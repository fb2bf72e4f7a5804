"""Draw the graph of the tasks: layers, and these as text, Mermaid and SVG.

Here: layout and drawing, pure functions of nodes. Not here: what state a task is in, and how a terminal is written to.
"""
