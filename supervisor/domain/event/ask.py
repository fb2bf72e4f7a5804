"""Questions and answers: to and from the human, the supervisor, and the children."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.ask import Answer, Request, RequestKey


class AskAnswered(Struct, frozen=True):
    """The human answered an ask; the answer may still have to be sent to the server."""

    at: datetime
    ask: str
    answer: Answer


class RequestReceived(Struct, frozen=True):
    """A server waits for an answer in the middle of a turn."""

    at: datetime
    request: Request


class RequestResolved(Struct, frozen=True):
    """The server got an answer, from us or from another window, or the turn ended."""

    at: datetime
    key: RequestKey


class RequestDeclined(Struct, frozen=True):
    """A server sent a request of an unknown kind; it was declined."""

    at: datetime
    child: str
    method: str


class ChildAsked(Struct, frozen=True):
    """Somebody who plans asked a child a question. It is answered in a turn that only reads. Long texts are cut."""

    at: datetime
    child: str
    question: str


class ChildAnswered(Struct, frozen=True):
    """A child question ended: with an answer, or with a problem."""

    at: datetime
    child: str
    answer: str
    seconds: float
    problem: str  # why there is no answer; "" if there is one
