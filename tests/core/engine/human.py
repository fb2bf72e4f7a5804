"""The human of a story: edits plan.md at any moment, answers asks (some twice), uses the command line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from supervisor.core.engine.foresee import surprise
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Budget, Contract, Plan, Problem, Task
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from tests.core.engine.executors import Executors

CHILDREN = (Child("backend", "/repos/backend"), Child("mobile", "/repos/mobile"))
ORCHESTRATOR_CHILD = Child(ORCHESTRATOR, "/ws", sandbox="read-only")
PLAN = Plan(
    title="Device onboarding",
    hold=False,
    objective="It pairs.",
    success="",
    contracts=(Contract("C1", "Registration", ("backend", "mobile"), "Answer 202.", 3),),
    tasks=(
        Task("T1", "Answer", "backend", contracts=("C1",), verify=("make test",), instructions="Answer 202.", line=9),
        Task("T2", "Poll", "mobile", after=("T1",), contracts=("C1",), instructions="Poll.", timeout=5, line=15),
        Task("T3", "Log", "backend", thread="fresh", instructions="Log it.", line=20),
        Task("H1", "Pair", HUMAN, after=("T2",), instructions="Press it.", expect="A green light.", line=25),
        Task("T4", "Blink", "mobile", verify=("npm test",), instructions="Blink.", line=30),
    ),
)


class Human(Executors):
    """`file` is the content of plan.md: a plan, something broken, or nothing."""

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__(numbers, [child.name for child in (*CHILDREN, ORCHESTRATOR_CHILD)])
        self.world: World | None = None
        self.config: tuple[Child, ...] = CHILDREN
        self.file: Plan | str | None = PLAN
        self.saved = 1
        self.author = HUMAN
        self.dirty = False

    def look(self) -> None:
        """Let the watcher read plan.md."""
        self.dirty = False
        world = self.world
        assert world is not None
        known = {HUMAN, *(child.name for child in self.config)}
        if self.file is None:
            self.post(ev.PlanMissing(self.now, "there is no plan.md"))
        elif isinstance(self.file, str) or {task.child for task in self.file.tasks} - known:
            self.post(ev.PlanRejected(self.now, str(self.saved), (Problem(1, "no child `x`"),), self.author))
        else:
            same = world.plan.digest == str(self.saved)
            revision = world.plan.revision if same else world.plan.revision + 1
            event = ev.PlanAccepted(self.now, revision, str(self.saved), "an edit", self.file, self.author)
            postponed = world.plan.postponed
            known = postponed.why if postponed is not None and postponed.digest == event.digest else None
            why = None if same or world.config.surprise is None else known or surprise(world, event)
            if why is None:
                self.post(event)
            elif known is None:
                self.post(ev.PlanPostponed(self.now, event.digest, "an edit", self.file, why, self.author))

    def go_ahead(self) -> None:
        """`orch go`: what waits for it comes into force."""
        world = self.world
        assert world is not None
        postponed = world.plan.postponed
        if postponed is not None and postponed.digest == str(self.saved) and isinstance(self.file, Plan):
            revision = world.plan.revision + 1
            self.post(ev.PlanAccepted(self.now, revision, postponed.digest, "an edit", self.file, postponed.author))
        self.post(ev.HoldLifted(self.now))

    def save(self, plan: Plan | str | None) -> None:
        self.saved += 1
        self.author = HUMAN
        self.file = plan
        self.dirty = True

    def edit(self) -> None:
        """Edit plan.md."""
        last = self.file if isinstance(self.file, Plan) else PLAN
        number, what = self.dice.roll(len(PLAN.tasks)), self.dice.roll(14)
        task = last.task(PLAN.tasks[number].id)
        changed: Task | None = None
        match what:
            case 0 if task is not None:
                changed = replace(task, instructions=f"{task.instructions} {self.next()}")
            case 1:
                contract = replace(last.contracts[0], text=f"Answer 202. {self.next()}")
                self.save(replace(last, contracts=(contract,)))
                return
            case 2 if task is not None:
                rest = tuple(one for one in last.tasks if one is not task)
                self.save(replace(last, tasks=tuple(_without(one, task.id) for one in rest)))
                return
            case 3 if task is not None:
                order = ("backend", "mobile", HUMAN)
                changed = replace(task, child=order[(order.index(task.child) + 1 + self.dice.roll(2)) % 3])
            case 4 if task is not None:
                changed = replace(task, hold=not task.hold)
            case 5:
                self.save(replace(last, hold=not last.hold))
                return
            case 6:
                self.save("broken")
                return
            case 7:
                self.save(None)
                return
            case 8 if task is not None:
                changed = replace(task, verify=() if task.verify else ("make check",))
            case 9 if task is not None:
                changed = replace(task, thread="shared" if task.thread == "fresh" else "fresh")
            case 13 if task is not None:
                changed = replace(task, isolation="none" if task.isolation else "worktree")
            case 10 if task is not None:
                changed = replace(task, timeout=None if task.timeout else 1 + self.dice.roll(3))
            case 11 if task is not None:
                changed = replace(task, budget=None if task.budget else Budget(tokens=10 + self.dice.roll(60)))
            case 12:
                minutes = None if self.dice.rarely(3) else 1.0 + self.dice.roll(20)
                self.save(replace(last, budget=None if last.budget else Budget(30 + self.dice.roll(90), minutes)))
                return
        if changed is None:  # the task is not in the plan: add it (again)
            self.save(replace(last, tasks=(*last.tasks, replace(PLAN.tasks[number], after=()))))
            return
        self.save(replace(last, tasks=tuple(changed if one is task else one for one in last.tasks)))

    def answer(self) -> None:
        """Answer one of the asks, perhaps too late. Answers that the command line refuses do not arrive."""
        assert self.world is not None
        asks = self.world.open_asks
        ask = asks[self.dice.roll(len(asks))]
        decision = ("accept", "decline", "text")[self.dice.roll(2 if ask.choices else 3)]
        self.post(ev.AskAnswered(self.now, ask.id, Answer(decision, "Use B." if decision == "text" else "")))
        if self.dice.rarely(4):
            self.post(ev.AskAnswered(self.now, ask.id, Answer("decline", "")))

    def command(self) -> None:
        """Use the command line."""
        assert self.world is not None
        what = self.dice.roll(8)
        stuck = [one.task for one in self.world.all_tasks if one.phase in (Phase.BLOCKED, Phase.FAILED)]
        match what:
            case 0:
                self.go_ahead()
            case 1:
                self.post(ev.HoldSet(self.now))
            case 2 | 3 if stuck:
                self.post(ev.RetryRequested(self.now, stuck[self.dice.roll(len(stuck))]))
            case 4:
                self.post(ev.RestartRequested(self.now, tuple(self.repos)[self.dice.roll(2)]))
            case 5:
                self.post(ev.UpRequested(self.now, tuple(self.repos)[: 1 + self.dice.roll(2)]))
            case 6 | 7 if self.world.orchestrator.state is None or not self.world.orchestrator.state.phase.live:
                self.post(ev.PlanningRequested(self.now, f"Problem {self.next()}", review=self.dice.rarely(4)))


def _without(task: Task, gone: str) -> Task:
    return replace(task, after=tuple(one for one in task.after if one != gone))
