"""The documents: the parts of them that are generated, and what holds for all of them.

Here: generators for `scripts/docs`, and tests of pages, links and paths. Not here: the prose, which is in `docs/`.
"""
