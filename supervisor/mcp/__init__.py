"""`orch mcp`: the tools of an orchestrator session, a front end beside `cli`.

Here: the tools and their answers. Not here: what the supervisor does with them (`runtime.daemon.control`).
"""
