"""Draw a plan, and any states of its tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from msgspec.structs import replace

from supervisor.core.engine.prompts import brief_of
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Plan, Task
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import (
    Brief,
    Briefing,
    Due,
    Leftovers,
    Phase,
    RunResult,
    Steer,
    TaskState,
    Tree,
    Turn,
    Usage,
)
from supervisor.domain.thread import Tokens
from supervisor.domain.world import PlanState, World

AT = datetime(2026, 1, 1, tzinfo=UTC)
CHILDREN = ("c0", "c1", "c2", HUMAN)


def plan_of(dice: Random, size: int) -> Plan:
    tasks = tuple(
        Task(
            f"T{number}",
            f"Do {number}",
            dice.choice(CHILDREN),
            after=tuple(f"T{dice.randrange(number)}" for _ in range(dice.randrange(4))) if number else (),
            hold=dice.random() < 0.1,
            thread=dice.choice(("shared", "fresh")),
        )
        for number in range(size)
    )
    return Plan("Grow", hold=False, objective="", success="", contracts=(), tasks=tasks)


def state_of(dice: Random, plan: Plan, state: TaskState) -> TaskState:
    """Return any state of this task, whether or not the rules could lead to it."""
    task, child = plan.task(state.task), dice.choice((state.child, *CHILDREN))
    known = brief_of(task, plan) if task is not None and dice.random() < 0.8 else Brief("other", "")
    return replace(
        state,
        phase=dice.choice((*Phase, Phase.DONE, Phase.DONE, Phase.IDLE)),
        child=child,
        runs=dice.randrange(3),
        new_run=dice.random() < 0.5,
        thread=dice.choice((None, (child, None), (child, state.task))),
        turn=dice.choice((None, None, Turn(f"turn {state.task}", AT, AT, spent=Tokens(7, 1)))),
        leftovers=dice.choice((None, Leftovers(AT, AT))),
        steer=dice.choice((None, None, None, Steer("m", known))),
        brief=Briefing(dice.choice((None, known, known, known))),
        due=dice.choice((None, *Due)),
        not_before=dice.choice((None, AT + timedelta(seconds=5))),
        checking=dice.random() < 0.5,
        usage=dice.choice((Usage(), Usage(Tokens(dice.randrange(99), 1), dice.random()))),
        result=dice.choice((RunResult(), RunResult(base=Tree(None, None, ())))),
    )


def world_of(plan: Plan) -> World:
    """A world in which the plan has just come into force, and all servers are ready."""
    return World(
        plan=PlanState(plan, missing=None),
        tasks={one.id: TaskState(one.id, one.title, one.child) for one in plan.tasks},
        servers={name: Server(Child(name, f"/{name}"), state=ServerState.READY) for name in CHILDREN[:3]},
    )
