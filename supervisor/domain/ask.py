"""An ask: something that only a human can settle."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

from msgspec import Struct

from supervisor.domain.thread import ThreadKey


class AskKind(StrEnum):
    """What an ask wants: leave for a request, a decision or information, or something done by a human."""

    APPROVAL = "approval"
    QUESTION = "question"
    CHECKPOINT = "checkpoint"


class AskState(StrEnum):
    """What became of an ask. All but OPEN are final."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXTERNAL = "elsewhere"  # somebody settled it in another window


ANSWER_TOOL = "orch/answer"  # by which the orchestrator passes on the person's answer, as a request names it
NoticeKind = Literal["asks", "blocked", "paused", "end"]
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)


class RequestKey(Struct, frozen=True):
    """Identify a request of a server. Each server process counts its own ids, so `pid` is part of the key."""

    child: str
    pid: int
    request: str


class AskPart(Struct, frozen=True):
    """One of several questions that are put at once."""

    name: str  # by which its answer is known
    text: str
    choices: tuple[str, ...] = ()  # the answers that it offers; any other words are one, too


class Request(Struct, frozen=True):
    """A question that a server asked in the middle of a turn."""

    key: RequestKey
    method: str  # the app-server's name for it
    thread: str
    turn: str | None
    kind: AskKind
    text: str  # what is asked
    detail: str  # the exact command or change, Markdown
    choices: tuple[str, ...]
    questions: tuple[str, ...] = ()  # ids of its single questions (`item/tool/requestUserInput` only)

    # What approval rules match:
    command: str = ""  # the command line
    folder: str = ""  # where it would run
    paths: tuple[str, ...] = ()  # that a change writes: absolute, links resolved
    tool: str = ""  # `server/tool`
    beyond: bool = False  # it asks for more than these fields say, or for something else

    root: str = ""  # of a sub-agent's request: the turn that started the sub-agent
    parts: tuple[AskPart, ...] = ()  # its questions, if they are several that can be answered one by one

    def within(self, turn: str | None) -> bool:
        """Return whether it came in this turn, or from a sub-agent that this turn started."""
        return bool(turn) and turn in (self.turn, self.root)


class Answer(Struct, frozen=True):
    """The human's answer, or a rule's."""

    decision: str  # "accept", "decline", or "text" for free text
    text: str
    for_session: bool = False  # accept the same request without asking for the rest of the session
    by: str = ""  # where the person answered: "page", "screen" (of `orch watch`), or "" for `orch answer`


class Ask(Struct, frozen=True):
    """Something that waits, or waited, on a human."""

    id: str
    kind: AskKind
    since: datetime  # when it was raised or reopened
    text: str
    steps: str  # exactly what to do, Markdown
    expect: str  # the exact result that has to come back, Markdown
    choices: tuple[str, ...]  # suggested answers
    child: str | None = None
    task: str | None = None
    request: RequestKey | None = None  # what a server asked in the middle of a turn, if it is about that
    state: AskState = AskState.OPEN
    answer: Answer | None = None
    external: bool = False  # the server got its answer in another window, before ours
    budget: str = ""  # the name of the budget that is used up, if it is about that (see `lifecycle.budgets`)
    thread: ThreadKey | None = None  # the thread that cannot be opened, if it is about that
    parts: tuple[AskPart, ...] = ()  # its questions, if they are several that can be answered one by one


Verdict = Literal["accept", "decline"]


class Rule(Struct, frozen=True):
    """One rule. Exactly one of `command`, `path` and `tool` is set."""

    number: int  # its place in the config, from 1
    verdict: Verdict
    command: tuple[str, ...] = ()  # the first words of a command
    path: str = ""  # a pattern
    tool: str = ""  # `server/tool`, or `server/*`
    child: str | None = None  # None: every child
    for_session: bool = False  # accept the same request without asking for the rest of the session

    @property
    def subject(self) -> str:
        """What the rule matches, as text: command `git status`."""
        kind = "command" if self.command else "path" if self.path else "tool"
        return f"{kind} `{' '.join(self.command) or self.path or self.tool}`"

    def __str__(self) -> str:
        return f"rule {self.number}: {self.verdict} {self.subject}"


class Ruled(Struct, frozen=True):
    """A request that a rule settled."""

    at: datetime
    child: str
    task: str | None
    subject: str  # what was asked for
    why: str  # names the rule
