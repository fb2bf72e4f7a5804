"""Commands about what the tasks changed: diff, ops, undo, redo, restore, land.

Not here: commands that steer running work (`steer`).
"""
