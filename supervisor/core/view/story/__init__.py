"""What happened, as a story: the fold of all events, which also keeps when each turn, ask, edit and decision was.

Here: values and the fold, pure. Not here: how the ledger is read (`runtime.story`), and how a story is shown (`page`).
"""
