"""The documents: their generated parts, and checks of all pages.

Here: generators for `scripts/docs`, and tests of pages, links and paths. Not here: the prose, which is in `docs/`.
"""
