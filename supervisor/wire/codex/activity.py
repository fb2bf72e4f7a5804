"""Describe what a child is doing: as a log entry, and in a few words."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from supervisor.domain.event.level import Level
from supervisor.wire.codex.items import AgentMessage, CommandExecution, FileChange, Item, McpToolCall, PlanText
from supervisor.wire.codex.notifications import Notification, OfItem, OfTurn, OfWarning
from supervisor.wire.shell_words import bare

TEXT = 2000  # characters of a text in a line of the log
SHORT = 200  # characters of a description of what it is doing
_ON_PURPOSE = "Full-history hydration is deprecated"  # `thread_resume` says why we ask for all turns all the same
_DETAILS = ("command", "exit_code", "duration_ms", "status", "tool", "server", "query")
_STATES = (
    "mcpServer/startupStatus/updated",
    "thread/status/changed",
    "thread/settings/updated",
    "turn/plan/updated",
)


class LogEntry(NamedTuple):
    """A line for a child's log: the name of an event, its level and its fields."""

    event: str
    level: Level
    fields: dict[str, object]


def activity(notification: Notification) -> LogEntry | None:
    """Return the log entry for a notification; None if it is not worth a line."""
    where: dict[str, object] = {
        "thread": notification.params.get("threadId"),
        "turn": notification.params.get("turnId"),
    }
    body = notification.body
    if isinstance(body, OfItem):
        item = body.item
        if notification.method != "item/completed" or item.type in ("reasoning", "userMessage"):
            return None
        return LogEntry("item_completed", "info", {**where, **_detail(item)})
    if isinstance(body, OfWarning) and not body.summary.startswith(_ON_PURPOSE):
        text = (body.message or body.summary)[:TEXT]
        return LogEntry(_snake(notification.method), "warning", {**where, "text": text})
    if notification.method == "error":
        text = json.dumps(notification.params.get("error"))[:TEXT]
        return LogEntry("codex_error", "warning", {**where, "text": text})
    if notification.method in _STATES:
        rest = {_snake(key): value for key, value in notification.params.items() if key not in ("threadId", "turnId")}
        event = _snake(notification.method.replace("/", "_"))
        return LogEntry(event, "debug", {**where, "detail": json.dumps(rest)[:TEXT]})
    return None


def doing(notification: Notification) -> str | None:
    """Describe in a few words what a thread is doing as of this notification; None if it does not say."""
    if notification.method == "turn/completed" and isinstance(notification.body, OfTurn):
        return ""
    if not isinstance(notification.body, OfItem):
        return None
    match notification.method, notification.body.item:
        case "item/started", CommandExecution(command=command):
            return f"runs {bare(command)[:SHORT]}"
        case "item/started", McpToolCall(tool=tool, arguments=arguments):
            return f"uses {tool} {json.dumps(arguments)[:SHORT]}"
        case "item/started", FileChange(changes=changes):
            return "edits " + ", ".join(one.path for one in changes)
        case "item/completed", AgentMessage(text=text) if text.lstrip().startswith("{"):
            return "gives its report"
        case "item/completed", AgentMessage(text=text):
            return f"says: {text[:SHORT]}"
    return None


def _detail(item: Item) -> dict[str, object]:
    detail: dict[str, object] = {"item": item.type}
    detail |= {name: value for name in _DETAILS if (value := getattr(item, name, None)) is not None}
    if isinstance(item, FileChange):
        detail["paths"] = [change.path for change in item.changes]
    if isinstance(item, AgentMessage | PlanText) and item.text:
        detail["text"] = item.text[:TEXT]
    return detail


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
