"""What events do to a child's server. Each function takes the server before an event, and returns it after that."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.transitions import ServerTrigger, after_server
from supervisor.domain.action import StopServer
from supervisor.domain.server import Server, ServerState

CRASH_WINDOW = timedelta(seconds=60)  # older crashes do not count
CRASH_BUDGET = 5  # crashes within the window; then a human has to look
FIRST_DELAY = 0.5  # seconds before the second restart in the window; the first one is immediate
MAX_DELAY = 30.0  # seconds


def recent_crashes(server: Server, at: datetime) -> tuple[datetime, ...]:
    """Return the crashes of this server that still count."""
    return tuple(crash for crash in server.crashes if at - crash < CRASH_WINDOW)


def reset(server: Server, *, restart: str = "") -> Server:
    """A human wants the server to run: earlier crashes do not count any more. `restart`: why it is to be replaced."""
    if server.state is ServerState.FAILED:
        state = after_server(server.state, ServerTrigger.RESET)
        return replace(server, state=state, wanted=True, crashes=(), problem=None, not_before=None)
    return replace(server, wanted=True, crashes=(), not_before=None, restart=restart or server.restart)


def wanted(server: Server) -> Server:
    """`orch up` wants the server to run, without delay. Earlier crashes still count, unless it was given up."""
    return reset(server) if server.state is ServerState.FAILED else replace(server, wanted=True, not_before=None)


def crashed(server: Server, at: datetime, problem: str, stderr: str, *, fatal: bool) -> Server:
    """The server died or did not start. It is started again after a growing delay, until `CRASH_BUDGET` is reached."""
    crashes = (*recent_crashes(server, at), at)
    give_up = fatal or len(crashes) >= CRASH_BUDGET
    trigger = ServerTrigger.GIVE_UP if give_up else ServerTrigger.BACK_OFF
    if give_up and not fatal:
        problem = f"{problem} ({len(crashes)} times within {CRASH_WINDOW.seconds} s)"
    return replace(
        server,
        state=after_server(server.state, trigger),
        pid=None,
        problem=problem,
        stderr=stderr,
        crashes=crashes,
        not_before=at + _delay(server.child.name, len(crashes)),
    )


def stopping(server: Server, action: StopServer, at: datetime) -> Server:
    """The server is about to be stopped. Stopping an unhealthy one counts as a crash."""
    unhealthy = server.state is ServerState.UNHEALTHY
    return replace(
        server,
        state=after_server(server.state, ServerTrigger.STOP),
        since=at,
        restart="",
        crashes=(*recent_crashes(server, at), at) if unhealthy else server.crashes,
        restarts=server.restarts + (unhealthy or bool(server.restart)),
    )


def _delay(child: str, crashes: int) -> timedelta:
    """Return the delay before a restart: none at first, then doubling, spread by up to 25 % so that children differ."""
    if crashes <= 1:
        return timedelta(0)
    spread = 1 + (sum(child.encode()) * 31 + crashes * 17) % 26 / 100
    return timedelta(seconds=min(FIRST_DELAY * 2 ** (crashes - 2) * spread, MAX_DELAY))
