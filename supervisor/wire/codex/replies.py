"""Translate the human's answer into the reply that a server expects."""

from __future__ import annotations

import json

from supervisor.domain.ask import Answer, Request
from supervisor.domain.json_value import JsonObject
from supervisor.wire.codex.requests import COMMAND, ELICITATION, FILES, PERMISSIONS, USER_INPUT


def reply(request: Request, answer: Answer, params: JsonObject) -> JsonObject:
    """Return the human's answer as the result of the call, which had these `params`."""
    accepted = answer.decision == "accept"
    if request.method in (COMMAND, FILES):
        return {"decision": ("acceptForSession" if answer.for_session else "accept") if accepted else "decline"}
    if request.method == PERMISSIONS:
        asked = params.get("permissions")
        granted = {key: value for key, value in asked.items() if value} if isinstance(asked, dict) and accepted else {}
        return {"permissions": granted, "scope": "session" if answer.for_session else "turn"}
    if request.method == ELICITATION:
        return _elicited(answer, accepted)
    if request.method == USER_INPUT:
        return {"answers": {question: {"answers": [_picked(answer, question)]} for question in request.questions}}
    raise AssertionError(f"{request.method} is read but has no reply")


def _elicited(answer: Answer, accepted: bool) -> JsonObject:
    if answer.decision == "decline":
        return {"action": "decline", "content": None, "_meta": None}
    content: JsonObject | None = {} if accepted else _object(answer.text)
    if content is None:
        content = {"answer": answer.text}
    return {"action": "accept", "content": content, "_meta": {"persist": "session"} if answer.for_session else None}


def _object(text: str) -> JsonObject | None:
    """Parse a JSON object; None if the text is not one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _picked(answer: Answer, question: str) -> str:
    """Return ANSWER of the line `QUESTION=ANSWER` if the human wrote one, else the whole answer."""
    text = answer.text or {"accept": "yes", "decline": "no"}.get(answer.decision, "")
    for line in text.splitlines():
        name, found, value = line.partition("=")
        if found and name.strip() == question:
            return value.strip()
    return text
