"""Stories in which a landing over several repos is killed at any point: afterwards it is everywhere, or nowhere.

Here: what kills it, and what must hold then. Not here: stories with the real codex (`faults`).
"""
