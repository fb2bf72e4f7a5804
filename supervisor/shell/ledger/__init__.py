"""The ledger: all events, only ever appended to.

Old parts of it are compressed and kept, and the world as it was after them is remembered: a start does not take longer
with its age.
"""
