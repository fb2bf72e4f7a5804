"""Commands that show something and change nothing: status, wait, logs, snapshot, map, attach.

Not here: a command that has the supervisor do something (`steer`).
"""
