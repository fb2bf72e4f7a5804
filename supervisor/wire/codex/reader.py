"""Translate the notifications of one connection into orch's events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from supervisor.domain import event as ev
from supervisor.domain.thread import OUR_MESSAGES, Tokens, TurnSeen
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

TOKENS_STEP = 1.1  # growth of a turn's tokens before they are reported again: few lines, and budgets stay exact to 10 %
KNOWN = 100  # turns of which late items are recognized
QUOTED = 500  # characters kept of a message that another client wrote; the thread has all of it


class NotificationReader:
    """Turns the notifications of one connection into events. Keeps what a later message needs from earlier ones."""

    def __init__(self, child: str) -> None:
        self._child = child
        self._tokens: dict[str, tuple[int, int]] = {}
        self._counted: dict[str, tuple[int, int]] = {}  # what `TokensSpent` has reported so far
        self._totals: dict[str, Tokens] = {}  # by thread
        self._usages: dict[str, OfTokens] = {}  # by thread, as last reported
        self._texts: dict[str, str] = {}
        self._messages: dict[str, tuple[str, ...]] = {}
        self._writing: dict[str, str] = {}  # by turn: the id of the message that the model is writing
        self._settings: dict[str, dict[str, str]] = {}  # of our threads, as last requested or reported
        self._over: dict[str, None] = {}  # the latest turns that ended
        self.roots: dict[str, str] = {}  # by turn of a sub-agent (the latest): the turn that started the sub-agent
        self.items: dict[str, Item] = {}  # that have begun and are not over
        self._calls: dict[str, set[str]] = {}  # by turn: the ids of the calls of tools among them

    def turn_requested(self, thread: str, params: Mapping[str, object]) -> None:
        """Note the settings that we requested for a thread of ours, in the params of a `turn/start`."""
        self.thread_opened(thread, typed(CodexSettings, params))

    def thread_opened(self, thread: str, settings: CodexSettings) -> None:
        """Note the settings of a thread that we opened."""
        self._settings[thread] = {**self._settings.get(thread, {}), **settings.words()}

    def receive(self, notification: Notification, at: datetime) -> ev.Event | None:
        """Return the event for a notification; None if orch does not use it."""
        thread = notification.thread
        match notification.body:
            case OfTurn(turn=turn) if notification.method == "turn/started":
                self.turn_known(turn)
                return ev.TurnBegan(at, self._child, thread, turn.id, None)
            case OfTurn(turn=turn):
                root, seen = self.roots.get(turn.id, ""), self._ended(turn)
                if root in self._over:
                    return ev.LeftoverReported(at, self._child, thread, root)
                return ev.TurnEnded(at, self._child, thread, replace(seen, thread_total=self._totals.get(thread)))
            case OfItem(item=item, turn_id=name) if notification.method == "item/completed":
                return self._completed(at, thread, name, item)
            case OfItem(item=item):
                if isinstance(item, FileChange | CommandExecution | McpToolCall):
                    self.items[item.id] = item
                if isinstance(item, AgentMessage):
                    self._writing[notification.body.turn_id] = item.id
                if isinstance(item, McpToolCall):
                    self._calls.setdefault(notification.body.turn_id, set()).add(item.id)
            case OfSettings(thread_settings=settings) if thread in self._settings:
                return self._changed(at, thread, settings)
            case OfTokens():
                return self._count(at, notification.body)
            case OfError(will_retry=True):
                reason = notification.body.error.message or "no reason given"
                return ev.TurnRetried(at, self._child, thread, notification.body.turn_id, reason)
        return None

    def writes(self, turn: str) -> bool:
        """Whether the model is writing a message in this turn."""
        return turn in self._writing

    def turn_known(self, turn: CodexTurn) -> None:
        """Note which turn started the sub-agent of this turn, if a sub-agent has it."""
        if turn.root_turn_id and turn.root_turn_id != turn.id:
            self.roots = dict([*self.roots.items(), (turn.id, turn.root_turn_id)][-KNOWN:])

    def _completed(self, at: datetime, thread: str, turn: str, item: Item) -> ev.Event | None:
        self.items.pop(item.id, None)
        root = self.roots.get(turn, turn)
        if root in self._over and isinstance(item, CommandExecution | FileChange):
            changes = item.changes if isinstance(item, FileChange) and item.status == "completed" else ()
            moved = [change.kind.move_path for change in changes if change.kind.move_path]
            files = (*(change.path for change in changes), *moved)
            return ev.LeftoverReported(at, self._child, thread, root, files)
        if isinstance(item, AgentMessage):
            self._writing.pop(turn, None)
            self._texts[turn] = item.text or self._texts.get(turn, "")
        if not isinstance(item, UserMessage):
            return None
        message = item.client_id or ""
        if thread in self._settings and not message.startswith(OUR_MESSAGES):
            words = " ".join(one.text for one in item.content if one.text)
            return ev.SaidElsewhere(at, self._child, thread, turn, words[:QUOTED])
        self._writing.pop(turn, None)
        if message:
            self._messages[turn] = (*self._messages.get(turn, ()), message)
            return ev.TurnBegan(at, self._child, thread, turn, message)
        return None

    def _changed(self, at: datetime, thread: str, settings: CodexSettings) -> ev.Event | None:
        """Return an event for the settings that another client changed on a thread of ours; None if nothing changed."""
        before, now = self._settings[thread], settings.words()
        self._settings[thread] = {**before, **now}
        changes = tuple((name, before[name], new) for name, new in now.items() if before.get(name, new) != new)
        return ev.ThreadSettingsChanged(at, self._child, thread, changes) if changes else None

    def _ended(self, turn: CodexTurn) -> TurnSeen:
        seen = turn_seen(turn, over=True)
        if turn.id not in self._over:
            self._over = dict.fromkeys([*self._over, turn.id][-KNOWN:])
        given, taken = self._tokens.pop(seen.turn, (0, 0))
        self._counted.pop(seen.turn, None)
        self._writing.pop(seen.turn, None)
        for call in self._calls.pop(seen.turn, ()):  # after an interrupt, Codex reports no end of a call
            self.items.pop(call, None)
        last_text = self._texts.pop(seen.turn, "")
        return TurnSeen(
            turn=seen.turn,
            status=seen.status,
            messages=tuple(dict.fromkeys((*self._messages.pop(seen.turn, ()), *seen.messages))),
            text=seen.text or last_text,
            failure=seen.failure,
            input_tokens=given,
            output_tokens=taken,
        )

    def _count(self, at: datetime, usage: OfTokens) -> ev.Event | None:
        turn, last, total = usage.turn_id, usage.token_usage.last, usage.token_usage.total
        root = self.roots.get(turn, turn)
        if total is not None and self._usages.get(usage.thread_id) == usage:
            return None  # Codex says it again when the thread is opened again
        self._usages[usage.thread_id] = usage
        if total is not None:
            self._totals[usage.thread_id] = Tokens(total.input_tokens, total.output_tokens)
        given, taken = self._tokens.get(turn, (0, 0))
        given, taken = given + last.input_tokens, taken + last.output_tokens
        self._tokens[turn] = (given, taken)
        before = self._counted.get(turn, (0, 0))
        if given + taken < sum(before) * TOKENS_STEP or given + taken == sum(before):
            return None
        self._counted[turn] = (given, taken)
        own = self._totals.get(usage.thread_id) if root == turn else None
        return ev.TokensSpent(at, self._child, usage.thread_id, root, given - before[0], taken - before[1], own)
