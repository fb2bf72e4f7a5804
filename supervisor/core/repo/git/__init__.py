"""Parse what git prints: status, refs, history. Bytes in, printable text out.

Here: the meaning of git's output. Not here: running git (`shell.git`).
"""
