"""`orch wait`: when is there nothing left to wait for, and what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.output import one_line
from supervisor.cli.naming import checked
from supervisor.domain.status import AskInfo, Status, TaskInfo
from supervisor.runtime import calling
from supervisor.runtime.workspace import Workspace
from supervisor.wire.plain import plain
from supervisor.wire.status import read_status

DONE, NEEDS_HUMAN, BLOCKED, TIMED_OUT = 0, 4, 5, 124  # exit codes
UNSEEN_FOR = 1.5  # seconds after which the supervisor has surely read a plan.md that was saved
LOOK_BACK = 0.2  # seconds between two looks while it may not have


@dataclass(frozen=True, slots=True)
class WaitResult:
    """Nothing is left to wait for: the exit code, and a line that says what came of it."""

    code: int
    text: str


def wait(
    workspace: Workspace,
    *,
    task: Annotated[str | None, Option("--task", "Only this task.", "ID")] = None,
    timeout: Annotated[float | None, Option("--timeout", "Seconds to wait at most.", "S", least=0)] = None,
    as_json: Json = False,
) -> int:
    """Wait until the tasks (or the one) are settled or something waits on a human; the exit code says which.

    Raises SupervisorDown if no supervisor answers, or it ends meanwhile; UsageError if there is no such task.
    """
    until = math.inf if timeout is None else time.monotonic() + timeout
    progress = _Progress(task)
    pause = 0.0
    with calling.Watch(workspace) as watch:
        while True:
            picture = read_status(watch.next(pause))
            found = verdict(picture, task)
            missing = task is not None and task not in [one.id for one in picture.tasks]
            unseen = (missing or found is not None) and unseen_edit(workspace, picture)
            if task is not None and missing and not unseen:
                if not progress.begun:
                    checked(task, [one.id for one in picture.tasks], "task")
                found = WaitResult(DONE, f"{task} is retired: the plan no longer has it")
            settled = found is not None and not unseen
            progress.tell(picture, settled=settled)
            if found is not None and settled:
                break
            left = until - time.monotonic()
            if left <= 0:
                found = WaitResult(TIMED_OUT, f"time is up after {timeout:g} s: {_standing(picture, task)}")
                break
            pause = min(LOOK_BACK if unseen else calling.LOOK_AGAIN, left)
    if as_json:
        tasks, asks = plain(_chosen(picture, task)), plain(_asks(picture, task))
        output.emit_json({"exit_code": found.code, "text": found.text, "tasks": tasks, "asks": asks})
    else:
        output.emit(found.text)
    return found.code


def verdict(picture: Status, task: str | None = None) -> WaitResult | None:
    """What came of the tasks (or of that one); None as long as something can still happen by itself.

    First of all come asks, then what is blocked or failed once nothing else can go on, then all done.
    """
    if asks := _asks(picture, task):
        first = asks[0]
        more = f" (and {len(asks) - 1} more: `orch asks`)" if len(asks) > 1 else ""
        about = one_line(first.text, 120).rstrip(".")
        return WaitResult(NEEDS_HUMAN, f"{first.id} waits on you{more}: {about}: `orch answer {first.id} ...`")
    tasks = _with_upstream(picture, task)
    lead = picture.orchestrator
    if not tasks or (lead is not None and lead.busy):  # it may still change the plan
        return None
    stuck = _stuck(picture)
    if bad := [one for one in tasks if one.state in ("blocked", "failed")]:
        if all(one.state in ("done", "retired", "blocked", "failed", "held") or one.id in stuck for one in tasks):
            return WaitResult(BLOCKED, "; ".join(_said(one) for one in bad))
        return None
    chosen = _chosen(picture, task)
    if chosen and all(one.state in ("done", "retired") for one in chosen):
        if task is not None:
            return WaitResult(DONE, _said(chosen[0]))
        done = sum(one.state == "done" for one in chosen)
        return WaitResult(DONE, f"{done} of {len(chosen)} tasks done" + (", the others retired" * (done < len(chosen))))
    return None


def unseen_edit(workspace: Workspace, picture: Status) -> bool:
    """Whether plan.md was saved so lately that this picture may not know it yet."""
    try:
        found = workspace.plan.stat()
        if time.time() - max(found.st_mtime, found.st_ctime) > UNSEEN_FOR:
            return False
        text = workspace.plan.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return False
    revision = picture.plan.revision
    with suppress(OSError, ValueError, TypeError):
        return text != (workspace.plans / f"{revision:04d}.md").read_text(encoding="utf-8", errors="replace")
    return True


class _Progress:
    """Tells on standard error what changes, each thing once."""

    def __init__(self, task: str | None) -> None:
        self._task = task
        self._states: dict[str, str] = {}
        self._told: str | None = None

    @property
    def begun(self) -> bool:
        """Whether any of the tasks was seen yet."""
        return bool(self._states)

    def tell(self, picture: Status, *, settled: bool) -> None:
        for one in _chosen(picture, self._task):
            if self._states.get(one.id) != one.state:
                self._states[one.id] = one.state
                why = f" ({one_line(one.why, 120)})" if one.why else ""
                output.say(f"{one.id} {one.state.replace('_', ' ')}{why}")
        told = None if settled and picture.plan.state != "rejected" else _standstill(picture)
        if told is not None and told != self._told:
            output.say(f"{told}; " + ("the last good plan counts" if settled else "still waiting"))
        self._told = told


def _standstill(picture: Status) -> str | None:
    """Why nothing will happen by itself, when that is so and no task says it."""
    plan = picture.plan
    busy = any(one.state in ("running", "verifying") for one in picture.tasks)
    if plan.state == "rejected":
        return f"plan.md is not accepted (problems: {len(plan.problems)}): see `orch plan check`"
    if plan.state == "missing":
        return "there is no plan to carry out: write plan.md"
    if busy:
        return None
    if plan.state == "held":
        return "nothing new starts: the plan is held (`orch go`, or `hold: no` in plan.md)"
    if not picture.tasks:
        return "the plan has no tasks"
    held = [one.id for one in picture.tasks if one.state == "held"]
    return f"held by the plan: {', '.join(held)}" if held else None


def _stuck(picture: Status) -> set[str]:
    """The waiting tasks that will not start by themselves: behind a halted one, or all of a held plan."""
    tasks = {one.id: one for one in picture.tasks}
    waiting = {name for name, one in tasks.items() if one.state == "waiting"}
    if picture.plan.state in ("held", "missing"):
        return waiting
    halted = {name for name, one in tasks.items() if one.state in ("blocked", "failed", "held")}
    stuck: set[str] = set()
    while more := {name for name in waiting - stuck if not {*tasks[name].after}.isdisjoint(halted | stuck)}:
        stuck |= more
    return stuck


def _with_upstream(picture: Status, task: str | None) -> list[TaskInfo]:
    """The tasks asked for, and those they come after."""
    if task is None:
        return list(picture.tasks)
    tasks = {one.id: one for one in picture.tasks}
    found: dict[str, TaskInfo] = {}
    queue = [task]
    while queue:
        name = queue.pop()
        if name in tasks and name not in found:
            found[name] = tasks[name]
            if tasks[name].state == "waiting":
                queue += tasks[name].after
    return list(found.values())


def _chosen(picture: Status, task: str | None) -> list[TaskInfo]:
    return [one for one in picture.tasks if task in (None, one.id)]


def _asks(picture: Status, task: str | None) -> Sequence[AskInfo]:
    """The asks that stop the wait: with a task, its own, those of what it waits for, and those of no task."""
    about = {None, task, *(one.id for one in _with_upstream(picture, task))}
    return [ask for ask in picture.asks if task is None or ask.task in about]


def _said(one: TaskInfo) -> str:
    words = one_line((one.summary if one.state == "done" else one.why) or "", 160)
    return f"{one.id} is {one.state}" + (f": {words}" if words else "")


def _standing(picture: Status, task: str | None) -> str:
    """Where the unsettled tasks stand."""
    open_ones = [one for one in _chosen(picture, task) if one.state not in ("done", "retired")]
    shown = ", ".join(f"{one.id} {one.state.replace('_', ' ')}" for one in open_ones[:8])
    more = f" and {len(open_ones) - 8} more" if len(open_ones) > 8 else ""
    return (shown + more) or f"the plan is {picture.plan.state.replace('_', ' ')}"
