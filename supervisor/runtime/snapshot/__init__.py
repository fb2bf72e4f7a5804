"""Take snapshots of repos: ask git, read files, and reuse the last snapshot if nothing changed.

Here: gathering. Not here: what it means (`core.repo`).
"""
