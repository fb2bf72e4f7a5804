"""Deliver notices one after the other by the ways that `notify:` names, each in bounded time.

After a notice there is a pause; what comes up in it is told together at its end, or when the supervisor ends in order.

A failed delivery is recorded and stops nothing. Webhooks are called by a separate process too (`webhook.py`): it can be
killed at any moment, however slow the other side is, and the address does not appear in any argument.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO

from supervisor.domain.action import Notify
from supervisor.domain.event import Event, NoticeFailed
from supervisor.runtime.config.model import NotifySettings
from supervisor.runtime.logs import Logs
from supervisor.runtime.notify.notice import environment_of, notice_json, together, ways
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import MARK

WITHIN = 20.0  # seconds for one delivery; a program that takes longer is killed with all that it started
AT_ONCE = 0.5  # seconds within which notices count as having come up at once
LAST = 3.0  # seconds for what waits when the supervisor ends; it takes half of one
TAIL = 300  # bytes of a command's last output that are reported


class Notifier:
    """Delivers the notices that the core decides to send."""

    def __init__(
        self,
        settings: NotifySettings | None,
        *,
        workspace: WorkspacePaths,
        logs: Logs,
        group: asyncio.TaskGroup,
        post: Callable[[Event], None],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._logs = logs
        self._post = post
        self._now = now
        self._queue: asyncio.Queue[Notify] = asyncio.Queue()
        self._ending = asyncio.Event()
        group.create_task(self._run(), name="notices")

    def enqueue(self, notice: Notify) -> None:
        """Deliver a notice soon. Returns at once."""
        self._queue.put_nowait(notice)

    async def finish(self) -> None:
        """Deliver what waits for the end of a pause as one notice, and what is on its way. Bounded by LAST."""
        self._ending.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST):
                await self._queue.join()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause = self._settings.pause_seconds if self._settings is not None else 0.0
        rests_until = loop.time()
        while True:
            notices = [await self._queue.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(max(min(pause, AT_ONCE), rests_until - loop.time())):
                    await self._ending.wait()
            while pause and not self._queue.empty():
                notices.append(self._queue.get_nowait())
            rests_until = loop.time() + pause
            await self.deliver(*notices)
            for _ in notices:
                self._queue.task_done()

    async def deliver(self, *notices: Notify) -> None:
        """Deliver these as one notice, without secrets, by every way that is configured. Each failure becomes an
        event."""
        notice = together(notices)
        content = notice_json(clean(notice), str(self._workspace.root), self._now(), len(notices))
        environment = {**os.environ, **environment_of(content), MARK: self._workspace.mark("notify")}
        for way, arguments, stdin in ways(self._settings, content):
            try:
                problem = await self._call(arguments, stdin, environment)
            except Exception as error:
                problem = f"broke ({type(error).__name__})"
            if problem is None:
                for one in notices:
                    self._logs.say("notice_sent", key=one.key, way=way, task=one.task, ask=one.ask)
            else:
                for one in notices:
                    self._post(NoticeFailed(self._now(), one.key, f"the {way} {problem}"))

    async def _call(self, arguments: Sequence[str], stdin: str, environment: Mapping[str, str]) -> str | None:
        """Run a program to its end. Returns what went wrong, or None.

        Input and output are files, because we would wait for a pipe as long as any descendant has it open.
        """
        with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as errors:
            file.write(stdin.encode("utf-8", "backslashreplace"))
            file.seek(0)
            try:
                process = await asyncio.create_subprocess_exec(
                    *arguments,
                    stdin=file,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=errors,
                    cwd=self._workspace.root,
                    env=environment,
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
            return None if code == 0 else _failure(code, errors)


def _failure(code: int, errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - TAIL))
    last = " ".join(errors.read().decode("utf-8", "replace").split())
    return f"exited with {code}" + (f": {last}" if last else "")
