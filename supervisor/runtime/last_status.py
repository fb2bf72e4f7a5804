"""Read the last status that a supervisor wrote, for when none answers. Follow the status whether or not one does."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from supervisor.errors import OrchError, SupervisorDown
from supervisor.regular_file import read_regular
from supervisor.runtime import calling
from supervisor.runtime.presence.roster import holder
from supervisor.runtime.presence.vital_signs import boot, vital_signs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.sha256 import hex_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from supervisor.domain.json_value import JsonObject


def last_known(workspace: WorkspacePaths) -> JsonObject:
    """Return the last status that a supervisor wrote, updated with which servers still run. Never raises.

    The supervisor is `busy` in it if one runs, which then gives no answer; else it is `down`.
    """
    pid = holder(workspace)
    try:
        left = json.loads(read_regular(workspace.last_status))
        as_of = left.get("as_of") or _time(workspace.last_status.stat().st_mtime)
        children = [_without_supervisor(workspace, child) for child in left["children"]]
        plan, tasks, asks = _with_changes(workspace, left["plan"]), list(left["tasks"]), list(left["asks"])
        cost, cost_at_least = left.get("cost"), left.get("cost_at_least", False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        as_of, children, tasks, asks = None, _configured(workspace), [], []
        cost, cost_at_least = None, False
        absent = dict.fromkeys(("revision", "title", "author", "why", "read"))
        plan = {"state": "missing", **absent, "problems": [], "integration": []}
        if _digest(workspace) is not None:
            plan = {**plan, "state": "not_followed", "why": "plan.md is there, and not yet followed: run `orch up`"}
    return {
        "workspace": str(workspace.root),
        "supervisor": {
            **dict.fromkeys(("since", "version", "problem")),
            "state": "down" if pid is None else "busy",
            "pid": pid,
        },
        "plan": plan,
        "children": children,
        "tasks": tasks,
        "asks": asks,
        "pauses": [],
        "orchestrator": None,
        "as_of": as_of,
        "cost": cost,
        "cost_at_least": cost_at_least,
        "limits": [],
        "warnings": [],
    }


def follow_always(
    workspace: WorkspacePaths, over: Event, take: Callable[[JsonObject, str], None], again: float
) -> None:
    """Call `take` with the status, at once and whenever it changes, until `over` is set.

    Where no supervisor is up, that is the last known status, and one is looked for every `again` seconds. The text says
    why a supervisor that runs gives none ("": it does, or none runs). If `take` raises SupervisorDown because it cannot
    understand the last known status, it gets an empty one, with the reason.
    """
    while not over.is_set():
        try:
            for status in calling.follow(workspace):
                take(status, "")
                if over.is_set():
                    return
        except SupervisorDown:
            _take_last(workspace, take, "")
        except OrchError as error:  # it refuses, or is of a version that cannot be understood
            _take_last(workspace, take, str(error))
        over.wait(again)


def _take_last(workspace: WorkspacePaths, take: Callable[[JsonObject, str], None], problem: str) -> None:
    try:
        take(last_known(workspace), problem)
    except SupervisorDown as error:
        empty: JsonObject = {"plan": {"state": "missing"}, "children": [], "tasks": [], "asks": []}
        take({"workspace": str(workspace.root), "supervisor": {"state": "down"}, **empty}, str(error))


def _with_changes(workspace: WorkspacePaths, plan: JsonObject) -> JsonObject:
    """Update the plan for a plan.md that was saved since the supervisor last read it."""
    now = _digest(workspace)
    if "read" not in plan or plan["read"] == now or (now is None and plan["state"] == "missing"):
        return plan
    gone, saved = "plan.md is gone since", "plan.md was saved since, and is not yet followed"
    return {**plan, "why": f"{gone if now is None else saved}: the next `orch up` reads it"}


def _digest(workspace: WorkspacePaths) -> str | None:
    """Return the sha256 of plan.md; None if there is none, or it cannot be read."""
    with suppress(OSError):
        return hex_digest(read_regular(workspace.plan))
    return None


def _without_supervisor(workspace: WorkspacePaths, child: JsonObject) -> JsonObject:
    """Update a child for a supervisor that is down: if its server still runs, it keeps its last known state."""
    pid = child["pid"]
    if child.get("runner") is not None:
        return _elsewhere(workspace, child)
    if isinstance(pid, int) and _alive(workspace, str(child["name"]), pid):
        return child
    return {**child, "state": "stopped", "pid": None, "socket": None, "since": None, "rss_bytes": None, "task": None}


def _elsewhere(workspace: WorkspacePaths, child: JsonObject) -> JsonObject:
    """Update a child on another machine: without a supervisor, nobody knows whether its server still runs."""
    gone = dict.fromkeys(("pid", "socket", "since", "rss_bytes", "task", "problem", "next_try"))
    try:
        recorded = f"{child['name']}@elsewhere" in json.loads(read_regular(workspace.registry))
    except (OSError, ValueError, TypeError):
        recorded = False
    if not recorded:
        return {**child, **gone, "state": "stopped"}
    why = (
        f"no supervisor is up, and its server at {child['runner']} may go on: `orch up` adopts it, `orch down` ends it"
    )
    return {**child, **gone, "state": "unreachable", "problem": why}


def _configured(workspace: WorkspacePaths) -> list[JsonObject]:
    """Return the children of the config, for when nothing ever ran; none if it cannot be read."""
    from supervisor.runtime.config.load import named  # import late (50 ms): only before the first start

    absent = ("pid", "socket", "codex", "since", "rss_bytes", "thread", "task", "problem", "next_try")
    with suppress(OrchError):
        return [
            {
                "name": child.name,
                "path": child.where,
                "state": "stopped",
                "restarts": 0,
                **dict.fromkeys(absent),
                "runner": child.runner.name if child.runner is not None else None,
            }
            for child in named(workspace)
        ]
    return []


def _alive(workspace: WorkspacePaths, child: str, pid: int) -> bool:
    """Whether that pid is still the server that we recorded, and not another process with the same number."""
    try:
        recorded = json.loads(read_regular(workspace.registry))[child]["identity"]
        same, started = (recorded["pid"], recorded["boot"]) == (pid, boot()), recorded["ticks"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    signs = vital_signs(pid) if same else None
    return signs is not None and signs.started in (started, 0)  # 0: the system has no /proc, and does not say


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
