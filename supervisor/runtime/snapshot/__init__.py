"""Snapshots of repos: git is asked, files are read, and what did not change is taken from the last time.

Here: gathering. Not here: what it means (`core.repo`).
"""
