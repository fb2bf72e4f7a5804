"""Stories in which the way to a child on another machine breaks while a turn runs there, with the real codex.

Here: what breaks, and what must hold then. Not here: stories on one machine (`faults`), or killed landings (`stops`).
"""
