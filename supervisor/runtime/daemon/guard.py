"""Admit connections to the control socket: look at the caller, judge it, and check what the orchestrator asks for."""

from __future__ import annotations

import os
import pwd
import select
import socket
import time
from collections.abc import Mapping

from supervisor.core.guard.permits import KEEPERLESS, needs_tool_call
from supervisor.core.guard.standing import Refusal, Standing, Supervisor, standing
from supervisor.core.guard.tool_calls import PendingCall, covers
from supervisor.domain.ask import AskState, RequestKey
from supervisor.domain.process import UnseenCaller
from supervisor.domain.world import World
from supervisor.runtime.codex.mcp_config import SERVER
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.config.model import Config
from supervisor.runtime.daemon.keeper import is_keeper, keeper
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process.caller import caller_of, in_our_namespaces
from supervisor.shell.process.table import Identity, identity_of, row
from supervisor.wire.codex.items import McpToolCall

_NOT_CALLED = Refusal(
    "no call of that tool of the orchestrator is under way", "the orchestrator steers by its tools and by plan.md only"
)
_NOT_AGREED = Refusal(
    "the person has not confirmed this answer with `orch answer`",
    "the person answers the ask with `orch answer`, or confirms your next call of `answer` there",
)


LOGGED = 20  # refusals a minute that are logged with one reason; the next line says how many more there were
MINUTE = 60.0  # seconds


class Guard:
    """Decides who calls, and what they may ask for. Lives as long as the supervisor."""

    def __init__(
        self,
        workspace: WorkspacePaths,
        config: Config,
        registry: Registry,
        orchestrator: ServerClient,
        loop: Loop,
        logs: Logs,
    ) -> None:
        self._workspace = workspace
        self._config = config
        self._registry = registry
        self._orchestrator = orchestrator
        self._loop = loop
        self._logs = logs
        self._keeper = keeper()
        self._keepers = _Keepers()
        self._loose = False  # a keeper was killed, so what a server left can no longer be told from the person's
        self._user = _user(os.getuid())
        self._logged: dict[str, tuple[float, int]] = {}  # reason: since when refusals are counted, and how many
        self._used: set[tuple[str, str]] = set()  # tool calls, by id, with the words that were carried out for them

    def admit(self, connection: socket.socket) -> Standing | Refusal:
        """Return who is at the other end of a new connection. Log a refusal."""
        try:
            caller = caller_of(connection)
        except (OSError, ValueError, IndexError) as error:  # no descriptor is left, or /proc is not what it should be
            caller = UnseenCaller(f"the system does not tell ({error})")
        who = Standing.PERSON if caller is None else standing(caller, self._own())
        if isinstance(who, Refusal):
            self._log(who)
        return who

    async def refusal(self, who: Standing, method: str, params: Mapping[str, object]) -> Refusal | None:
        """Return why a request is not carried out for this caller; None if it is. Log a refusal."""
        needs = needs_tool_call(who, method)
        refused = needs if isinstance(needs, Refusal) else await self._uncovered(method, params) if needs else None
        if refused is not None:
            self._log(refused, method)
        return refused

    def _log(self, refused: Refusal, method: str | None = None) -> None:
        """Log a refusal, but no flood of them: it would push everything else out of the log."""
        now = time.monotonic()
        since, count = self._logged.get(refused.what, (now, 0))
        over = now - since >= MINUTE
        more = max(0, count - LOGGED) if over else 0
        since, count = (now, 0) if over else (since, count)
        if count < LOGGED:
            self._logs.say("control_refused", level="warning", method=method, reason=refused.what, more=more or None)
        self._logged[refused.what] = since, count + 1

    def _own(self) -> Supervisor:
        return Supervisor(
            uid=os.getuid(),
            user=self._user,
            pid=os.getpid(),
            workspace=self._workspace.id,
            servers={(one.identity.pid, one.identity.ticks): child for child, one in self._registry.all().items()},
            kept=self._kept(),
            allowed=frozenset(self._config.allow_namespace),
        )

    def _kept(self) -> bool:
        """Whether our keeper lives, and that of each server that an earlier supervisor started."""
        if self._keeper is not None and not self._loose:
            self._loose = os.getppid() != self._keeper or self._any_lost()
            if self._loose:
                self._loop.keeperless = f"{KEEPERLESS.what}: {KEEPERLESS.next_step}"
                self._logs.say("keeper_killed", level="error", reason=self._loop.keeperless)
        return not self._loose

    def _any_lost(self) -> bool:
        """Whether a server that still runs has no keeper above it, also one behind a runner that leads here."""
        servers = {one.identity for one in self._registry.all().values()}
        behind = {one.identity for one in self._registry.elsewhere().values()}
        own = identity_of(os.getpid()) if behind else None
        return self._keepers.any_lost(servers, {one for one in behind if own is not None and one.boot == own.boot})

    async def _uncovered(self, method: str, params: Mapping[str, object]) -> Refusal | None:
        """Why a request of the orchestrator's is not part of a tool call; None if it is, which uses that call up."""
        words = repr(sorted(params.items()))
        call = self._call_for(method, params, words)
        if call is None:
            await self._orchestrator.catch_up()  # the report of the call may be on its way
            call = self._call_for(method, params, words)
        if call is None:
            return _NOT_CALLED
        if method == "answer" and not self._agreed(call):
            return _NOT_AGREED
        self._used.add((call.id, words))
        return None

    def _call_for(self, method: str, params: Mapping[str, object], words: str) -> PendingCall | None:
        session = self._orchestrator.session
        items = session.notifications.items.values() if session is not None else ()
        calls = (
            PendingCall(one.id, one.tool, one.arguments if isinstance(one.arguments, dict) else {})
            for one in items
            if isinstance(one, McpToolCall) and one.server == SERVER
        )
        return next((one for one in calls if (one.id, words) not in self._used and covers(one, method, params)), None)

    def _agreed(self, call: PendingCall) -> bool:
        """Whether Codex asked for just this call over our own connection, and the person said yes by `orch answer`.

        An answer in another window of the session does not count: the supervisor does not see who gave it, or which.
        """
        session = self._orchestrator.session
        keys = [key for key, item in session.confirmations.items() if item == call.id] if session is not None else []
        return any(_accepted(self._loop.world, key) for key in keys)


class _Keepers:
    """The keepers above the servers. Each is held, so one look at all of them tells whether one has ended: a look at
    each server would cost 40 µs, for every request."""

    def __init__(self) -> None:
        self._above: dict[Identity, int] = {}  # the keeper of each server, or the supervisor; 0: it is in a container
        self._held: dict[int, int] = {}  # keepers, by their descriptor
        self._poll = select.poll()

    def any_lost(self, servers: set[Identity], behind: set[Identity]) -> bool:
        """Whether one of them still runs and has no keeper any more. `behind` a runner: that may lead to a container,
        whose processes are none of ours."""
        if self._above.keys() != (both := servers | behind):
            self._forget([one for one in self._above if one not in both])
            if any(self._joins(one, one in behind) for one in both if one not in self._above):
                return True
        ended = {self._held[descriptor] for descriptor, _ in self._poll.poll(0)}
        return bool(ended) and any(self._lost(one) for one, above in self._above.items() if above in ended)

    def _joins(self, server: Identity, behind: bool) -> bool:
        """Look for the keeper of a server and hold it. Whether the server runs without one."""
        foreign = behind and not in_our_namespaces(server.pid)
        line = row(server.pid)
        if line is None or line.dead or line.identity != server:  # it has ended, or has yet to be started
            return False
        if foreign:
            self._above[server] = 0
            return False
        keeper = line.parent
        if keeper != os.getpid() and not self._hold(keeper):
            return True
        self._above[server] = keeper
        return self._lost(server)  # the keeper that is held may be a later process with its pid

    def _hold(self, keeper: int) -> bool:
        """Hold a process, if it is a keeper."""
        if keeper in self._held.values():
            return True
        try:
            descriptor = os.pidfd_open(keeper)
        except OSError:
            return False
        if not is_keeper(keeper):
            os.close(descriptor)
            return False
        self._held[descriptor] = keeper
        self._poll.register(descriptor, select.POLLIN)
        return True

    def _lost(self, server: Identity) -> bool:
        line = row(server.pid)
        if line is None or line.dead or line.identity != server:
            return False
        return line.parent != self._above[server]

    def _forget(self, servers: list[Identity]) -> None:
        for one in servers:
            del self._above[one]
        left = set(self._above.values())
        for descriptor in [held for held, above in self._held.items() if above not in left]:
            self._poll.unregister(descriptor)
            os.close(descriptor)
            del self._held[descriptor]


def _accepted(world: World, key: RequestKey) -> bool:
    asks = [one for one in world.asks.values() if one.request == key and one.state is AskState.ANSWERED]
    return any(one.answer is not None and one.answer.decision == "accept" and not one.external for one in asks)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
