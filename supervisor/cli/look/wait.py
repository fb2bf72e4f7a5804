"""`orch wait`: print progress until the tasks are settled or something waits on a human, then the outcome."""

from __future__ import annotations

from typing import Annotated

from supervisor import api
from supervisor.cli.command.durations import seconds
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.core.view.waiting import WaitOutcome, WaitResult, chosen
from supervisor.domain.status import Status, TaskInfo
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.plain import plain

CODES = {
    WaitOutcome.DONE: 0,
    WaitOutcome.RETIRED: 0,
    WaitOutcome.NEEDS_HUMAN: 4,
    WaitOutcome.BLOCKED: 5,
    WaitOutcome.TIMED_OUT: 124,
}


def wait(
    workspace: WorkspacePaths,
    *,
    task: Annotated[str | None, Option("--task", "Wait for this task only.", "ID")] = None,
    timeout: Annotated[
        str | None, Option("--timeout", "Wait at most this long: 90 (seconds), 90s, 5m or 2h.", "TIME")
    ] = None,
    as_json: Json = False,
) -> int:
    """Wait until the tasks (or the one) are settled or something waits on a human; the exit code says which.

    Raises SupervisorDown if no supervisor answers or it ends meanwhile; UsageError if there is no such task.
    """
    longest = seconds(timeout, "--timeout")
    with on_interrupt(lambda: "only the wait is over, the tasks go on: see `orch status`; `orch down` stops all"):
        found = api.Workspace(workspace.root).wait(task, timeout=longest, on_status=_Progress(task).report)
    code, text = CODES[found.outcome], summary(found, task, longest)
    if as_json:
        tasks, asks = plain(found.tasks), plain(found.asks)
        output.emit_json({"exit_code": code, "text": text, "tasks": tasks, "asks": asks})
    else:
        output.emit(text)
    return code


def summary(found: WaitResult, task: str | None = None, timeout: float | None = None) -> str:
    """Describe the outcome of a wait on one line."""
    match found.outcome:
        case WaitOutcome.NEEDS_HUMAN if not found.asks:
            return f"plan.md waits for `orch go`: {one_line(found.status.plan.why or '', 300)}"
        case WaitOutcome.NEEDS_HUMAN:
            first, count = found.asks[0], len(found.asks)
            more = f" (and {count - 1} more: `orch asks`)" if count > 1 else ""
            about = one_line(first.text, 120).rstrip(".")
            return f"{first.id} waits on you{more}: {about}: `orch answer {first.id} ...`"
        case WaitOutcome.BLOCKED:
            return "; ".join(_described(one) for one in found.blocked)
        case WaitOutcome.RETIRED:
            return f"{task} is retired: the plan no longer has it"
        case WaitOutcome.TIMED_OUT:
            return f"time is up after {timeout:g} s: {_standing(found)}"
    if task is not None:
        return _described(found.tasks[0])
    done = sum(one.state == "done" for one in found.tasks)
    return f"{done} of {len(found.tasks)} tasks done" + (", the others retired" * (done < len(found.tasks)))


class _Progress:
    """Reports changes on standard error, each one once."""

    def __init__(self, task: str | None) -> None:
        self._task = task
        self._states: dict[str, str] = {}
        self._reported: str | None = None

    def report(self, status: Status, settled: bool) -> None:
        for one in chosen(status, self._task):
            if self._states.get(one.id) != one.state:
                self._states[one.id] = one.state
                why = f" ({one_line(one.why, 120)})" if one.why else ""
                output.say(f"{one.id} {one.state.replace('_', ' ')}{why}")
        problem = None if settled and status.plan.state != "rejected" else _standstill(status)
        if problem is not None and problem != self._reported:
            output.say(f"{problem}; " + ("the last good plan stays in force" if settled else "still waiting"))
        self._reported = problem


def _standstill(status: Status) -> str | None:
    """Return why nothing will happen without the human, if no task's state shows it; None if something may happen."""
    plan = status.plan
    busy = any(one.state in ("running", "verifying") for one in status.tasks)
    if plan.state == "rejected":
        return f"plan.md is not accepted (problems: {len(plan.problems)}): see `orch plan check`"
    if plan.state == "missing":
        return "there is no plan to carry out: write plan.md"
    if busy:
        return None
    if plan.state == "held":
        return "nothing new starts: the plan is held (`orch go`, or `hold: no` in plan.md)"
    if not status.tasks:
        return "the plan has no tasks"
    held = [one.id for one in status.tasks if one.state == "held"]
    return f"held by the plan: {', '.join(held)}" if held else None


def _described(one: TaskInfo) -> str:
    text = one_line((one.summary if one.state == "done" else one.why) or "", 160)
    return f"{one.id} is {one.state}" + (f": {text}" if text else "")


def _standing(found: WaitResult) -> str:
    """Describe the states of the unsettled tasks."""
    open_ones = [one for one in found.tasks if one.state not in ("done", "retired")]
    shown = ", ".join(f"{one.id} {one.state.replace('_', ' ')}" for one in open_ones[:8])
    more = f" and {len(open_ones) - 8} more" if len(open_ones) > 8 else ""
    return (shown + more) or f"the plan is {found.status.plan.state.replace('_', ' ')}"
