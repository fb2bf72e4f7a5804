"""Who runs where: the lock of a workspace, the roster of all supervisors of a user, and whether one makes progress.

Here: what tells that a supervisor runs, also without its workspace. Not here: what it does (`runtime.daemon`), or
calling it (`runtime.calling`).
"""
