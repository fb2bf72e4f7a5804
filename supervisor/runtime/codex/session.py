"""A live server: what we know of it, and how its messages become events and log lines."""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from supervisor.domain import event as ev
from supervisor.domain.ask import ANSWER_TOOL, Request, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.json_value import JsonObject
from supervisor.errors import ConnectionLost
from supervisor.runtime.logs import Logs
from supervisor.shell.connection import Connection
from supervisor.shell.process import Identity, Spawned
from supervisor.wire.codex.activity import activity
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.items import McpToolCall
from supervisor.wire.codex.notifications import FLOODS, Notification, OfOutput, OfRequest, OfTurn, read_notification
from supervisor.wire.codex.reader import NotificationReader
from supervisor.wire.codex.requests import read_request, same_request, tool_arguments
from supervisor.wire.jsonrpc import METHOD_NOT_FOUND, Call, Garbage, Notice


class Session(Struct):
    """A live server: its process, the connection to it, and the requests that it sent us."""

    identity: Identity
    process: Spawned | Identity
    socket: str
    version: str
    connection: Connection
    notifications: NotificationReader
    pid: int
    asked: dict[RequestKey, tuple[Call, Request]] = {}
    confirmations: dict[RequestKey, str] = {}  # the call of `answer` (its item) that Codex asked about
    signs: dict[str, datetime] = {}  # by turn: its last sign of life
    outputs: dict[str, Callable[[bytes], None]] = {}  # by process: who receives what a command of ours prints
    steers: dict[str, tuple[str, str, str, str]] = {}  # on their way, by message: child, task, turn, message
    awaited: dict[str, asyncio.Event] = {}  # by turn: set when it ends, while `interrupt` waits for it


class Listener:
    """Turns the messages of one child's server into events and log lines.

    `ephemeral_threads` maps a thread to the callback that receives its notifications. Such a thread belongs to no
    task, so its notifications become neither events nor log lines.
    """

    def __init__(
        self,
        child: Child,
        *,
        logs: Logs,
        group: asyncio.TaskGroup,
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
        task_of: Callable[[str | None], str | None],
        observe: Callable[[Notification], None] | None,
    ) -> None:
        self.ephemeral_threads: dict[str, Callable[[Notification], None]] = {}
        self._child = child
        self._logs = logs
        self._group = group
        self._post = post
        self._now = now
        self._task_of = task_of
        self._observe = observe

    def receive(self, session: Session, message: Call | Notice | Garbage) -> None:
        """Process one message of the server."""
        if isinstance(message, Garbage):
            self._not_understood(message.reason)
        elif isinstance(message, Call):
            self._called(session, message)
        elif message.method in FLOODS:
            thread, turn = message.params.get("threadId"), message.params.get("turnId")
            if isinstance(turn, str) and thread not in self.ephemeral_threads:
                session.signs[turn] = self._now()
        elif isinstance(notification := read_notification(message), NotUnderstood):
            self._not_understood(notification.reason)
        elif (receive := self.ephemeral_threads.get(notification.thread)) is not None:
            receive(notification)
        else:
            self._notified(session, notification)

    def _notified(self, session: Session, notification: Notification) -> None:
        if isinstance(notification.body, OfOutput):
            self._printed(session, notification.body)
            return
        if self._observe is not None:
            self._observe(notification)
        if isinstance(notification.body, OfRequest):
            for key in [one for one in session.asked if same_request(one, notification.body.request_id)]:
                del session.asked[key]
                self._post(ev.RequestResolved(self._now(), key))
        if isinstance(notification.body, OfTurn) and notification.method == "turn/completed":
            if (over := session.awaited.get(notification.body.turn.id)) is not None:
                over.set()
            session.signs.pop(notification.body.turn.id, None)
        elif (turn := notification.sign) is not None:
            session.signs[turn] = self._now()
            if (root := session.notifications.roots.get(turn)) in session.signs:
                session.signs[root] = self._now()  # a turn may wait for its sub-agent
        dropped = session.notifications.writes(notification.turn or "")
        event = session.notifications.receive(notification, self._now())
        if isinstance(event, ev.TurnBegan):
            self._heard(session, event, dropped=dropped)
        if isinstance(event, ev.LeftoverReported):
            event = replace(event, files=_inside(self._child, event.files))
        if event is not None:
            self._post(event)
        if (line := activity(notification)) is not None:
            turn = notification.turn or ""
            task = self._task_of(session.notifications.roots.get(turn, turn))
            fields = {**line.fields}
            if isinstance(paths := fields.get("paths"), list):
                fields["paths"] = [(*_inside(self._child, (path,)), path)[0] for path in paths]
            self._logs.say(line.event, level=line.level, child=self._child.name, task=task, **fields)

    def _heard(self, session: Session, event: ev.TurnBegan, *, dropped: bool) -> None:
        """Report a steer that the model has heard. What it was writing when that came is dropped by Codex (tried with
        0.163 and 0.171): the steer says so."""
        steer = session.steers.pop(event.message or "", None)
        if steer is None:
            return
        self._post(ev.SteerArrived(self._now(), *steer))
        if dropped:
            self._logs.say("message_dropped", child=self._child.name, task=steer[1], turn=event.turn)

    def _printed(self, session: Session, output: OfOutput) -> None:
        if (receive := session.outputs.get(output.process_id)) is not None:
            try:
                receive(b64decode(output.delta_base64))
            except ValueError as error:
                self._not_understood(f"codex's command/exec/outputDelta is not base64 ({error})")

    def _not_understood(self, reason: str) -> None:
        self._logs.say("garbage_received", level="warning", child=self._child.name, reason=reason)

    def _called(self, session: Session, call: Call) -> None:
        request = read_request(call, child=self._child.name, pid=session.pid, items=session.notifications.items)
        if isinstance(request, NotUnderstood):
            self._not_understood(request.reason)
        elif request is not None and request.thread not in self.ephemeral_threads:
            request = replace(
                request,
                root=session.notifications.roots.get(request.turn or "", ""),
                folder=_real(self._child, request.folder) if request.folder else "",
                paths=tuple(_real(self._child, path) for path in request.paths),
            )
            session.asked[request.key] = (call, request)
            if request.tool == ANSWER_TOOL:
                self._confirming(session, request.key, tool_arguments(call))
            self._post(ev.RequestReceived(self._now(), request))
            return
        self._group.create_task(self._decline(session, call), name=f"decline {call.method}")
        if call.method != "currentTime/read":
            self._post(ev.RequestDeclined(self._now(), self._child.name, call.method))

    def _confirming(self, session: Session, key: RequestKey, arguments: JsonObject) -> None:
        """Note which call of `answer` Codex asks about: one with these arguments that it has not asked about yet."""
        taken = set(session.confirmations.values())
        for item in session.notifications.items.values():
            if isinstance(item, McpToolCall) and item.arguments == arguments and item.id not in taken:
                session.confirmations[key] = item.id
                return

    async def _decline(self, session: Session, call: Call) -> None:
        with suppress(ConnectionLost):
            if call.method == "currentTime/read":
                await session.connection.answer(call.id, {"currentTimeAt": int(self._now().timestamp())})
            else:
                await session.connection.refuse(call.id, METHOD_NOT_FOUND, f"orch does not answer {call.method}")


def _inside(child: Child, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths that lie in the repo, relative to it."""
    base = _real(child, child.path)
    found = (os.path.relpath(_real(child, path), base) for path in paths)
    return tuple(path for path in found if path != os.pardir and not path.startswith(os.pardir + os.sep))


def _real(child: Child, path: str) -> str:
    """Return the absolute path with its links followed; parts that do not exist yet stay as written, and so does all of
    a path on another machine."""
    if child.runner is not None:
        return os.path.normpath(os.path.join(child.path, path))
    try:
        return os.path.realpath(os.path.join(child.path, path))
    except ValueError:  # a NUL: no path at all
        return path
