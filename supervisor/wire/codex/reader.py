"""Notifications as events of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from supervisor.domain import event as ev
from supervisor.domain.thread import OUR_MESSAGES, TurnSeen
from supervisor.wire.codex.items import AgentMessage, CommandExecution, FileChange, Item, McpToolCall, UserMessage
from supervisor.wire.codex.notifications import (
    Notification,
    OfError,
    OfItem,
    OfSettings,
    OfTokens,
    OfTurn,
)
from supervisor.wire.codex.settings import CodexSettings
from supervisor.wire.codex.turns import CodexTurn, turn_seen
from supervisor.wire.plain import typed

TOKENS_STEP = 1.1  # a turn's tokens are told again once they grew by a tenth: few lines, and no budget is far overrun
SAID = 500  # characters of what somebody else wrote that are kept; the thread has all of it


class NotificationReader:
    """Turns the notifications of one connection into events. Keeps what a later message needs from earlier ones."""

    def __init__(self, child: str) -> None:
        self._child = child
        self._tokens: dict[str, tuple[int, int]] = {}
        self._said: dict[str, tuple[int, int]] = {}  # as far as `TokensSpent` told of them
        self._texts: dict[str, str] = {}
        self._messages: dict[str, tuple[str, ...]] = {}
        self._settings: dict[str, dict[str, str]] = {}  # of our threads, as we gave them or last heard of them
        self.items: dict[str, Item] = {}

    def gave(self, thread: str, params: Mapping[str, object]) -> None:
        """A thread of ours has these settings, by our own doing: the params of a `turn/start`."""
        self.opened(thread, typed(CodexSettings, params))

    def opened(self, thread: str, settings: CodexSettings) -> None:
        """A thread of ours has these settings."""
        self._settings[thread] = {**self._settings.get(thread, {}), **settings.words()}

    def hear(self, heard: Notification, at: datetime) -> ev.Event | None:
        """The event that a notification means; None if it means nothing to us."""
        thread = heard.thread
        match heard.body:
            case OfTurn(turn=turn) if heard.method == "turn/started":
                return ev.TurnBegan(at, self._child, thread, turn.id, None)
            case OfTurn(turn=turn):
                return ev.TurnEnded(at, self._child, thread, self._ended(turn))
            case OfItem(item=item, turn_id=name) if heard.method == "item/completed":
                return self._completed(at, thread, name, item)
            case OfItem(item=item):
                if isinstance(item, FileChange | CommandExecution | McpToolCall):
                    self.items[item.id] = item
            case OfSettings(thread_settings=settings) if thread in self._settings:
                return self._changed(at, thread, settings)
            case OfTokens():
                return self._count(at, heard.body)
            case OfError(will_retry=True):
                reason = heard.body.error.message or "no reason given"
                return ev.TurnRetried(at, self._child, thread, heard.body.turn_id, reason)
        return None

    def _completed(self, at: datetime, thread: str, turn: str, item: Item) -> ev.Event | None:
        self.items.pop(item.id, None)
        if isinstance(item, AgentMessage) and item.text:
            self._texts[turn] = item.text
        if not isinstance(item, UserMessage):
            return None
        message = item.client_id or ""
        if thread in self._settings and not message.startswith(OUR_MESSAGES):
            words = " ".join(one.text for one in item.content if one.text)
            return ev.SaidElsewhere(at, self._child, thread, turn, words[:SAID])
        if message:
            self._messages[turn] = (*self._messages.get(turn, ()), message)
            return ev.TurnBegan(at, self._child, thread, turn, message)
        return None

    def _changed(self, at: datetime, thread: str, settings: CodexSettings) -> ev.Event | None:
        """What somebody else made of the settings of a thread of ours."""
        before, now = self._settings[thread], settings.words()
        self._settings[thread] = {**before, **now}
        changes = tuple((name, before[name], new) for name, new in now.items() if before.get(name, new) != new)
        return ev.ThreadSettingsChanged(at, self._child, thread, changes) if changes else None

    def _ended(self, turn: CodexTurn) -> TurnSeen:
        seen = turn_seen(turn)
        given, taken = self._tokens.pop(seen.turn, (0, 0))
        self._said.pop(seen.turn, None)
        heard = self._texts.pop(seen.turn, "")
        return TurnSeen(
            turn=seen.turn,
            status=seen.status,
            messages=tuple(dict.fromkeys((*self._messages.pop(seen.turn, ()), *seen.messages))),
            text=seen.text or heard,
            failure=seen.failure,
            input_tokens=given,
            output_tokens=taken,
        )

    def _count(self, at: datetime, heard: OfTokens) -> ev.Event | None:
        turn, last = heard.turn_id, heard.token_usage.last
        given, taken = self._tokens.get(turn, (0, 0))
        given, taken = given + last.input_tokens, taken + last.output_tokens
        self._tokens[turn] = (given, taken)
        before = self._said.get(turn, (0, 0))
        if given + taken < sum(before) * TOKENS_STEP or given + taken == sum(before):
            return None
        self._said[turn] = (given, taken)
        return ev.TokensSpent(at, self._child, heard.thread_id, turn, given - before[0], taken - before[1])
