"""A question to a child, in Codex's protocol: the params of its thread and turn, and its progress by notifications."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.thread import TurnStatus
from supervisor.wire.codex.items import AgentMessage
from supervisor.wire.codex.notifications import Notification, OfItem, OfTurn
from supervisor.wire.codex.params import THREAD_SOURCE, Params, thread_start
from supervisor.wire.codex.turns import turn_seen

WITHIN = 600.0  # seconds for one answer; a child that reads a large repo takes minutes
QUESTION_LIMIT = 8_000  # characters


def question_thread(cwd: str, model: str | None, effort: str | None, *, instructions: str) -> Params:
    """The params of a thread that may only read, asks nobody, and is not kept."""
    started = thread_start(cwd, model, effort, "read-only", instructions=instructions)
    return {**started, "approvalPolicy": "never", "ephemeral": True}


def question_turn(*, thread: str, text: str) -> Params:
    """The params of the turn that asks the question."""
    return {
        "threadId": thread,
        "input": [{"type": "text", "text": text}],
        "sandboxPolicy": {"type": "readOnly", "networkAccess": False},
        "approvalPolicy": "never",
        "approvalsReviewer": "user",
        "turnTrigger": THREAD_SOURCE,
    }


class QuestionTurn(Struct):
    """The turn of a question, as its notifications describe it."""

    text: str = ""  # the last message of the child
    over: bool = False
    problem: str = ""  # why it failed ("": it did not)

    def observe(self, notification: Notification) -> None:
        """Update this from one notification of the thread."""
        match notification.method, notification.body:
            case "item/completed", OfItem(item=AgentMessage(text=text)) if text:
                self.text = text
            case "turn/completed", OfTurn(turn=turn):
                seen = turn_seen(turn)
                self.over, self.text = True, seen.text or self.text
                if seen.status is not TurnStatus.COMPLETED:
                    self.problem = seen.failure.message if seen.failure else f"the turn was {seen.status}"
