"""Measure what is cut out of texts: `scripts/secrets`.

Here: kinds of secrets, ordinary lines, places where text enters, and the figures. Not here: tests of single rules.
"""
