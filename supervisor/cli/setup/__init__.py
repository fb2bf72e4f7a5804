"""Commands that prepare a folder, a machine or a Codex session: init, doctor, demo, skill, service, mcp.

Not here: a command that needs a running supervisor.
"""
