"""Deliver notices as the supervisor does."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from supervisor.domain.action import Notify
from supervisor.domain.event import Event
from supervisor.runtime.config.model import NotifySettings
from supervisor.runtime.logs import Logs
from supervisor.runtime.notify.notifier import Notifier
from supervisor.runtime.workspace import WorkspacePaths

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASK = Notify("ask A1", "asks", "A1 waits", 'May it?\n`rm "x"`', "orch answer A1 accept", "api", "T1", "A1", why="")


def deliver(
    workspace: WorkspacePaths, settings: NotifySettings, *notices: Notify
) -> tuple[list[Event], list[dict[str, Any]]]:
    """Deliver all notices, and return the posted events and the log."""
    posted: list[Event] = []
    logs = Logs(workspace.logs, megabytes=1)
    file = workspace.logs / "supervisor.jsonl"

    def lines() -> list[dict[str, Any]]:
        return [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    async def main() -> None:
        with suppress(BaseExceptionGroup):
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                notifier = Notifier(
                    settings, workspace=workspace, logs=logs, group=group, post=posted.append, now=lambda: NOON
                )
                for notice in notices:
                    await notifier.deliver(notice)
                raise KeyError

    asyncio.run(main())
    logs.close()
    return posted, lines()
