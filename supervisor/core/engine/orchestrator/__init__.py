"""The orchestrator's own turns: when it plans, fixes a plan or receives news, and the text of each prompt.

Here: what the orchestrator does next, and its prompts. Not here: prompts for children (`engine.prompts`) or its tools
(`supervisor.mcp`).
"""
