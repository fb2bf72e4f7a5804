"""Survey the repos of a workspace: read changed sources and draw the map, in a separate process.

Here: the wiring of a survey. Not here: what a link is (`core.map`), or how a language is read (`wire.source`).
"""
