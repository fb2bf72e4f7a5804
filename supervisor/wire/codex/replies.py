"""The human's answer, in the form that a server expects."""

from __future__ import annotations

import json

from supervisor.domain.ask import Answer, Request
from supervisor.domain.json_value import JsonObject
from supervisor.wire.codex.requests import COMMAND, ELICITATION, FILES, PERMISSIONS, USER_INPUT


def reply(request: Request, answer: Answer, params: JsonObject) -> JsonObject:
    """The human's answer as the result of the call. `params` are those of the call."""
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
    """The JSON object that a text is; None if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _picked(answer: Answer, question: str) -> str:
    """The line `QUESTION=ANSWER` if the human answered by question, else all of the answer."""
    text = answer.text or {"accept": "yes", "decline": "no"}.get(answer.decision, "")
    for line in text.splitlines():
        name, found, value = line.partition("=")
        if found and name.strip() == question:
            return value.strip()
    return text
