"""Commands that show something and change nothing: status, wait, logs, snapshot, map, attach.

Not here: a command that tells the supervisor to do something (`steer`).
"""
