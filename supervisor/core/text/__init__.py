"""Text of strangers made safe: secrets cut out, Markdown escaped, CommonMark parsed.

Here: what needs to know nothing but text. Not here: what a text means to the plan or a repo.
"""
