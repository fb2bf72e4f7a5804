"""Decide which control methods each standing may use."""

from __future__ import annotations

from supervisor.core.guard.standing import Refusal, Standing
from supervisor.core.guard.tool_calls import TOOLS

KEEPERLESS = Refusal(
    "the process that keeps the servers together was killed, so nobody can tell who asks",
    "run `orch down`, then `orch up`",
)
READING = frozenset({"ping", "status", "watch"})


def needs_tool_call(who: Standing, method: str) -> bool | Refusal:
    """Return whether a request is carried out only as part of a tool call, or why it is not carried out at all."""
    if who is Standing.PERSON or method in READING:
        return False
    if who is Standing.ANYBODY:
        if method == "down":
            return False
        return KEEPERLESS
    if method in TOOLS:
        return True
    return Refusal(f"the orchestrator may not use `{method}`", "ask the person to do it in a terminal")
