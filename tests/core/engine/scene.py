"""A world that receives one event after the other, a second apart, with two children that can become ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from supervisor.core.engine.reconcile import Step, advance, wakeup
from supervisor.core.engine.state import task_status
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer, AskKind, Request, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.link import Link
from supervisor.domain.plan import HUMAN, Contract, Plan, Task
from supervisor.domain.report import Check
from supervisor.domain.status import ChildInfo
from supervisor.domain.task import ChangeList, LeftoverLook, TaskState, Tree
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.domain.world import World

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BACKEND, MOBILE = Child("backend", "/repos/backend"), Child("mobile", "/repos/mobile", model="small")
T1 = Task("T1", "Answer", "backend", contracts=("C1",), verify=("make test",), instructions="Answer 202.")
T2 = Task("T2", "Log", "backend", instructions="Log it.")
H1 = Task("H1", "Pair", HUMAN, instructions="Press it.", expect="A green light.")
CHANGED = replace(T1, instructions="Answer 202 with a Location.")
C1 = Contract("C1", "Registration", ("backend", "mobile"), "Answer 202.", 3)
PIDS = {"backend": 11, "mobile": 22}
TREE = Tree("abc", "main", ())
BUSY = Failure("serverOverloaded", 503, "busy")
BROKEN = Failure("internalServerError", 500, "oops")


def plan_of(*tasks: Task, **changes: Any) -> Plan:
    return replace(Plan("A plan", False, "It pairs.", "", (C1,), tasks), **changes)


def report(outcome: str = "done", **rest: Any) -> str:
    return json.dumps({"outcome": outcome, "summary": f"it is {outcome}", **rest})


class Scene:
    """A world at a moment. `post` adds one event and returns the actions that it leads to."""

    def __init__(self, *tasks: Task, up: bool = True) -> None:
        self.world = World()
        self.now = NOON
        self.draws = True  # maps, as soon as they are requested
        self.leaves = False  # something running when a turn ends: then the test answers the look at it
        self.links: tuple[Link, ...] = ()
        self.step: Step
        self.start()
        if tasks:
            self.plan(*tasks)
        if up:
            self.ready("backend")
            self.ready("mobile")

    def post(self, kind: Callable[..., ev.Event], *args: Any, after: float = 1.0, **fields: Any) -> tuple[Action, ...]:
        """Post an event `after` so many seconds."""
        self.now += timedelta(seconds=after)
        self.step = advance(self.world, kind(self.now, *args, **fields))
        self.world = self.step.world
        actions = self.step.actions
        for look in [one for one in actions if isinstance(one, act.LookForLeftovers) and not self.leaves]:
            actions = (*(one for one in actions if one is not look), *self.nothing_left(look))
        if not any(isinstance(action, act.SurveyRepos) for action in actions):
            return actions
        others = tuple(action for action in actions if not isinstance(action, act.SurveyRepos))
        return (*others, *self.drawn()) if self.draws else actions

    def nothing_left(self, look: act.LookForLeftovers) -> tuple[Action, ...]:
        """Post that nothing outlived the turn."""
        where = (look.child, look.task, look.turn)
        return self.post(ev.LeftoversLooked, *where, LeftoverLook(self.now), after=0.0)

    def drawn(self) -> tuple[Action, ...]:
        """Post that the map is up to date, with the links in `links`."""
        return self.post(ev.MapDrawn, f"map {self.world.map.digest}+", self.links, after=0.0)

    # ── the usual events ─────────────────────────────────────────────────────────────────────────

    def start(self, *children: Child, running: tuple[str, ...] = ()) -> tuple[Action, ...]:
        children = children or (BACKEND, MOBILE)
        actions = self.post(ev.SupervisorStarted, 1, "1.0", children, running, (2.0, 4.0))
        return (*actions, *self.post(ev.UpRequested, tuple(child.name for child in children)))

    def plan(self, *tasks: Task, **changes: Any) -> tuple[Action, ...]:
        revision = self.world.plan.revision + 1
        return self.post(ev.PlanAccepted, revision, f"digest {revision}", "an edit", plan_of(*tasks, **changes))

    def ready(
        self, child: str, pid: int | None = None, *, adopted: bool = False, after: float = 1.0
    ) -> tuple[Action, ...]:
        return self.post(ev.ServerReady, child, pid or PIDS[child], "/run/s", "0.169.0", adopted, after=after)

    def exited(self, child: str, after: float = 1.0) -> tuple[Action, ...]:
        pid = self.world.servers[child].pid
        return self.post(ev.ServerExited, child, pid, "it ended with code 9", "boom", after=after)

    def opened(
        self, child: str, *turns: TurnSeen, thread: str = "", task: str | None = None, waiting: bool = False
    ) -> tuple[Action, ...]:
        known = self.world.threads[child, task].id
        name = thread or known or f"{child}-thread" + (f"-{task}" if task else "")
        return self.post(ev.ThreadOpened, child, self.world.servers[child].pid, name, task, waiting, turns)

    def began(self, task: str, turn: str) -> tuple[Action, ...]:
        state = self.state(task)
        assert state.thread is not None
        message = state.delivery.message if state.delivery is not None else None
        return self.post(ev.TurnBegan, state.child, self.world.threads[state.thread].id, turn, message)

    def ended(
        self, task: str, status: TurnStatus = TurnStatus.COMPLETED, text: str = "", failure: Failure | None = None
    ) -> tuple[Action, ...]:
        state = self.state(task)
        assert state.thread is not None
        assert state.turn is not None
        seen = TurnSeen(state.turn.id, status, (), text or report(), failure, 10, 2)
        return self.post(ev.TurnEnded, state.child, self.world.threads[state.thread].id, seen)

    def checked(self, task: str, exit_code: int = 0) -> tuple[Action, ...]:
        state, planned = self.state(task), self.world.plan.current and self.world.plan.task(task)
        checks = tuple(Check(command, exit_code, "the tail") for command in (planned.verify if planned else ()))
        return self.post(ev.ChecksFinished, state.child, task, state.runs, checks, ("a.py",), ChangeList(("a.py",)))

    def asked(self, task: str, request: str = "0") -> tuple[Action, ...]:
        """Post that the task's turn asks for an approval."""
        return self.post(ev.RequestReceived, self.request(task, request))

    def answer(self, ask: str, decision: str, text: str = "") -> tuple[Action, ...]:
        return self.post(ev.AskAnswered, ask, Answer(decision, text))

    def tick(self) -> tuple[Action, ...]:
        """Advance the time to the next moment that something waits for."""
        moment = wakeup(self.world, self.now)
        assert moment is not None
        return self.post(ev.Ticked, after=(moment - self.now).total_seconds())

    # ── further than one event ───────────────────────────────────────────────────────────────────

    def running(self, task: str, turn: str = "turn-1") -> Scene:
        """Go on until a turn of the task runs."""
        state = self.state(task)
        child = state.child
        thread = self.world.threads.get((child, None))
        if thread is None or not thread.open:
            self.opened(child)
        self.post(ev.TreeRead, child, task, self.state(task).runs, TREE)
        self.began(task, turn)
        return self

    def done(self, task: str, turn: str = "turn-1") -> Scene:
        """Go on until the task is done."""
        self.running(task, turn)
        self.ended(task)
        self.checked(task)
        return self

    def request(self, task: str, request: str = "0") -> Request:
        state = self.state(task)
        assert state.thread is not None
        thread, pid = self.world.threads[state.thread].id, self.world.servers[state.child].pid
        assert thread is not None
        assert pid is not None
        key = RequestKey(state.child, pid, request)
        choices = ("accept", "decline")
        return Request(key, "item/x", thread, state.turn_id, AskKind.APPROVAL, "May it?", "`rm x`", choices)

    # ── what is seen of it ───────────────────────────────────────────────────────────────────────

    def state(self, task: str) -> TaskState:
        return self.world.tasks[task]

    def status_of(self, child: str) -> ChildInfo:
        """What `orch status` shows of a child."""
        return next(one for one in status(self.world, self.now, "/ws").children if one.name == child)

    def status(self, task: str) -> str:
        return str(task_status(self.world, self.state(task), self.now)[0])

    def why(self, task: str) -> str:
        return task_status(self.world, self.state(task), self.now)[1]


def kinds(actions: tuple[Action, ...]) -> list[type[Action]]:
    return [type(action) for action in actions]


def only(actions: tuple[Action, ...], kind: type[act.StartTurn] = act.StartTurn) -> act.StartTurn:
    """The only action of this kind. Fails unless there is exactly one."""
    found = [action for action in actions if isinstance(action, kind)]
    assert len(found) == 1, actions
    return found[0]


# ── what an edit may do to T1 ────────────────────────────────────────────────────────────────────

Edit = Callable[[Scene], tuple[Action, ...]]


def brief_changed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(CHANGED)


def child_changed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(replace(T1, child="mobile"))


def held(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(replace(T1, hold=True))


def removed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(T2)


def asking() -> Scene:
    """T1 has ended with a question, which is open."""
    scene = Scene(T1).running("T1")
    scene.ended("T1", text=report("needs_human", ask={"question": "Which?", "steps": "Look.", "expected": "A name."}))
    scene.checked("T1")
    return scene
