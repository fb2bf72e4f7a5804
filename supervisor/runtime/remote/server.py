"""The client of a server on another machine. The line to it is a process of ours, which the server outlives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from supervisor.domain import event as ev
from supervisor.domain.child import Child, Runner
from supervisor.errors import CodexError, ConnectionLost, NotReady, OrchError, OutOfReach
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.handshake import perform_handshake
from supervisor.runtime.codex.registry import RecordElsewhere
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.codex.session import Session
from supervisor.runtime.codex.version import refuse_old
from supervisor.runtime.remote.ending import end_one
from supervisor.runtime.remote.place import ChildPlace, OpenedLine, recorded, runner_in
from supervisor.runtime.remote.sharing import Machine
from supervisor.shell import process
from supervisor.shell.prefix.line import PrefixLine
from supervisor.shell.prefix.process import PrefixProcess
from supervisor.shell.process import Identity
from supervisor.wire.place.answers import ServerThere, seconds_of

DEAF = 3  # fresh lines over which a server gave no answer; then it is replaced
CUT_AFTER = 2  # health probes in a row without an answer; then the line is cut, and a new one tried
STOPS_WITHIN = 20.0  # seconds for a server there to be ended, the login included
SESSION_ENDS_WITHIN = 3.0  # seconds for a line to end by itself: killed, it still holds its session of the connection
LINE_ENDS_WITHIN = 0.5  # seconds for the process of a line to say why it ended
UNKNOWN = Identity(0, 0, "")  # of a server that is about to be started

T = TypeVar("T")


class RemoteServerClient(ServerClient):
    """Everything that orch does with the server of one child elsewhere."""

    def __init__(self, child: Child, *, runner: Runner, **common: Any) -> None:
        super().__init__(child, **common)
        self._place = ChildPlace(common["workspace"], child.name, runner, child.path)
        workspace = common["workspace"]
        self._machine = self._starts.shared(runner.connect, lambda: Machine(workspace, runner.connect))
        self._machine.join(child.name)
        self._line: PrefixLine | None = None
        self._holder: PrefixProcess | None = None  # what stays with the server, where that is needed
        self._deaf = 0

    async def stop(self, *, kill: bool) -> None:
        """End the server there and all that it started. Posts ServerStopped or ServerStopFailed."""
        name, session = self.child.name, self.session
        self.session = None
        if session is not None:
            session.connection.close()
        await self._end_line(SESSION_ENDS_WITHIN)
        try:
            if name in self._registry.elsewhere():
                await _in_thread(lambda: self._place.end(kill=kill, seconds=STOPS_WITHIN))
                self._registry.drop_elsewhere(name)
            await self._let_go()
        except OrchError as error:
            still = "its server may still run there" if isinstance(error, OutOfReach) else "its server was not ended"
            self._post(ev.ServerStopFailed(self._now(), name, f"{error.what}: {still}"))
            return
        finally:
            await asyncio.to_thread(self._machine.leave, name)
        self._post(ev.ServerStopped(self._now(), name))

    async def cpu_seconds(self, session: Session) -> float | None:
        try:
            return seconds_of(await _in_thread(lambda: self._place.ask(lambda script: script.cpu())))
        except OrchError:
            return None

    def shell(self, command: str) -> list[str]:
        choose = 'if command -v bash > /dev/null 2>&1; then exec bash -c "$1"; else eval "$1"; fi'
        return ["/bin/sh", "-c", choose, "sh", command]

    async def _adopt(self) -> Session | None:
        """None: whether a server runs there is known once there is a line, and `_start` then adopts it."""
        return None

    async def _start(self) -> Session:
        name = self.child.name
        record = self._registry.get(name)  # it ran on this machine before
        if record is not None:
            await process.kill_tree(record.identity, self._workspace.mark(name))
            self._registry.drop(name)
        await self._end_line()
        await self._leave_earlier()
        anew = self._deaf >= DEAF
        async with self._machine.gate:
            self._line, there, holder = await self._open(anew=anew)
        if holder is not None:
            await self._let_go()
            self._holder = holder
        identity = Identity(there.pid, there.ticks, there.boot)
        try:
            known = self._registry.elsewhere().get(name)
            if known is not None and known.identity.boot not in ("", there.boot):
                self._logs.say("machine_restarted", level="warning", child=name, reason=f"{self._at} was rebooted")
            self._registry.put_elsewhere(name, RecordElsewhere(recorded(self._place.runner), self.child.path, identity))
            session = await self._meet(there, identity)
            refuse_old(session.version, self._place.runner.codex or "codex")
        except BaseException as error:
            await asyncio.shield(self._end_line())
            if isinstance(error, CodexError):  # what a person changes there counts for a new server only
                with suppress(OrchError):
                    await _in_thread(lambda: self._place.ask(lambda script: script.stop(kill=False), STOPS_WITHIN))
                    self._registry.drop_elsewhere(name)
            raise
        self._deaf = 0
        self.adopted = there.adopted
        return session

    async def _leave_earlier(self) -> None:
        """End the server of this child at another place, where it lived before. Raises OrchError."""
        record = self._registry.elsewhere().get(self.child.name)
        if record is None or (runner_in(record), record.path) == (self._place.runner, self.child.path):
            return
        try:
            await asyncio.to_thread(end_one, self._workspace, self.child.name, record)
        except OrchError as error:
            raise OutOfReach(
                f"its earlier server at {record.at} may still run: {error.what}",
                f"bring that machine back, or run `orch down` and take `{self.child.name}@elsewhere` out of "
                f"{self._workspace.registry}",
            ) from error
        self._registry.drop_elsewhere(self.child.name)

    async def _meet(self, there: ServerThere, identity: Identity) -> Session:
        """Shake hands over the line. Raises OutOfReach if a server that ran already gives no answer: that may be the
        line's fault, and its turn goes on."""
        assert self._line is not None, "it was just opened"
        try:
            handshake = await perform_handshake(there.socket, self._line.stream)
        except (ConnectionLost, NotReady, TimeoutError) as error:
            if not there.adopted:
                why = str(error) or "no answer"
                raise NotReady(f"codex app-server at {self._at} does not answer ({why})", "see `orch logs`") from error
            self._deaf += 1
            raise OutOfReach(f"the server at {self._at} gives no answer", "orch tries again") from error
        ours = handshake.diagnostics.process.id == identity.pid
        return await self._session(handshake, identity, identity, there.socket, ours=ours)

    async def _open(self, *, anew: bool) -> OpenedLine:
        name = self.child.name
        loop = asyncio.get_running_loop()

        def begun() -> None:
            """Record that a server may run there, before one is started."""
            if name not in self._registry.elsewhere():
                record = RecordElsewhere(recorded(self._place.runner), self.child.path, UNKNOWN)
                asyncio.run_coroutine_threadsafe(_put(record), loop).result()

        async def _put(record: RecordElsewhere) -> None:
            self._registry.put_elsewhere(name, record)

        arguments = spawn.arguments(self.child, self._config)
        untrusted = not self._config.trusted_git.get(name)
        seconds = self._config.limits.ready_seconds

        def opened() -> OpenedLine:
            if (connection := self._machine.connection(name)) is not None:
                connection.obtain(self._place, seconds)
                self._place.go_over(connection.socket)
            return self._place.open(arguments, begun, seconds, anew=anew, filters_off=untrusted)

        opening = asyncio.ensure_future(asyncio.to_thread(opened))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_ended)
            raise

    def _how_to_log_in(self) -> str:
        return f"run `codex login` at {self._at}"

    @property
    def _at(self) -> str:
        return self._place.runner.name

    # ── watching ─────────────────────────────────────────────────────────────────────

    async def _watch(self, session: Session) -> None:
        """Post ServerExited when the line to the server ends, unless `stop` ended it. The server may go on."""
        await session.connection.closed.wait()
        line, self._line = self._line, None
        said = ""
        if line is not None:
            await asyncio.to_thread(line.process.wait, LINE_ENDS_WITHIN)
            said = " ".join(line.process.said().split())[-200:]
            await asyncio.to_thread(line.process.end)
        session.connection.close()
        if self.session is session:  # else `stop` ended it
            self.session = None
            reason = f"the line to {self._at} was cut" + (f": {said}" if said else "")
            self._post(ev.ServerExited(self._now(), self.child.name, session.pid, reason, "", cut=True))

    def _missed(self, session: Session, reason: str, misses: int) -> None:
        """Cut a line that is silent: that it is broken is likelier than that the server hangs, whose turn would be
        lost."""
        if misses < CUT_AFTER:
            name, place = self.child.name, self._place
            asyncio.get_running_loop().run_in_executor(None, self._machine.check, name, place)
            super()._missed(session, reason, misses)
        else:
            session.connection.close(reason)

    async def _let_go(self) -> None:
        """End the process that stayed with a server which has ended."""
        holder, self._holder = self._holder, None
        if holder is not None:
            await asyncio.to_thread(holder.end, LINE_ENDS_WITHIN)

    async def _end_line(self, patience: float = 0.0) -> None:
        line, self._line = self._line, None
        if line is not None:
            await asyncio.to_thread(line.process.end, patience)


def _ended(opening: asyncio.Future[OpenedLine]) -> None:
    """End a line that nobody waits for any more. The server there stays, recorded."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().line.process.end()


async def _in_thread(do: Callable[[], T]) -> T:
    return await asyncio.to_thread(do)
