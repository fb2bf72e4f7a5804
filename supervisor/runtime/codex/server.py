"""The client of one child's server: starts or adopts it, connects, watches, probes and stops it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.errors import CodexError, ConnectionLost, NotReady, OrchError, OutOfReach, RpcError
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.binary import called, locate
from supervisor.runtime.codex.handshake import Handshake, Starts, perform_handshake
from supervisor.runtime.codex.registry import Record, Registry
from supervisor.runtime.codex.session import Listener, Session
from supervisor.runtime.codex.version import Versions, refuse_old
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import ExitStatus, Identity, Spawned
from supervisor.wire.codex.answers import (
    DIAGNOSTICS,
    INTERRUPT_TURN,
    READ_LIMITS,
    CodexMethod,
    login_problem,
    read_answer,
    server_version,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.notifications import Notification, limits_in
from supervisor.wire.codex.reader import NotificationReader

ADOPT_TIMEOUT = 4.0  # seconds for a server that already runs to answer; a healthy one takes 0.05
DOUBT = 1.0  # seconds without an answer before we check `codex --version`
STOP_GRACE = 3.0  # seconds for a server to exit after the second SIGTERM (it takes a few ms)
LIMITS_WITHIN = 30.0  # seconds for the account's limits, which Codex fetches over the network
PROBE_EVERY = 5.0  # seconds between two health probes, at most
PROBE_AGAIN = 0.5  # seconds after a probe without an answer
CATCH_UP = 1.0  # seconds to wait at most for what a server has sent already
PROBE_TIMEOUT = 2.5  # seconds for each part of a probe: a hang is found within 5 + 2.5 + 0.5 + 2.5 s
INTERRUPT_PATIENCE = 5.0  # seconds for an interrupted turn to end; it takes 0.1
EXIT_PATIENCE = 0.5  # seconds to wait, after the connection broke, for the exit of the process


A = TypeVar("A")
START_AGAIN = "run `orch up`"
LAST_LINES = "see its last lines with `orch asks`"


class ServerClient:
    """Everything that orch does with one child's server. `post` takes the events that result."""

    def __init__(
        self,
        child: Child,
        *,
        workspace: WorkspacePaths,
        config: Config,
        registry: Registry,
        versions: Versions,
        logs: Logs,
        group: asyncio.TaskGroup,
        starts: Starts,
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
        task_of: Callable[[str | None], str | None],
        observe: Callable[[Notification], None] | None = None,
        started: Spawned | None = None,
    ) -> None:
        self._started = started  # a process that the first step started for this child
        self.child = child
        self.session: Session | None = None
        self.adopted = False  # the server of the session ran before
        self._listener = Listener(child, logs=logs, group=group, post=post, now=now, task_of=task_of, observe=observe)
        self.ephemeral_threads = self._listener.ephemeral_threads
        self._exited: asyncio.Task[ExitStatus] | None = None  # finds what the last server left in its session
        self._workspace = workspace
        self._config = config
        self._registry = registry
        self._versions = versions
        self._logs = logs
        self._group = group
        self._starts = starts
        self._post = post
        self._now = now

    async def ensure(self) -> None:
        """Adopt the server if it runs, else start it. Posts ServerReady or ServerStartFailed."""
        name = self.child.name
        try:
            session = await self._adopt()
            self.adopted = session is not None
            if session is None:
                session = await self._start()
        except OrchError as error:
            fatal, away = isinstance(error, CodexError), isinstance(error, OutOfReach)
            stderr = "" if fatal or away else self._logs.tail(name)
            self._post(ev.ServerStartFailed(self._now(), name, str(error), fatal, stderr, away))
            return
        self.session = session
        self._post(ev.ServerReady(self._now(), name, session.pid, session.socket, session.version, self.adopted))
        self._group.create_task(self._watch(session), name=f"watch {name}")
        self._group.create_task(self._probe(session), name=f"probe {name}")
        if self._starts.shared(READ_LIMITS, lambda: self) is self:  # they are those of the account, so one asks
            self._group.create_task(self._read_limits(session), name=f"limits that {name} has")

    async def _read_limits(self, session: Session) -> None:
        """Learn how much of the account's limits is used before a turn says so. Other providers say nothing."""
        with suppress(TimeoutError, ConnectionLost, RpcError):
            answer = await session.connection.request(READ_LIMITS.name, {}, LIMITS_WITHIN)
            for one in limits_in(answer):
                self._listener.receive(session, one)

    async def stop(self, *, kill: bool) -> None:
        """End the server and every process that it started. Posts ServerStopped or ServerStopFailed."""
        name, session = self.child.name, self.session
        self.session = None
        record = self._registry.get(name)
        identity = (
            session.identity if session else record.identity if record and process.alive(record.identity) else None
        )
        try:
            if identity is None or kill:
                await process.kill_tree(identity, self._workspace.mark(name))
            else:
                await process.stop_tree(identity, self._workspace.mark(name), grace=STOP_GRACE)
            self._registry.drop(name)
            await self._end_abandoned()
        except OrchError as error:
            self._post(ev.ServerStopFailed(self._now(), name, str(error)))
            return
        finally:
            if session is not None:
                session.connection.close()
        self._post(ev.ServerStopped(self._now(), name))

    async def _end_abandoned(self) -> None:
        servers = {one.identity for one in self._registry.all().values()}
        servers |= {one.identity for one in self._registry.elsewhere().values()}  # "elsewhere" may be a container here
        await process.end_abandoned(self._workspace.id, servers)

    async def request(self, method: CodexMethod[A], params: Mapping[str, object], timeout: float | None = None) -> A:
        """Return the server's answer. Raises RpcError for a refusal; ConnectionLost if the connection breaks, or if the
        answer is late or malformed.

        Without an answer we cannot know whether the server carried out the request. So we close the connection, and
        read the outcome from the thread over a new one.
        """
        session = self.session
        if session is None:
            raise ConnectionLost(f"the server of {self.child.name} is gone", "orch restarts it")
        try:
            more = () if timeout is None else (timeout,)
            answer = read_answer(method, await session.connection.request(method.name, params, *more))
        except TimeoutError as error:
            reason = f"it did not answer {method.name} in time"
            self.give_up(reason)
            raise ConnectionLost(reason, "orch reconnects and reads the thread again") from error
        if isinstance(answer, NotUnderstood):
            self._logs.say("answer_not_understood", level="error", child=self.child.name, reason=answer.reason)
            self.give_up(answer.reason)
            raise ConnectionLost(answer.reason, "update orch, or use a codex that it knows")
        return answer

    async def catch_up(self) -> None:
        """Return once all that the server had sent by now was read, or after CATCH_UP seconds. Codex sends in order, so
        the answer to a request of ours comes behind it."""
        if self.session is not None:
            with suppress(TimeoutError, ConnectionLost, RpcError):
                await self.session.connection.request(DIAGNOSTICS.name, {}, CATCH_UP)

    async def interrupt(self, thread: str, turn: str) -> None:
        """Interrupt a turn; return once it is over, or after INTERRUPT_PATIENCE. Raises as `request` does."""
        session = self.session
        over = session.awaited.setdefault(turn, asyncio.Event()) if session is not None else asyncio.Event()
        try:
            await self.request(INTERRUPT_TURN, {"threadId": thread, "turnId": turn})
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERRUPT_PATIENCE):
                    await over.wait()
        finally:
            if session is not None:
                session.awaited.pop(turn, None)

    async def cpu_seconds(self, session: Session) -> float | None:
        """CPU seconds that all that the server started have used; None if that is not known."""
        return await asyncio.to_thread(process.tree_seconds, session.identity)

    def shell(self, command: str) -> list[str]:
        """Return the words that run a command where the server is, through the shell that people write for."""
        return [shutil.which("bash") or "/bin/sh", "-c", command]

    def give_up(self, reason: str) -> None:
        """Close the connection to a misbehaving server. The supervisor then adopts it again, or replaces it."""
        if self.session is not None:
            self.session.connection.close(reason)

    # ── getting ready ────────────────────────────────────────────────────────────────────────────

    async def _adopt(self) -> Session | None:
        """Connect to a server of ours that still runs; None if none runs, or it does not answer in ADOPT_TIMEOUT."""
        record = self._registry.get(self.child.name)
        if record is None or not process.alive(record.identity):
            return None
        try:
            async with asyncio.timeout(ADOPT_TIMEOUT):
                return await self._handshake(record.identity, record.identity, record.socket)
        except (OrchError, TimeoutError) as error:
            self._logs.say("adoption_failed", level="warning", child=self.child.name, reason=str(error) or "no answer")
            return None

    async def _start(self) -> Session:
        name, mark = self.child.name, self._workspace.mark(self.child.name)
        spawned, self._started = self._started, None
        if spawned is None:
            record = self._registry.get(name)
            leader = record.identity if record and process.alive(record.identity) else None
            left = (await asyncio.shield(self._exited)).left if self._exited is not None else ()
            # End what an earlier server left behind. If we saw its exit, one look at the processes came after that.
            await process.kill_tree(leader, mark, left, anew=self._exited is None or leader is not None)
            self._exited = None
            await self._end_abandoned()
            async with self._starts.turn:
                spawned = spawn.start(self.child, self._workspace, self._config, self._logs)
        binary, socket = locate(self._config.codex_bin), str(self._workspace.server_socket(name))
        try:
            self._registry.put(name, Record(spawned.identity, socket))
            async with self._starts.turn:
                pass  # by now every other server that starts has its process
            with self._starts.one():
                session = await self._checked(self._until_ready(spawned, socket), binary)
            refuse_old(session.version, binary)
        except BaseException:
            await asyncio.shield(process.kill_tree(spawned.identity, mark))
            spawned.popen.poll()  # nothing else waits for it: reap it, or it stays a zombie
            raise
        return session

    async def _checked(self, session: Coroutine[None, None, Session], binary: Path) -> Session:
        """Wait for the session. If it takes longer than DOUBT seconds or fails, check `codex --version`: "not codex" or
        "too old" is a better error than a timeout."""
        getting = asyncio.create_task(session, name=f"get {self.child.name} ready")
        try:
            await asyncio.wait({getting}, timeout=DOUBT)
            if not getting.done() or getting.exception() is not None:
                await self._versions.check(binary)
            return await getting
        finally:
            getting.cancel()
            await asyncio.gather(getting, return_exceptions=True)

    async def _until_ready(self, spawned: Spawned, socket: str) -> Session:
        limit = self._config.limits.ready_seconds
        ended = asyncio.create_task(process.wait_exit(spawned), name=f"exit of {self.child.name}")
        try:
            async with asyncio.timeout(limit):
                while True:
                    connecting = self._handshake(spawned.identity, spawned, socket)
                    attempt = asyncio.create_task(connecting, name=f"handshake with {self.child.name}")
                    # Retrieve the exception of an abandoned attempt: asyncio would log it as never retrieved.
                    attempt.add_done_callback(lambda one: None if one.cancelled() else one.exception())
                    try:
                        await asyncio.wait({ended, attempt}, return_when=asyncio.FIRST_COMPLETED)
                        if ended.done():  # then some other process answers at the socket
                            said = _complaint(self._logs.tail(self.child.name))
                            raise NotReady(
                                f"codex app-server {ended.result().text} before it answered{said}", LAST_LINES
                            )
                        with suppress(ConnectionLost):
                            return attempt.result()
                    finally:
                        attempt.cancel()
                    await asyncio.wait({ended}, timeout=self._starts.pause)
        except TimeoutError as error:
            raise NotReady(f"codex app-server did not answer within {limit:g} s", LAST_LINES) from error
        finally:
            ended.cancel()

    async def _handshake(self, identity: Identity, held: Spawned | Identity, socket: str) -> Session:
        """Connect to this very process, initialize it, and check that it is logged in.

        Raises ConnectionLost while nothing answers, NotReady if another process does, CodexError without a login.
        """
        name = self.child.name
        handshake = await perform_handshake(socket)
        pid = handshake.diagnostics.process.id
        ours = pid == identity.pid or pid in [one.pid for one in process.marked(self._workspace.mark(name))]
        return await self._session(handshake, identity, held, socket, ours=ours)

    async def _session(
        self, handshake: Handshake, identity: Identity, held: Spawned | Identity, socket: str, *, ours: bool
    ) -> Session:
        """Check a server that answered, and listen to it. Raises as `_handshake`."""
        name = self.child.name
        try:
            if not ours:
                pid = handshake.diagnostics.process.id
                raise NotReady(
                    f"process {pid}, which is not ours, answers at {socket}", f"end it, then `orch restart {name}`"
                )
            if (problem := await handshake.config_problem()) is not None:
                raise CodexError(f"codex cannot load its configuration: {problem}", f"correct it, then {START_AGAIN}")
            if (problem := login_problem(handshake.account)) is not None:
                raise CodexError(problem, f"{self._how_to_log_in()}, then {START_AGAIN}")
        except BaseException:
            handshake.connection.close()
            raise
        version, notifications = server_version(handshake.hello), NotificationReader(name)
        session = Session(identity, held, socket, version, handshake.connection, notifications, identity.pid)
        self._group.create_task(handshake.read(), name=f"read {name}")
        handshake.deliver_to(lambda message: self._listener.receive(session, message))
        return session

    def _how_to_log_in(self) -> str:
        return f"run `{called(locate(self._config.codex_bin))} login`"

    # ── watching ─────────────────────────────────────────────────────────────────────

    async def _watch(self, session: Session) -> None:
        """Post ServerExited when the process or the connection to it ends, unless `stop` ended it."""
        ended: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        waiting = process.wait_exit(session.process, ended.set_result)
        exited = self._group.create_task(waiting, name=f"exit of {self.child.name}")
        broken = asyncio.create_task(session.connection.closed.wait(), name=f"connection of {self.child.name}")
        either: set[asyncio.Future[Any]] = {ended, broken}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await asyncio.wait({ended}, timeout=EXIT_PATIENCE)
            reason = f"codex app-server {ended.result().text}" if ended.done() else session.connection.reason
            if ended.done():
                self._exited = exited  # it looks for what the server left while its end is recorded
        finally:
            broken.cancel()
            if not ended.done():
                exited.cancel()
        session.connection.close()
        if self.session is session:  # else `stop` ended it
            self.session = None
            name = self.child.name
            self._post(ev.ServerExited(self._now(), name, session.pid, reason, self._logs.tail(name)))

    async def _probe(self, session: Session) -> None:
        """Probe the server's health until its connection closes. Keeps its error log small, too."""
        name, misses, pause = self.child.name, 0, _until_beat()
        while not await _is_set(session.connection.closed, pause):
            self._logs.trim(name)
            try:
                await session.connection.ping(PROBE_TIMEOUT)
                await session.connection.request(DIAGNOSTICS.name, {}, PROBE_TIMEOUT)
            except TimeoutError:
                misses, pause = misses + 1, PROBE_AGAIN
                self._missed(session, f"no answer to a health probe within {PROBE_TIMEOUT:g} s", misses)
            except ConnectionLost:
                return
            except RpcError as error:
                self._logs.say("probe_refused", level="warning", child=name, reason=str(error))
            else:
                if misses:
                    self._post(ev.ServerResponded(self._now(), name, session.pid))
                misses, pause = 0, _until_beat()

    def _missed(self, session: Session, reason: str, misses: int) -> None:
        """A probe had no answer, the `misses`th in a row."""
        self._post(ev.ServerUnresponsive(self._now(), self.child.name, session.pid, reason, misses))


def _complaint(stderr: str) -> str:
    """Return the error with which a server ended, after a colon; "" if its last lines say none."""
    said = [line for line in stderr.splitlines() if line.startswith("Error: ")]
    return f": {said[-1].removeprefix('Error: ')}" if said else ""


def _until_beat() -> float:
    """Return the seconds to the next probe. All servers are probed at the same moments, so we wake up rarely."""
    return PROBE_EVERY - asyncio.get_running_loop().time() % PROBE_EVERY


async def _is_set(event: asyncio.Event, timeout: float) -> bool:
    try:
        async with asyncio.timeout(timeout):
            return await event.wait()
    except TimeoutError:
        return False
