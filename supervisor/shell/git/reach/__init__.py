"""How the layer of git reaches a repo and its files, here or on another machine: what is asked and answered.

Here: types, and the path that nothing on this machine can open. Not here: what asks (`shell.git`, `shell.git.keep`), or
what reaches another machine (`runtime.remote`).
"""
