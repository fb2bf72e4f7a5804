"""The boundary around children: what their commands could write, who else drives a work tree, what git would run.

Here: looking, refusing and locking. Not here: which place lies in which (`core.boundary`), and the sandbox
itself (Codex's).
"""
