"""A run of many tasks, folded in memory: prints the megabytes of the world and the milliseconds of CPU time.

A program of its own, because another commit of orch runs it too, with modules of other names:

fold.py TASKS EVENTS    run that many tasks over 8 children, with that many events in all
"""

from __future__ import annotations

import ctypes
import gc
import json
import pickle
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.plan import Plan, Task
from supervisor.domain.world import World

CHILDREN = 8
START = datetime(2026, 1, 1, tzinfo=UTC)
REPORT = '{"outcome": "done", "summary": "Did what the task says, and looked at the result."}'


def _named(name: str, *modules: str) -> Any:
    """Find something in the first of these modules that has it, or return None: commits differ."""
    for module in modules:
        try:
            return getattr(import_module(f"supervisor.{module}"), name)
        except (ImportError, AttributeError):
            continue
    return None


advance = _named("advance", "core.engine.reconcile", "core.reconcile")
evolve = _named("evolve", "core.engine.evolve", "core.world")
TurnSeen = _named("TurnSeen", "domain.thread", "domain.child")
TurnStatus = _named("TurnStatus", "domain.thread", "domain.child")
LeftoverLook = _named("LeftoverLook", "domain.task", "domain.run")
ChangeList = _named("ChangeList", "domain.task", "domain.run")
ANSWERS: dict[str, Callable[[datetime, Any], Any]] = {  # by the name of the action: older commits lack some
    "LookForLeftovers": lambda at, it: ev.LeftoversLooked(at, it.child, it.task, it.turn, LeftoverLook(at)),
    "ListChanges": lambda at, it: ev.ChangesListed(at, it.child, it.task, (), ChangeList()),
    "RunChecks": lambda at, it: ev.ChecksFinished(at, it.child, it.task, 1, (), ("src/one.py", "src/two.py")),
}


def run(tasks: int, events: int) -> tuple[World, int]:
    """Return the world after all tasks are done, and how many events and intents led there."""
    served = tuple(Child(f"c{number}", f"/c{number}") for number in range(CHILDREN))
    parts = tuple(
        Task(
            f"T{number}",
            f"Do part {number}",
            served[number % CHILDREN].name,
            instructions=f"Do part {number} well. " * 5,
        )
        for number in range(tasks)
    )
    plan = Plan(title="Long", hold=False, objective="Do it all.", success="", contracts=(), tasks=parts)
    inbox: list[Any] = [
        ev.SupervisorStarted(START, 1, "0", served, (), (2.0,)),
        ev.UpRequested(START, tuple(one.name for one in served)),
        *(ev.ServerReady(START, one.name, 7, "/s", "0.169.0", False) for one in served),
        ev.MapDrawn(START, "map", (), ()),
        ev.PlanAccepted(START, 1, "digest", "first", plan),
    ]
    world, count, at = World(), 0, START
    each = max(1, events // tasks - 4)  # a task has four more: the start and its turn's begin, end and settling
    while inbox:
        step = advance(world, inbox.pop(0))
        world, count = step.world, count + len(step.events)
        for action in step.actions:
            match action:
                case act.OpenThread():
                    inbox.append(ev.ThreadOpened(at, action.child, 7, f"thread {action.child}", None, False, ()))
                case act.StartTurn():
                    at += timedelta(seconds=1)
                    turn = f"turn {action.task}"
                    where = (at, action.child, action.thread)
                    world = evolve(world, ev.TurnBegan(*where, turn, action.message))
                    for number in range(each):  # nothing is decided about these, so that older code gets there, too
                        world = evolve(world, ev.TokensSpent(*where, turn, 1000 + number, 100))
                    count += each + 1
                    seen = TurnSeen(turn, TurnStatus.COMPLETED, (action.message,), REPORT)
                    inbox.append(ev.TurnEnded(*where, seen))
                case _ if (answer := ANSWERS.get(type(action).__name__)) is not None:
                    inbox.append(answer(at, action))
    return world, count


def _resident() -> float:
    """Megabytes of this process that are in memory, after what is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def main() -> None:
    tasks, events = map(int, sys.argv[1:])
    run(2, 20)  # loads what is loaded late
    before, began = _resident(), time.process_time()
    world, count = run(tasks, events)
    spent = (time.process_time() - began) * 1000
    grown = _resident() - before
    kept = pickle.dumps(world)
    del world
    tracemalloc.start()
    again = pickle.loads(kept)
    size = tracemalloc.get_traced_memory()[0] / 2**20
    states = getattr(again, "tasks", None) or again.works  # type: ignore[attr-defined]
    done = sum(one.phase.value == "done" for one in states.values())
    texts = sum(sys.getsizeof(one) for one in _texts(again)) / 2**20
    found = {"done": done, "events": count, "resident": grown, "objects": size, "texts": texts, "ms": spent}
    print(json.dumps(found))


def _texts(whole: object) -> list[str]:
    """All strings of a world, each object once."""
    seen: dict[int, object] = {}
    todo = [whole]
    while todo:
        one = todo.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            fields = getattr(type(one), "__struct_fields__", ())  # the collector does not know those of all Structs
            found = [getattr(one, name) for name in fields] if fields else gc.get_referents(one)
            todo += found if not isinstance(one, type) else ()
    return [one for one in seen.values() if isinstance(one, str)]


if __name__ == "__main__":
    main()
