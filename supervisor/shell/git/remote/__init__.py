"""Reach the remote of a repo as the person does: with their own transport, credentials, hook and forge's program.

Here: what needs a network or the person's credentials. Not here: what only reads or writes the repo (`land`, `keep`).
"""
