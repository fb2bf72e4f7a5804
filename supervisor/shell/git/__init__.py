"""Run git on repositories that may be hostile: no hooks, no prompts, bounded time and output.

Here: running git and reading its folder. Not here: what its output means (`core.repo.git`).
"""
