"""What events do to a child's server. Each function takes the server as it was and gives it as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.transitions import ServerTrigger, after_server
from supervisor.domain.action import StopServer
from supervisor.domain.server import Server, ServerState

CRASH_WINDOW = timedelta(seconds=60)  # deaths older than this are forgiven
CRASH_BUDGET = 5  # deaths within the window; then a human has to look
FIRST_DELAY = 0.5  # seconds before the second restart in the window; the first is at once
MAX_DELAY = 30.0  # seconds


def recent_crashes(server: Server, at: datetime) -> tuple[datetime, ...]:
    """The deaths of this server that are not forgiven yet."""
    return tuple(crash for crash in server.crashes if at - crash < CRASH_WINDOW)


def reset(server: Server, *, restart: str = "") -> Server:
    """A human wants it to run: what it did before is forgiven."""
    if server.state is ServerState.FAILED:
        state = after_server(server.state, ServerTrigger.RESET)
        return replace(server, state=state, wanted=True, crashes=(), problem=None, not_before=None)
    return replace(server, wanted=True, crashes=(), not_before=None, restart=restart or server.restart)


def wanted(server: Server) -> Server:
    """`orch up` wants it to run, at once. Only one that was given up has its deaths forgiven: others are counted on."""
    return reset(server) if server.state is ServerState.FAILED else replace(server, wanted=True, not_before=None)


def crashed(server: Server, at: datetime, problem: str, stderr: str, *, fatal: bool) -> Server:
    """It died, or did not start: once more, after a pause that grows, until the budget is used up."""
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
    """No pause before the first restart, then one that doubles, spread by up to a quarter so that children differ."""
    if crashes <= 1:
        return timedelta(0)
    spread = 1 + (sum(child.encode()) * 31 + crashes * 17) % 26 / 100
    return timedelta(seconds=min(FIRST_DELAY * 2 ** (crashes - 2) * spread, MAX_DELAY))
