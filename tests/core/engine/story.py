"""A story: a supervisor that may die at any moment, and everything that may happen to it, in small steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.reconcile import advance, decide, wakeup
from supervisor.core.view.sheet import Sheet, sheet_of
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskState, RequestKey
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Plan
from supervisor.domain.server import ServerState
from supervisor.domain.task import Due, Phase, TaskState, TaskStatus
from supervisor.domain.world import World
from supervisor.wire.plain import dumped
from tests.core.engine.human import CHILDREN, ORCHESTRATOR_CHILD, PLAN, Human
from tests.core.engine.peers import NOBODY, START, Repo, Rollout, Turn
from tests.core.engine.slowly import lawful

STATES = {str(state) for state in ServerState}
TASK_STATES = {str(state) for state in TaskStatus}
PLAN_STATES = {"in_force", "held", "rejected", "waiting", "missing"}
MISHAPS = (
    "command",
    "down",
    "die",
    "torn",
    "kill",
    "hang",
    "foreign",
    "elsewhere",
    "vanish",
    "cut",
    "drain",
    "silence",
    "outage",
)

Move = tuple[int, Callable[[], object]]  # how likely, and what happens


def state_of(world: World, task: str) -> TaskState:
    return next(state for state in world.all_tasks if state.task == task)


class Story(Human):
    """Checks the laws that hold at every moment: see `advance` and `_lawful`."""

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__(numbers)
        self.decided = START
        self.ledger: list[ev.Event] = []
        self.steps = 0
        self.intended: set[str] = set()
        self.answers: dict[str, int] = {}
        self.received: dict[RequestKey, int] = {}
        self.stopping_since_down = False
        self.log: list[str] = []
        self.sheet: Sheet | None = None  # the last one, of whatever world
        self.luck = (40, 12, 5)[self.dice.roll(3)]  # of how many moments one is bad
        spared = self.dice.roll(1 << len(MISHAPS))
        self.spared = {kind for bit, kind in enumerate(MISHAPS) if spared >> bit & 1}
        self.limit = 0.4 if "outage" in self.spared else None  # the share of running tasks that an edit may stop
        self.boot()

    # ── the supervisor ───────────────────────────────────────────────────────────────────────────

    def boot(self) -> None:
        """`orch up`: a new supervisor folds the ledger and takes over."""
        world = World()
        for event in self.ledger:
            world = evolve(world, event)
        self.world = world
        last = self.ledger[-1].at if self.ledger else None
        self.stopping_since_down = False
        alive = tuple(name for name, repo in self.repos.items() if repo.process is not None)
        self.config = CHILDREN[:1] if self.dice.rarely(12) else CHILDREN
        self.post(
            ev.SupervisorStarted(
                self.now,
                self.next(),
                "1",
                (*self.config, ORCHESTRATOR_CHILD),
                alive,
                (1.0, 2.0),
                last=last,
                surprise=self.limit,
            )
        )
        self.post(ev.UpRequested(self.now, tuple(child.name for child in self.config)))
        self.look()

    def die(self, *, recorded: int = 0) -> None:
        """Kill the supervisor with kill -9. `recorded` events of its last batch are in the ledger, and no actions."""
        while recorded > 0 and self.world is not None:
            step = advance(self.world, self.inbox.popleft() if self.inbox else ev.Ticked(self.now))
            self.world = self._record(self.world, step.events[:recorded])
            recorded -= max(len(step.events), 1)
        self.world = None
        for repo in self.repos.values():
            if repo.link is not None:
                self.cut(repo.link)
            if repo.reading is not None:
                self.cut(repo.reading)
            repo.drop()
        self.inbox.clear()

    def take(self) -> None:
        """Let the loop take one event from its inbox."""
        self.advance(self.inbox.popleft())

    def advance(self, event: ev.Event) -> None:
        before = self.world
        assert before is not None
        lawful(evolve(before, event), event.at)
        step = advance(before, event)
        self.log.append(f"{self.now:%H:%M:%S.%f} {event}")
        self.log += [f"        -> {action}" for action in step.actions]
        assert self._record(before, step.events) == step.world, "the fold of the recorded events is not the world"
        intents = tuple(one.action for one in step.events if isinstance(one, ev.Intended))
        assert intents == step.actions, "an action without a recorded intent before it"
        again = decide(step.world, event.at)
        assert again == (), f"deciding twice gives {again}"
        self.world, self.decided = step.world, event.at
        for action in step.actions:
            self.carry_out(action)
        self._show()
        if self.world.supervisor.exiting:
            self._exited()

    def _record(self, world: World, events: Iterable[ev.Event]) -> World:
        """Record events. Recorded events have happened, whether or not anybody acts on them."""
        for event in events:
            match event:
                case ev.Intended():
                    self._lawful(world, event.action)
                case ev.DownRequested() | ev.UpRequested():
                    self.stopping_since_down = isinstance(event, ev.DownRequested)
                case ev.RequestReceived():
                    self.received[event.request.key] = self.received.get(event.request.key, 0) + 1
                case ev.RetryRequested():
                    self.retried.add(event.task)
            self.ledger.append(event)
            world = evolve(world, event)
            if isinstance(event, ev.TurnRefused) and state_of(world, event.task).phase is Phase.FAILED:
                self.delivered[event.task] = NOBODY  # it counts as delivered; the child may know better
            if isinstance(event, ev.AskAnswered):
                answered = [one for one in world.all_tasks if one.phase is Phase.IDLE and one.due is Due.ANSWER]
                self.owed |= {one.task: one.due_text for one in answered}
        return world

    def _users(self, world: World, child: str) -> list[str]:
        """The tasks that use the child's own work tree."""
        return [
            one.task
            for one in world.tasks.values()
            if (
                one.child == child
                and one.phase.live
                and not one.apart
                and (one.phase is not Phase.CHECKING or one.checking)
            )
            or (one.own_tree is not None and one.own_tree.child == child and one.own_tree.busy)
        ]

    def _lawful(self, world: World, action: act.Action) -> None:
        """Assert what must be true of an action in the world in which it is decided."""
        if isinstance(action, act.StartTurn | act.SteerTurn):
            assert action.message not in self.intended, f"{action.message} is used twice"
            self.intended.add(action.message)
        if isinstance(action, act.RunChecks):
            thread = world.threads.get(key) if (key := state_of(world, action.task).thread) is not None else None
            rollout = self.repos[action.child].rollouts.get(thread.id or "") if thread is not None else None
            assert rollout is None or not rollout.left, f"{action.task} is verified while its commands run"
        if isinstance(action, act.StartTurn):
            assert not self.stopping_since_down, "a turn starts after `orch down`"
            state = state_of(world, action.task)
            task = world.plan.task(action.task)
            assert task is None or budgets.blocking_budget(world, task, self.now) is None, (
                f"{task.id} has spent its budget"
            )
            assert outages.pause(world, world.thread_by_id(action.thread), self.now) is None, "it starts in an outage"
            others = [] if action.path else self._users(world, action.child)
            assert set(others) <= {state.task}, f"{action.task} starts in {action.child} beside {others}"
            if state.phase is Phase.DONE and state is not world.orchestrator.state:
                known = self.delivered.get(state.task, ("", "", ""))[1:]
                assert known != (action.child, action.brief.key), f"{state.task} is done, and starts again"
        if isinstance(action, act.MakeTree | act.MergeTree):
            users = self._users(world, action.child)
            assert set(users) <= {action.task}, f"{type(action).__name__} of {action.task} beside {users}"
        if isinstance(action, act.RaiseAsk) and action.brief is not None and action.task is not None:
            self.delivered[action.task] = ("", HUMAN, action.brief.key)
        if isinstance(action, act.SendAnswer):
            self.answers[action.ask] = self.answers.get(action.ask, 0) + 1
            assert self.answers[action.ask] <= self.received[action.key], f"{action.ask} is answered again and again"
            assert world.asks[action.ask].state is AskState.ANSWERED

    def _show(self) -> None:
        assert self.world is not None
        if self.steps % 4 and self.dice.left:
            return
        self.sheet, scratch = sheet_of(self.world, self.now, self.sheet), sheet_of(self.world, self.now)
        for text in ("infos", "rows", "entries"):
            assert getattr(self.sheet, text) == getattr(scratch, text), f"{text} are not those from scratch"
        shown = json.loads(dumped(status(self.world, self.now, "/ws", self.sheet)))
        assert {child["state"] for child in shown["children"]} <= STATES
        assert {task["state"] for task in shown["tasks"]} <= TASK_STATES
        assert shown["plan"]["state"] in PLAN_STATES
        for ask in self.world.open_asks:
            if ask.request is not None:
                assert ask.request in self.world.requests, f"{ask.id} is open, and nobody waits for it"

    def _exited(self) -> None:
        for name, repo in self.repos.items():
            assert repo.process is None or repo.would_not_die, f"the server of {name} is left behind"
        self.world = None
        self.inbox.clear()
        for repo in self.repos.values():
            repo.drop()

    def surveyed(self) -> tuple[str, ...]:
        return tuple(child.name for child in self.config)

    def carry_out(self, action: act.Action) -> None:
        nobodys = act.Exit | act.RaiseAsk | act.WithdrawAsk | act.Notify | act.SurveyRepos
        if not isinstance(action, nobodys | act.StopServer):
            assert action.child in [child.name for child in (*self.config, ORCHESTRATOR_CHILD)], (
                f"nobody can do {action}"
            )
        super().carry_out(action)

    def state(self, repo: Repo, rollout: Rollout, turn: Turn) -> None:
        """The orchestrator may write plan.md before its turn ends. It does if there is none and nothing goes wrong."""
        world = self.world
        if turn.task == ORCHESTRATOR:
            what = self.dice.roll(4)
            missing = world is None or not session.planned(world)
            if what == 0 and missing and not self.dice.left:
                last = self.file if isinstance(self.file, Plan) else PLAN
                known = {HUMAN, *(child.name for child in self.config)}
                tasks = tuple(replace(task, after=()) for task in last.tasks if task.child in known)
                self.save(replace(last, success=f"attempt {self.next()}", tasks=tasks))
                self.author = ORCHESTRATOR
            elif what > 1:
                self.edit()
                self.author = ORCHESTRATOR
        super().state(repo, rollout, turn)

    def tick(self) -> None:
        """Advance the time to the next moment that something waits for."""
        assert self.world is not None
        moment = wakeup(self.world, self.decided)
        assert moment is not None
        assert moment > self.decided, "it wakes up for a moment that is over"
        self.now = max(moment, self.now)
        self.advance(ev.Ticked(self.now))

    # ── what may happen next ─────────────────────────────────────────────────────────────────────

    def due(self) -> list[Move]:
        """List what happens by itself, and how likely each is to be next."""
        moves: list[Move] = []
        if self.world is not None and self.inbox:
            moves.append((14, self.take))
        for repo in self.repos.values():
            moves += self._due_at(repo)
        if self.world is not None and self.dirty:
            moves.append((4, self.look))
        return moves

    def _due_at(self, repo: Repo) -> list[Move]:
        moves: list[Move] = []
        process, link = repo.process, repo.link
        if self.can_execute(repo):
            moves.append((6, partial(self.execute, repo)))
        for notifications in dict.fromkeys((repo.reading, link)):
            if notifications is None or notifications.broken:
                continue
            if notifications.ingress and not notifications.process.hung:
                moves.append((6, partial(self.serve, notifications)))
            if notifications.wire:
                moves.append((8, partial(self.read, notifications, repo)))
        if link is not None and link.broken:
            moves.append((4, partial(self.notice_exit, repo)))
        elif link is not None and (link.process.hung or link.misses):
            moves.append((4, partial(self.probe, repo)))
        waits = repo.waits.link if repo.waits is not None else None
        if waits is not None and waits.process.hung and not waits.broken:
            moves.append((1, partial(self.cut, waits)))  # it did not answer in time
        moves += [(3, partial(self.tree, repo))] if repo.trees else []
        moves += [(3, partial(self.check, repo, one)) for one in range(len(repo.checks)) if self.check_can(repo, one)]
        if process is not None and not process.hung:
            waiting = {request.turn for request in process.asked.values()}
            moves += [
                (3, partial(self.state, repo, where, turn))
                for where, turn in repo.turns
                if turn.id not in waiting and not turn.silent
            ]
        return moves

    def mishaps(self, *, down: bool) -> list[Move]:
        """List what humans and bad luck add. Each story leaves out some kinds, so that the others happen more often."""
        world = self.world
        moves: list[tuple[str, int, Callable[[], object]]] = [("edit", 5, self.edit)]
        if world is None:
            if down:
                return []
            moves = [("", 4, self.boot), ("edit", 1, self.edit)]
        elif not down:
            moves += [
                ("command", 3, self.command),
                ("down", 1, self._down),
                ("die", 1, self.die),
                ("torn", 1, self._die_amid_a_step),
            ]
        if world is not None:
            moves.append(("outage", 1, partial(setattr, self, "out", not self.out)))
        if world is not None and world.open_asks:
            moves.append(("answer", 6, self.answer))
        for repo in self.repos.values():
            process, link = repo.process, repo.link
            if process is not None:
                moves.append(("kill", 1, partial(self.kill, repo)))
                moves.append(("hang", 1, partial(setattr, process, "hung", not process.hung)))
                moves += [("silence", 2, partial(setattr, turn, "silent", True)) for _, turn in repo.turns if turn.task]
                moves.append(("drain", 1, partial(setattr, process, "refuses", 9)))
                idle = [one for one in sorted(process.loaded & set(repo.rollouts)) if repo.rollouts[one].active is None]
                moves += [("foreign", 1, partial(self.foreign, repo, thread)) for thread in idle]
                moves += [("elsewhere", 1, partial(self.resolve, repo, key)) for key in list(process.asked)[:1]]
            else:
                moves += [("vanish", 1, partial(repo.rollouts.pop, thread)) for thread in list(repo.rollouts)[:1]]
            if link is not None and not link.broken:
                moves.append(("cut", 2, partial(self.cut, link)))
        return [(weight, move) for kind, weight, move in moves if kind not in self.spared]

    def _down(self) -> None:
        self.post(ev.DownRequested(self.now, now=self.dice.rarely(2)))

    def _die_amid_a_step(self) -> None:
        self.die(recorded=1 + self.dice.roll(8))

    def go(self, *, down: bool = False) -> None:
        """Let one thing happen."""
        self.steps += 1
        self.now += timedelta(milliseconds=20)
        moves, mishaps = self.due(), self.mishaps(down=down)
        if self.world is not None and not self.inbox and wakeup(self.world, self.decided) is not None:
            moves.append((2, self.tick))
        if mishaps and (self.dice.rarely(self.luck) or not moves):
            moves = mishaps
        if not moves:
            return
        number = self.dice.roll(sum(weight for weight, _ in moves))
        for weight, move in moves:
            if number < weight:
                move()
                return
            number -= weight

    def run(self, *, down: bool = False) -> None:
        """Go on until the numbers are used up."""
        while self.dice.left and (self.world is not None or not down):
            self.go(down=down)

    def settle(self, limit: int = 4000) -> None:
        """Go on without bad luck, and answer every ask, until nothing happens any more."""
        for number in range(limit):
            self.steps += 1
            self.now += timedelta(milliseconds=20)
            world = self.world
            if moves := self.due():
                moves[number % len(moves)][1]()
            elif world is None:
                return
            elif wakeup(world, self.decided) is not None:
                self.tick()
            elif world.open_asks:
                for ask in world.open_asks:
                    if ask.request is not None:
                        process = self.repos[ask.request.child].process
                        assert process is not None
                        assert ask.request in process.asked, f"{ask.id} is open, and its server does not wait"
                self.answer()
            else:
                return
        raise AssertionError(f"after {limit} steps it still does not settle")
