"""What ties repos together: classify mentions, join them into links, score, compare and write them.

Here: whatever looks at two repos at once, and its keywords. Not here: reading one repo (`core.repo`) or source files
(`wire.source`).
"""
