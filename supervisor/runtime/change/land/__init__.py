"""Land: commits of what finished tasks changed, on one branch per repo, in all repos or in none; and push them.

Here: the steps of a landing and of its push, over all repos. Not here: its journal, and what else changes files.
"""
