"""Wiring: core decisions and shell I/O are joined into a running supervisor.

Here: what connects the two: the daemon, servers, config, plan, survey, snapshots. Not here: decisions about the world
(`core`), or one kind of I/O by itself (`shell`).
"""
