"""Running a shell at the other end of an argv prefix, such as `ssh box --`.

Here: the process that leads there, what is written to it and read from it, within bounds. Not here: what the shell is
told (`wire.place`), or what follows from its answer (`runtime.remote`).
"""
