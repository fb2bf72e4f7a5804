"""What a server tells by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from supervisor.domain.json_value import JsonObject
from supervisor.wire.codex.decode import NotUnderstood, decoded
from supervisor.wire.codex.items import Item, UserMessage
from supervisor.wire.codex.params import NOT_WANTED
from supervisor.wire.codex.settings import CodexSettings
from supervisor.wire.codex.turns import CodexTurn, TurnError
from supervisor.wire.jsonrpc import Notice

FLOODS = frozenset(NOT_WANTED)
"""A server that sends them all the same tells by them that it is alive, and nothing else."""


class OfThread(Struct, frozen=True, rename="camel"):
    """A notification of which we only use what it is about, if it tells."""

    thread_id: object = None
    turn_id: object = None


class OfTurn(Struct, frozen=True, rename="camel"):
    """A turn has begun, or is over."""

    turn: CodexTurn
    thread_id: str = ""


class OfItem(Struct, frozen=True, rename="camel"):
    """An item of a turn has begun, or is complete."""

    item: Item
    thread_id: str = ""
    turn_id: str = ""


class OfSettings(Struct, frozen=True, rename="camel"):
    """A thread has other settings."""

    thread_settings: CodexSettings
    thread_id: str = ""


class TokenCount(Struct, frozen=True, rename="camel"):
    """Tokens of the last answer of the model."""

    input_tokens: int = 0
    output_tokens: int = 0


class TokenUsage(Struct, frozen=True):
    """The tokens of a turn."""

    last: TokenCount = TokenCount()


class OfTokens(Struct, frozen=True, rename="camel"):
    """The model has answered, and so many tokens were used."""

    token_usage: TokenUsage
    thread_id: str = ""
    turn_id: str = ""


class OfError(Struct, frozen=True, rename="camel"):
    """A turn met an error, which Codex may try to overcome by itself."""

    error: TurnError
    thread_id: str = ""
    turn_id: str = ""
    will_retry: bool = False


class OfRequest(Struct, frozen=True, rename="camel"):
    """A request of the server's is settled."""

    request_id: int | str
    thread_id: str = ""


class OfWarning(Struct, frozen=True, rename="camel"):
    """A warning, in `message` or in `summary`."""

    thread_id: str | None = None
    turn_id: str | None = None
    message: str = ""
    summary: str = ""


Body = OfThread | OfTurn | OfItem | OfSettings | OfTokens | OfError | OfRequest | OfWarning

BODIES: Mapping[str, type[Body]] = {
    "turn/started": OfTurn,
    "turn/completed": OfTurn,
    "item/started": OfItem,
    "item/completed": OfItem,
    "thread/settings/updated": OfSettings,
    "thread/tokenUsage/updated": OfTokens,
    "error": OfError,
    "serverRequest/resolved": OfRequest,
    **dict.fromkeys(("warning", "guardianWarning", "configWarning", "deprecationNotice"), OfWarning),
}


class Notification(NamedTuple):
    """A notification: what we use of it, and all that it said, for the log."""

    method: str
    body: Body
    params: JsonObject

    @property
    def thread(self) -> str:
        """The thread that it is about; "" for none."""
        return self.body.thread_id if isinstance(self.body.thread_id, str) else ""

    @property
    def turn(self) -> str | None:
        """The turn that it is about; None for none."""
        if isinstance(self.body, OfTurn):
            return self.body.turn.id
        turn = None if isinstance(self.body, OfSettings | OfRequest) else self.body.turn_id
        return turn if isinstance(turn, str) and turn else None

    @property
    def sign(self) -> str | None:
        """The turn that it is a sign of life of; None for what the model has no part in."""
        match self.body:
            case OfTurn() | OfItem(item=UserMessage()):
                return None
        return self.turn


def read_notification(notice: Notice) -> Notification | NotUnderstood:
    """The notification that a server sent."""
    body = decoded(BODIES.get(notice.method, OfThread), notice.params, f"codex's {notice.method}")
    return body if isinstance(body, NotUnderstood) else Notification(notice.method, body, notice.params)
