"""One work tree on another machine: its files, how it is read and written, and how its branches move.

Here: what is asked of the shell there, and what its answers mean. Not here: the shell itself, or servers (`remote`).
"""
