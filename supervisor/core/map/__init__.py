"""What ties repos together: mentions are classified, joined into links, scored, compared and written out.

Here: everything that looks at two repos at once, and the words it goes by. Not here: reading one repo
(`core.repo`), or source files (`wire.source`).
"""
