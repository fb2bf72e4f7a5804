"""What is asked, and answered: of the human, of us, and of children."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.ask import Answer, Request, RequestKey


class AskAnswered(Struct, frozen=True):
    at: datetime
    ask: str
    answer: Answer


class RequestReceived(Struct, frozen=True):
    """A server waits for an answer in the middle of a turn."""

    at: datetime
    request: Request


class RequestResolved(Struct, frozen=True):
    """The server has its answer, from us or from elsewhere, or the turn is over."""

    at: datetime
    key: RequestKey


class RequestDeclined(Struct, frozen=True):
    """A server asked something that we do not know; it was declined."""

    at: datetime
    child: str
    method: str


class ChildAsked(Struct, frozen=True):
    """A child was asked something by whoever plans: a turn that only reads, beside its work. Long texts are cut."""

    at: datetime
    child: str
    question: str


class ChildAnswered(Struct, frozen=True):
    """What became of it: the answer, or the problem that there is none."""

    at: datetime
    child: str
    answer: str
    seconds: float
    problem: str
