"""A notice as JSON and as environment variables, and the programs that deliver it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from supervisor.domain.action import Notify
from supervisor.runtime.config.model import NotifySettings


class Way(NamedTuple):
    """One way to deliver a notice."""

    name: str
    arguments: Sequence[str]  # the program and its arguments
    stdin: str


def ways(settings: NotifySettings | None, content: Mapping[str, object]) -> list[Way]:
    """List the ways to deliver a notice, whose `content` is that of `notice_json`."""
    found: list[Way] = []
    if settings is not None and settings.command:
        found.append(Way("command", settings.command, json.dumps(content)))
    if settings is not None and settings.webhook:
        caller = (sys.executable, "-m", "supervisor.runtime.notify.webhook")
        found.append(Way("webhook", caller, json.dumps({"url": settings.webhook, "notice": content})))
    return found


def notice_json(notice: Notify, workspace: str, at: datetime) -> dict[str, object]:
    """The object that a command reads and a webhook receives."""
    return {
        "key": notice.key,
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "next": notice.next_step,
        "child": notice.child,
        "task": notice.task,
        "ask": notice.ask,
        "workspace": workspace,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def environment_of(content: Mapping[str, object]) -> dict[str, str]:
    """The same object as variables: ORCH_NOTICE_KIND, ORCH_NOTICE_TITLE, ... ("" for a missing value)."""
    clean = {name: str(value or "").replace("\0", "") for name, value in content.items()}
    return {f"ORCH_NOTICE_{name.upper()}": value for name, value in clean.items()}
