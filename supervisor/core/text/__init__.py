"""Handle text from others safely: redact secrets, escape Markdown, parse CommonMark.

Here: what knows nothing but text. Not here: what a text means to the plan or a repo.
"""
