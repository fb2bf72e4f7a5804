"""What we send to the shell of another machine, and what comes back.

Here: scripts for a POSIX `sh`, answers as values, and what is wrong when there is none. Not here: who runs them
(`shell.prefix`). What the other side says is data: it is checked, and never run here.
"""
