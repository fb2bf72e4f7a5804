"""Find secrets in text: rules as data, and one matcher for all of them.

Here: which characters of a text are a secret. Not here: what is put in their place, or in which values (`redact.py`).
"""
