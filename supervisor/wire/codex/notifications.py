"""The notifications of a server: their types, and how to decode them."""

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
"""High-volume deltas from which we opted out. If a server sends them anyway, they only count as signs of life."""


class OfThread(Struct, frozen=True, rename="camel"):
    """A notification of which we use only the thread and turn that it names, if any."""

    thread_id: object = None
    turn_id: object = None


class OfTurn(Struct, frozen=True, rename="camel"):
    """A turn began or ended."""

    turn: CodexTurn
    thread_id: str = ""


class OfItem(Struct, frozen=True, rename="camel"):
    """An item of a turn began or is complete."""

    item: Item
    thread_id: str = ""
    turn_id: str = ""


class OfSettings(Struct, frozen=True, rename="camel"):
    """The settings of a thread changed."""

    thread_settings: CodexSettings
    thread_id: str = ""


class TokenCount(Struct, frozen=True, rename="camel"):
    """A number of tokens."""

    input_tokens: int = 0
    output_tokens: int = 0


class TokenUsage(Struct, frozen=True):
    """The tokens of the model's last response, and of all responses on the thread."""

    last: TokenCount = TokenCount()
    total: TokenCount | None = None


class OfTokens(Struct, frozen=True, rename="camel"):
    """The model responded, and used so many tokens."""

    token_usage: TokenUsage
    thread_id: str = ""
    turn_id: str = ""


class OfError(Struct, frozen=True, rename="camel"):
    """A turn met an error. With `will_retry`, Codex retries by itself."""

    error: TurnError
    thread_id: str = ""
    turn_id: str = ""
    will_retry: bool = False


class OfRequest(Struct, frozen=True, rename="camel"):
    """A request that the server sent us was settled."""

    request_id: int | str
    thread_id: str = ""


class OfWarning(Struct, frozen=True, rename="camel"):
    """A warning, in `message` or in `summary`."""

    thread_id: str | None = None
    turn_id: str | None = None
    message: str = ""
    summary: str = ""


class OfOutput(Struct, frozen=True, rename="camel"):
    """A command that we run has printed something, in base64."""

    process_id: str
    delta_base64: str


class LimitWindow(Struct, frozen=True, rename="camel"):
    """How much of a limit is used (percent), over how many minutes, and when it resets (seconds since 1970)."""

    used_percent: float | None = None
    window_duration_mins: float | None = None
    resets_at: float | None = None


class LimitSnapshot(Struct, frozen=True, rename="camel"):
    """A limit of the account, over a short and a long window. What did not change may be missing."""

    limit_id: str | None = None
    limit_name: str | None = None
    primary: LimitWindow | None = None
    secondary: LimitWindow | None = None


class OfLimits(Struct, frozen=True, rename="camel"):
    """More of a limit of the account is used, or it was reset."""

    rate_limits: LimitSnapshot


Body = OfLimits | OfThread | OfTurn | OfItem | OfSettings | OfTokens | OfError | OfRequest | OfWarning | OfOutput

BODIES: Mapping[str, type[Body]] = {
    "turn/started": OfTurn,
    "turn/completed": OfTurn,
    "item/started": OfItem,
    "item/completed": OfItem,
    "thread/settings/updated": OfSettings,
    "thread/tokenUsage/updated": OfTokens,
    "error": OfError,
    "account/rateLimits/updated": OfLimits,
    "serverRequest/resolved": OfRequest,
    "command/exec/outputDelta": OfOutput,
    **dict.fromkeys(("warning", "guardianWarning", "configWarning", "deprecationNotice"), OfWarning),
}


class Notification(NamedTuple):
    """A notification: `body` is what we use of it, `params` all of it, for the log."""

    method: str
    body: Body
    params: JsonObject

    @property
    def thread(self) -> str:
        """Return the thread that it names; "" for none."""
        thread = None if isinstance(self.body, OfOutput | OfLimits) else self.body.thread_id
        return thread if isinstance(thread, str) else ""

    @property
    def turn(self) -> str | None:
        """Return the turn that it names; None for none."""
        if isinstance(self.body, OfTurn):
            return self.body.turn.id
        turn = None if isinstance(self.body, OfSettings | OfRequest | OfOutput | OfLimits) else self.body.turn_id
        return turn if isinstance(turn, str) and turn else None

    @property
    def sign(self) -> str | None:
        """Return the turn of which it is a sign of life; None if the model did not cause it."""
        match self.body:
            case OfTurn() | OfItem(item=UserMessage()):
                return None
        return self.turn


def read_notification(notice: Notice) -> Notification | NotUnderstood:
    """Decode a notification."""
    body = decoded(BODIES.get(notice.method, OfThread), notice.params, f"codex's {notice.method}")
    return body if isinstance(body, NotUnderstood) else Notification(notice.method, body, notice.params)


def limits_in(answer: object) -> tuple[Notice, ...]:
    """Return what the answer to `account/rateLimits/read` says, as the notifications that tell each change of it."""
    found = answer if isinstance(answer, dict) else {}
    by_id = found.get("rateLimitsByLimitId")
    known = [*by_id.values()] if isinstance(by_id, dict) and by_id else [found.get("rateLimits")]
    return tuple(Notice("account/rateLimits/updated", {"rateLimits": one}) for one in known if isinstance(one, dict))
