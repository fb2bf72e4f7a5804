"""Children on other machines: their servers and work trees, reached through a runner's prefix.

Here: what is done there, and what becomes of it when the way there is cut. Not here: what is done when (`core.engine`),
or the words that are sent (`wire.place`). Nothing in here runs a command of a child on this machine.
"""
