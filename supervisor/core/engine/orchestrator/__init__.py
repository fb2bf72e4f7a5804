"""The orchestrator's own turns: when it plans, fixes a plan or hears news, and the text of each prompt.

Here: what the orchestrator is to do, and its words. Not here: prompts of children (`engine.prompts`), or its tools
(`supervisor.mcp`).
"""
