"""The map of a workspace: sources are read where they changed, joined across repos, and drawn, by a process of its own.

Here: the wiring of a survey. Not here: what a link is (`core.map`), or how a language is read (`wire.source`).
"""
