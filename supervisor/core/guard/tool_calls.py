"""Decide which request to the supervisor a tool call of the orchestrator is for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

TOOLS: Mapping[str, frozenset[str]] = {
    "note": frozenset({"note"}),
    "hold": frozenset({"hold"}),
    "go": frozenset({"go"}),
    "plan_written": frozenset({"write_plan"}),
    "ask_child": frozenset({"ask_child", "ask_children"}),
    "answer": frozenset({"answer"}),
}
"""The methods that the orchestrator's tools use, and the tools that use them."""

_SOURCED = ("note", "go")
"""The methods that say who speaks: the person, unless the request says otherwise."""


class PendingCall(NamedTuple):
    """A call of one of our tools that is under way, as the orchestrator's server reported it."""

    id: str
    tool: str
    arguments: Mapping[str, object]


def covers(call: PendingCall, method: str, params: Mapping[str, object]) -> bool:
    """Whether a request is what this tool call is for: the same method with the same words."""
    given = call.arguments
    if call.tool not in TOOLS.get(method, ()) or params.get("for_session") or params.get("fresh_thread"):
        return False  # no tool asks for the rest of a session, or leaves a thread
    if method in _SOURCED and params.get("source", "human") == "human":
        return False  # no tool speaks for the person
    if params.get("by"):
        return False  # nor claims to be its page
    if call.tool == "write_plan":
        text = given.get("text")
        return isinstance(text, str) and hashlib.sha256(_encoded(text)).hexdigest() == params.get("digest")
    if call.tool == "ask_children":
        asked = given.get("questions")
        return isinstance(asked, list) and any(isinstance(one, dict) and _same(one, params) for one in asked)
    return _same(given, params)


def _same(given: Mapping[str, object], params: Mapping[str, object]) -> bool:
    """Whether the request says what the tool was called with; what a tool adds by itself is no matter."""
    names = ("text", "task", "child", "question", "ask", "decision")
    return all((given.get(name) or None) == (params.get(name) or None) for name in names)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
