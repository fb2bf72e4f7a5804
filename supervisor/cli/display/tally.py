"""The first line of `orch status`: how far the plan is, in one line of counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from supervisor.cli.display.blocks import Cell, Line, one_line
from supervisor.core.text.figures import amount, dollars

if TYPE_CHECKING:
    from supervisor.domain.status import Status, TaskInfo

_SETTLED = ("done", "retired")
_ALARMS = {"rejected": "red", "held": "yellow", "missing": "yellow", "waiting": "yellow", "not_followed": "yellow"}


def tally(status: Status) -> Line:
    """Return `12 of 23 done · 3 running · 8 wait on T6 · 1 ask · 2.1M tokens · 41 min of turns`, alarms first."""
    cells: list[Cell] = []
    for cell in _counts(status):
        cells += [Cell(" · ", "dim"), cell] if cells else [cell]
    return Line(tuple(cells))


def tokens(task: TaskInfo) -> int:
    """Return all tokens of a task."""
    return (task.tokens.input or 0) + (task.tokens.output or 0) if task.tokens else 0


def _counts(status: Status) -> Iterator[Cell]:
    if status.supervisor.state != "up":
        yield Cell(f"supervisor {one_line(status.supervisor.state)}", "red")
    if (style := _ALARMS.get(str(status.plan.state))) is not None:
        yield Cell(f"plan {one_line(status.plan.state).replace('_', ' ')}", style)
    tasks = [task for task in status.tasks if task.state != "retired"]
    states = [task.state for task in tasks]
    done = states.count("done")
    yield Cell(f"{done} of {len(tasks)} done", "green" if done == len(tasks) else "bold") if tasks else Cell("no tasks")
    for word, style in (("failed", "red"), ("blocked", "red"), ("running", "cyan"), ("verifying", "cyan")):
        if count := states.count(word):
            yield Cell(f"{count} {word}", style)
    if count := states.count("needs_human"):
        yield Cell(f"{count} need{'s' * (count == 1)} you", "yellow")
    if count := states.count("held"):
        yield Cell(f"{count} held", "yellow")
    if waiting := [task for task in tasks if task.state == "waiting"]:
        yield Cell(_waiting(waiting, tasks))
    if count := len(status.asks):
        yield Cell(f"{count} ask{'s' * (count != 1)}", "yellow")
    if spent := sum(tokens(task) for task in status.tasks):
        yield Cell(f"{amount(spent)} tokens")
    if status.cost:
        yield Cell(dollars(status.cost, at_least=bool(status.cost_at_least)))
    if minutes := sum(task.minutes or 0 for task in status.tasks):
        yield Cell(f"{_minutes(minutes)} of turns")
    if used := max((one.used_percent for one in status.limits or ()), default=0.0):
        style = "red" if used >= 95 else "yellow" if used >= 80 else ""
        yield Cell(f"{used:.0f}% of the limit used", style)


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _waiting(waiting: Sequence[TaskInfo], tasks: Sequence[TaskInfo]) -> str:
    """Say how many tasks wait, and on which task most of them do in the end."""
    wait = "waits" if len(waiting) == 1 else "wait"
    count = _roots(waiting, {task.id: task for task in tasks if task.state not in _SETTLED})
    if not count:
        return f"{len(waiting)} {wait}"
    best = max(count, key=count.__getitem__)
    if count[best] == len(waiting):
        return f"{len(waiting)} {wait} on {one_line(best, 30)}"
    return f"{len(waiting)} {wait}, {count[best]} of them on {one_line(best, 30)}"


def _roots(waiting: Sequence[TaskInfo], known: Mapping[str, TaskInfo]) -> dict[str, int]:
    """Return the unfinished tasks that do not wait on another one themselves, and how many tasks wait on each.

    What a task waits on is a number with one bit for each such task, because a plan may be one long row of tasks, or a
    dense net. Each task is visited twice, however many wait on it.
    """
    before = {task.id: [name for name in task.after if name in known] for task in waiting}
    bits: dict[str, int] = {}  # by root
    found: dict[str, int] = {}  # by task, those that it waits on
    for start in (name for name, those in before.items() if those):
        stack = [start]
        while stack:
            name = stack[-1]
            if name not in found and before.get(name):
                found[name] = 0
                stack += [one for one in before[name] if one not in found]
                continue
            stack.pop()
            if not before.get(name):
                found[name] = bits.setdefault(name, 1 << len(bits))
            for one in before.get(name, ()):
                found[name] |= found[one]
    waiting_on: Counter[int] = Counter()  # by bit
    for mask, count in Counter(found[name] for name, those in before.items() if those).items():
        left = mask
        while left:
            waiting_on[left & -left] += count
            left &= left - 1
    return {root: waiting_on[bit] for root, bit in bits.items()}
