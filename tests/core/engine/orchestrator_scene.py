"""A scene with an orchestrator."""

from __future__ import annotations

from typing import Any

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.task import TaskState
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import BACKEND, MOBILE, T1, Scene, plan_of

ORCHESTRATOR_CHILD = Child(ORCHESTRATOR, "/ws", model="big", sandbox="read-only")


class OrchestratorScene(Scene):
    """A scene with an orchestrator."""

    def start(self, *children: Child, running: tuple[str, ...] = ()) -> tuple[Action, ...]:
        actions = self.post(
            ev.SupervisorStarted, 1, "1.0", children or (BACKEND, MOBILE, ORCHESTRATOR_CHILD), running, (2.0, 4.0)
        )
        return (*actions, *self.post(ev.UpRequested, (BACKEND.name, MOBILE.name)))

    @property
    def own(self) -> TaskState:
        assert self.world.orchestrator.state is not None
        return self.world.orchestrator.state

    def ask(self, problem: str = "It times out.", **fields: Any) -> tuple[Action, ...]:
        return self.post(ev.PlanningRequested, problem, **fields)

    def begins(self, turn: str) -> tuple[Action, ...]:
        return self.post(
            ev.TurnBegan, ORCHESTRATOR, "own-thread", turn, self.own.delivery.message if self.own.delivery else None
        )

    def ends(
        self, turn: str, text: str = '{"summary": "planned", "ask": null}', kind: TurnStatus = TurnStatus.COMPLETED
    ) -> tuple[Action, ...]:
        return self.post(ev.TurnEnded, ORCHESTRATOR, "own-thread", TurnSeen(turn, kind, (), text))

    def saves(self, *tasks: Any, author: str = ORCHESTRATOR) -> tuple[Action, ...]:
        revision = self.world.plan.revision + 1
        return self.post(ev.PlanAccepted, revision, f"digest {revision}", "an edit", plan_of(*tasks), author)

    def at_work(self) -> OrchestratorScene:
        """Go on until the orchestrator's first turn runs."""
        self.ask()
        self.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", False)
        self.post(ev.ThreadOpened, ORCHESTRATOR, 33, "own-thread", None, False, ())
        self.begins("own-1")
        return self

    def planned(self) -> OrchestratorScene:
        """Go on until it has written a plan with T1 and is idle."""
        self.at_work()
        self.saves(T1)
        self.ends("own-1")
        return self


def turns(actions: tuple[Action, ...]) -> list[act.StartTurn]:
    return [one for one in actions if isinstance(one, act.StartTurn) and one.child == ORCHESTRATOR]


def raised(actions: tuple[Action, ...]) -> list[act.RaiseAsk]:
    return [one for one in actions if isinstance(one, act.RaiseAsk)]
