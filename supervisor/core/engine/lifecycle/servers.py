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
MAX_AWAY = 48.0  # seconds between two tries to reach a machine, before the spread: a minute at most


def word(server: Server) -> str:
    """Return the state of a server as people read it: one on another machine is connecting, unreachable or refused."""
    if server.child.runner is None:
        return str(server.state)
    if server.state is ServerState.STARTING:
        return "connecting"
    lost = server.reach and server.state in (ServerState.BACKOFF, ServerState.FAILED)
    return server.reach if lost else str(server.state)


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


def restarted(server: Server) -> Server:
    """`orch restart`: replace the server. If its machine is unreachable, only try again at once: it may still run."""
    if server.reach == "unreachable":
        return replace(server, wanted=True, crashes=(), not_before=None)
    return reset(server, restart="`orch restart`")


def out_of_reach(server: Server, at: datetime, problem: str) -> Server:
    """The machine of the server does not answer. It is tried again without end, at most every MAX_AWAY seconds."""
    tries = server.tries + 1
    delay = min(FIRST_DELAY * 2 ** min(tries - 1, 10), MAX_AWAY) * _spread(server.child.name, tries)
    return replace(
        server,
        state=after_server(server.state, ServerTrigger.BACK_OFF),
        pid=None,
        problem=problem,
        stderr="",
        reach="unreachable",
        away=server.away or at,
        tries=tries,
        not_before=at + timedelta(seconds=delay),
    )


def cut_off(server: Server, at: datetime, problem: str, stderr: str) -> Server:
    """The line to the server ended. That is no crash of it, but earlier ones count: it is not started without end."""
    crashes = len(recent_crashes(server, at))
    give_up = crashes >= CRASH_BUDGET
    return replace(
        server,
        state=after_server(server.state, ServerTrigger.GIVE_UP if give_up else ServerTrigger.BACK_OFF),
        pid=None,
        problem=f"{problem} ({crashes} times within {CRASH_WINDOW.seconds} s)" if give_up else problem,
        stderr=stderr,
        reach="",
        cut=True,
        not_before=at + _delay(server.child.name, crashes),
    )


def reached(server: Server, at: datetime, *, adopted: bool) -> Server:
    """There is a line to the server. If it had to be started although it ran before, it had crashed."""
    crashed = server.cut and not adopted
    return replace(
        server,
        reach="",
        away=None,
        tries=0,
        cut=False,
        crashes=(*recent_crashes(server, at), at) if crashed else server.crashes,
        restarts=server.restarts + crashed,
    )


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
        reach="refused" if fatal and server.child.runner is not None else "",
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
    return timedelta(seconds=min(FIRST_DELAY * 2 ** (crashes - 2) * _spread(child, crashes), MAX_DELAY))


def _spread(child: str, number: int) -> float:
    """Return a factor by which delays of different children differ."""
    return 1 + (sum(child.encode()) * 31 + number * 17) % 26 / 100
