"""The boundary around a child: which place lies in which, who could write what is not theirs, what git would run.

Here: decisions about what was looked at. Not here: looking (`shell.location`, `shell.git`) and
refusing (`runtime.boundary`).
"""
