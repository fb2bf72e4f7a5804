"""The ledger: all events, appended and never changed.

Old parts are compressed and kept, and a checkpoint remembers the world after them, so a start takes as long on an old
ledger as on a new one.

Here: lines, segments and the checkpoint on disk. Not here: what an event means (`core.engine.evolve`).
"""
