"""An ask: something that only a human can settle."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

from msgspec import Struct


class AskKind(StrEnum):
    APPROVAL = "approval"
    QUESTION = "question"
    CHECKPOINT = "checkpoint"


class AskState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    ELSEWHERE = "elsewhere"  # somebody settled it in another window


NoticeKind = Literal["asks", "blocked", "paused", "end"]
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)


class RequestKey(Struct, frozen=True):
    """A request of a server that waits for an answer. Ids are counted per server process: `pid` tells which."""

    child: str
    pid: int
    request: str


class Request(Struct, frozen=True):
    """A question that a server put to us in the middle of a turn.

    `method` is the app-server's name for it; `text` says what is asked, `detail` shows the exact command or change;
    `questions` are the ids of the single questions in it (`item/tool/requestUserInput` only).

    What rules go by: the `command` line and the `folder` it would run in, the `paths` that a change writes (absolute,
    links followed), the `tool` as `server/tool`; `beyond`: it asks for more than that, or for something else.
    """

    key: RequestKey
    method: str
    thread: str
    turn: str | None
    kind: AskKind
    text: str
    detail: str
    choices: tuple[str, ...]
    questions: tuple[str, ...] = ()
    command: str = ""
    folder: str = ""
    paths: tuple[str, ...] = ()
    tool: str = ""
    beyond: bool = False


class Answer(Struct, frozen=True):
    """What the human said: `accept`, `decline` or free text (`decision` is "text" then)."""

    decision: str
    text: str
    for_session: bool = False


class Ask(Struct, frozen=True):
    """One thing that waits, or waited, on a human: exact steps, and the exact result expected (both Markdown).

    `elsewhere`: the server had its answer before we gave one. `budget`: whose budget is used up (`core/budgets.py`).
    """

    id: str
    kind: AskKind
    since: datetime
    text: str
    steps: str
    expect: str
    choices: tuple[str, ...]
    child: str | None = None
    task: str | None = None
    request: RequestKey | None = None
    state: AskState = AskState.OPEN
    answer: Answer | None = None
    elsewhere: bool = False
    budget: str = ""
