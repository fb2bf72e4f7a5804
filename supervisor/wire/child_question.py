"""A question to a child, in Codex's words: the params of its thread and turn, and what the notifications tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from supervisor.domain.thread import TurnStatus
from supervisor.wire.codex import THREAD_SOURCE, Params, thread_start, turn_seen

WITHIN = 600.0  # seconds for one answer: a child that reads a large repo takes minutes
QUESTION_LIMIT = 8_000  # characters


def question_thread(cwd: str, model: str | None, effort: str | None, *, instructions: str) -> Params:
    """A thread that may only read, asks nobody, and is kept nowhere."""
    started = thread_start(cwd, model, effort, "read-only", instructions=instructions)
    return {**started, "approvalPolicy": "never", "ephemeral": True}


def question_turn(*, thread: str, text: str) -> Params:
    return {
        "threadId": thread,
        "input": [{"type": "text", "text": text}],
        "sandboxPolicy": {"type": "readOnly", "networkAccess": False},
        "approvalPolicy": "never",
        "approvalsReviewer": "user",
        "turnTrigger": THREAD_SOURCE,
    }


class QuestionTurn(Struct):
    """What is heard of the one turn of such a thread."""

    text: str = ""
    over: bool = False
    problem: str = ""

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        item, turn = params.get("item"), params.get("turn")
        if method == "item/completed" and isinstance(item, dict):
            if item.get("type") == "agentMessage" and item.get("text"):
                self.text = str(item["text"])
        elif method == "turn/completed" and isinstance(turn, dict) and "id" in turn:
            seen = turn_seen(turn)
            self.over, self.text = True, seen.text or self.text
            if seen.status is not TurnStatus.COMPLETED:
                self.problem = seen.failure.message if seen.failure else f"the turn was {seen.status}"
