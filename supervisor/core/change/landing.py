"""Decide what a landing takes: which tasks, in which order, on which branch, and which commits rest on which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from supervisor.domain.plan import HUMAN
from supervisor.domain.status import TaskInfo

SLUG_LIMIT = 50  # characters
_STUCK = frozenset({"blocked", "failed", "held"})
"""States that no waiting ends."""

_SETTLED = ("done", "retired")


class Unlandable(NamedTuple):
    """Why tasks cannot be landed, and what to do about it."""

    why: str
    next_step: str


def chosen(tasks: Sequence[TaskInfo], wanted: Sequence[str]) -> tuple[TaskInfo, ...] | Unlandable:
    """Return the tasks to land, each behind all that it comes after; without `wanted`, all tasks of the plan.

    Every one has to be done, and what it comes after has to be among them.
    """
    known = {one.id: one for one in tasks}
    if unknown := [name for name in wanted if name not in known]:
        return Unlandable(f"there is no task {_listed(unknown)}", "see `orch status`")
    picked = [known[name] for name in dict.fromkeys(wanted)] or [one for one in tasks if one.state != "retired"]
    if open_ones := [one for one in picked if one.state != "done"]:
        states = ", ".join(f"{one.id} is {one.state}" for one in open_ones)
        stuck = all(one.state in _STUCK for one in open_ones)
        way = "see `orch status`" if stuck else "wait for it"
        if done := _closed(known, picked):
            way += f", or land what is done: `orch land --tasks {','.join(done)}`"
        return Unlandable(f"not every task is done: {states}", way)
    names = {one.id for one in picked}
    missing = dict.fromkeys(
        need
        for one in picked
        for need in _needs(known, one)
        if need not in names and known[need].child != HUMAN and known[need].state != "retired"
    )
    if missing:
        together = ",".join([*missing, *(one.id for one in picked)])
        return Unlandable(
            f"{_listed(names)} comes after {_listed(missing)}, which would not be landed",
            f"land them together: `orch land --tasks {together}`",
        )
    return _ordered(picked)


def slug(title: str) -> str:
    """Return a name for a branch out of a title: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    found = ""
    for word in words:
        longer = f"{found}-{word}" if found else word
        if len(longer) > SLUG_LIMIT:
            break
        found = longer
    return found or (words[0][:SLUG_LIMIT] if words else "plan")


def rests_on(
    task: TaskInfo, tasks: Mapping[str, TaskInfo], made: Mapping[str, Sequence[tuple[str, str]]], child: str
) -> tuple[tuple[str, str], ...]:
    """Return the commits (child, id) in other repos that a task rests on: those of each task before it.

    A task that made no commit stands for those that it comes after. `made`: the commits so far, by task.
    """
    found: dict[tuple[str, str], None] = {}
    seen: set[str] = set()
    waiting = list(task.after)
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in tasks:
            continue
        seen.add(name)
        if made.get(name):
            found |= dict.fromkeys(one for one in made[name] if one[0] != child)
        else:
            waiting += tasks[name].after
    return tuple(found)


def _needs(known: Mapping[str, TaskInfo], task: TaskInfo) -> Iterable[str]:
    """All tasks that a task comes after, directly or not."""
    found: dict[str, None] = {}
    waiting = list(task.after)
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found[name] = None
            waiting += known[name].after
    return found


def _closed(known: Mapping[str, TaskInfo], picked: Sequence[TaskInfo]) -> list[str]:
    """Of these tasks, those that are done, and that come only after such ones."""
    return [
        one.id
        for one in picked
        if one.state == "done" and all(known[need].state in _SETTLED for need in _needs(known, one))
    ]


def _ordered(picked: Sequence[TaskInfo]) -> tuple[TaskInfo, ...]:
    """Order tasks: each behind those it comes after, otherwise by when they were done, then as in the plan."""
    left = sorted(picked, key=lambda one: one.since or "")
    names = {one.id for one in left}
    found: dict[str, TaskInfo] = {}
    while left:
        free = (one for one in left if all(need in found or need not in names for need in one.after))
        following = next(free, left[0])  # a plan in force has no cycle; a retired task may still be in one
        left.remove(following)
        found[following.id] = following
    return tuple(found.values())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
