"""Show how the servers get ready, for `orch up`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from supervisor import __version__
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.progress import Progress
from supervisor.cli.display.skew import skew_of
from supervisor.errors import OrchError, RequestRefused, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.daemon import launch
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    from supervisor.domain.status import ChildInfo

SETTLED = ("ready", "failed", "refused", "unreachable")  # the last one is tried again, without end
READY_WITHIN = 30.0  # seconds for all servers to get ready


def taken_in(workspace: WorkspacePaths, named: Sequence[str], *, restart: bool = False) -> None:
    """Have a running supervisor reload an edited config and start the servers of these children (none: of all).

    It is restarted in place before, if `restart` says so, or if it is of another version and the person says so.

    Raises SupervisorDown if it ends meanwhile.
    """
    _meet(workspace, restart=restart)
    if launch.reload(workspace):
        output.say("the supervisor reloaded the config")
    launch.persistently(workspace, lambda client: client.call("up", children=list(named)))


def until_ready(workspace: WorkspacePaths, named: Sequence[str], *, as_json: bool = False) -> int:
    """Show how the servers of these children (none: of all) get ready; return 0 if each did, else 1.

    Returns once each is ready or failed, or after READY_WITHIN seconds.
    """
    deadline = time.monotonic() + READY_WITHIN
    progress = Progress()
    try:
        for status in map(glance, calling.follow(workspace, deadline)):
            chosen = [child for child in status.children if not named or child.name in named]
            progress.show({child.name: _described(child) for child in chosen})
            if all(child.state in SETTLED for child in chosen):
                break
    except SupervisorDown as error:
        raise OrchError(f"while the servers started, {error.what}", "see `orch logs`, then run `orch up`") from error
    finally:
        progress.end()
    ready = sum(child.state == "ready" for child in chosen)
    if as_json:
        output.emit_json({"children": [_row(child) for child in chosen]})
    else:
        output.emit(f"{ready} of {len(chosen)} {'child' if len(chosen) == 1 else 'children'} ready")
    causes: dict[str, list[str]] = {}
    for child in chosen:
        if child.state in ("failed", "refused"):
            causes.setdefault(_with_remedy(child), []).append(child.name)
    for cause, names in causes.items():
        output.say(f"orch: {', '.join(names)} failed: {cause}")
    for child in chosen:
        if child.state == "unreachable":
            output.say(f"orch: {child.name} is unreachable: {_problem(child)}")
        elif child.state not in SETTLED:
            output.say(f"orch: {child.name} is still {child.state} after {READY_WITHIN:g} s: {_problem(child)}")
    return 0 if ready == len(chosen) else 1


def _row(child: ChildInfo) -> dict[str, object]:
    return {
        "name": child.name,
        "state": child.state,
        "pid": child.pid,
        "codex": child.codex,
        "problem": child.problem,
    }


def _meet(workspace: WorkspacePaths, *, restart: bool) -> None:
    """Say if the supervisor is of another version; restart it in place if `restart`, or the person on a terminal, says
    so.

    Raises SupervisorDown if it does not come back, RequestRefused if it cannot be restarted in place.
    """
    version = glance(launch.persistently(workspace, lambda client: client.call("status"))).supervisor.version
    skew = skew_of(version)
    who = f"the supervisor ({one_line(version or 'unknown')})"
    if restart and skew is not None and not skew.older:
        raise RequestRefused(f"{who} is {skew.what}, and is not restarted with it", skew.next_step)
    if skew is not None:
        output.say(f"{who} is {skew.what}")
    asked = skew is not None and skew.older and output.interactive()
    if restart or (asked and output.says_yes("restart it in place? Servers and turns go on.")):
        launch.start_over(workspace)
        output.say(f"the supervisor was restarted in place ({__version__})")
    elif skew is not None:
        output.say(skew.next_step)


def _described(child: ChildInfo) -> str:
    match child.state:
        case "ready":
            return f"ready (pid {child.pid}, codex {one_line(child.codex or 'of an unknown version')})"
        case "failed" | "backoff" | "unhealthy" | "refused" | "unreachable":
            return f"{child.state}: {_problem(child)}"
        case other:
            return other


def _problem(child: ChildInfo) -> str:
    return one_line(child.problem or "see `orch logs`")


def _with_remedy(child: ChildInfo) -> str:
    problem, remedy = _problem(child), f"`orch restart {child.name}`"
    return (
        problem
        if remedy in problem
        or f"`orch up {child.name}`" in problem
        or "`orch up`" in problem
        or "then `orch down`" in problem
        else f"{problem}: fix it, then run {remedy}"
    )
