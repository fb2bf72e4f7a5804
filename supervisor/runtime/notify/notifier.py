"""Telling the human by what `notify:` names. One notice after the other, each in bounded time; a failure stops nothing.

A webhook is called by a process of its own too (`webhook.py`): however slow the other side is, it can be ended at any
moment, and its address is in no argument.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from supervisor.domain.action import Notify
from supervisor.domain.event import Event, NoticeFailed
from supervisor.runtime.config.model import NotifySettings
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import Workspace
from supervisor.shell.process import MARK

WITHIN = 20.0  # seconds for one notice; whoever takes longer is ended, with all that it started
TAIL = 300  # characters of what a command said last


class Notifier:
    """Tells what the core decided to tell."""

    def __init__(
        self,
        telling: NotifySettings | None,
        *,
        workspace: Workspace,
        logs: Logs,
        group: asyncio.TaskGroup,
        post: Callable[[Event], None],
        now: Callable[[], datetime],
    ) -> None:
        self._telling = telling
        self._workspace = workspace
        self._logs = logs
        self._post = post
        self._now = now
        self._queue: asyncio.Queue[Notify] = asyncio.Queue()
        group.create_task(self._run(), name="notices")

    def take(self, notice: Notify) -> None:
        """Tell it soon; returns at once."""
        self._queue.put_nowait(notice)

    async def _run(self) -> None:
        while True:
            await self.tell(await self._queue.get())

    async def tell(self, notice: Notify) -> None:
        """Tell it by every way; each failure becomes an event."""
        told = notice_json(notice, str(self._workspace.root), self._now())
        for way, arguments, stdin in ways(self._telling, told):
            try:
                problem = await self._call(arguments, stdin, told)
            except Exception as error:
                problem = f"broke ({type(error).__name__})"
            if problem is None:
                self._logs.say("notice_sent", key=notice.key, way=way, task=notice.task, ask=notice.ask)
            else:
                self._post(NoticeFailed(self._now(), notice.key, f"the {way} {problem}"))

    async def _call(self, arguments: Sequence[str], stdin: str, told: Mapping[str, Any]) -> str | None:
        """What went wrong, or None. Input and output are files: nobody waits for a pipe that somebody holds."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(stdin.encode("utf-8", "backslashreplace"))
            given.seek(0)
            try:
                process = await asyncio.create_subprocess_exec(
                    *arguments,
                    stdin=given,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=said,
                    cwd=self._workspace.root,
                    env={**os.environ, **environ_of(told), MARK: self._workspace.mark("notify")},
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                return f"cannot be run ({getattr(error, 'strerror', None) or type(error).__name__})"
            try:
                async with asyncio.timeout(WITHIN):
                    code = await process.wait()
            except TimeoutError:
                return f"took longer than {WITHIN:g} s"
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
            return None if code == 0 else _failed(code, said)


def ways(telling: NotifySettings | None, told: Mapping[str, Any]) -> list[tuple[str, Sequence[str], str]]:
    """How a notice goes out: what it is called, the program and its arguments, and its standard input."""
    found: list[tuple[str, Sequence[str], str]] = []
    if telling is not None and telling.command:
        found.append(("command", telling.command, json.dumps(told)))
    if telling is not None and telling.webhook:
        caller = (sys.executable, "-m", "supervisor.runtime.notify.webhook")
        found.append(("webhook", caller, json.dumps({"url": telling.webhook, "notice": told})))
    return found


def notice_json(notice: Notify, workspace: str, at: datetime) -> dict[str, Any]:
    """The object that a command reads and a webhook gets."""
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


def environ_of(told: Mapping[str, Any]) -> dict[str, str]:
    """The same as variables: ORCH_NOTICE_KIND, ORCH_NOTICE_TITLE, ... ("": there is none)."""
    clean = {name: str(value or "").replace("\0", "") for name, value in told.items()}
    return {f"ORCH_NOTICE_{name.upper()}": value for name, value in clean.items()}


def _failed(code: int, said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - TAIL))
    last = " ".join(said.read().decode("utf-8", "replace").split())
    return f"exited with {code}" + (f": {last}" if last else "")
