"""Rules about asks: raise one for whatever waits on a human, withdraw it if it no longer applies, send the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.asks import budget_asks, thread_asks
from supervisor.core.engine.asks.approvals import asked_requests, can_answer, ruling_of, state_of
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import desired, due_of, overtaken, queue, readiness, wanted
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.ask import AskKind, AskState
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Task
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World


def withdraw(world: World, at: datetime) -> Iterator[Action]:
    """Withdraw asks that no longer apply."""
    used_up = dict(budget_asks.questions(world, at))
    unopened = {key for key, _, _ in thread_asks.questions(world, at)}
    for ask in world.open_asks:
        why = None
        if ask.budget:
            why = None if ask.budget in used_up else "the budget does not stop anything any more"
        elif ask.thread is not None:
            why = None if ask.thread in unopened else "nothing waits for that thread any more"
        elif ask.request is not None:
            over = "somebody answered in another window" if ask.external else "its turn is over"
            why = None if ask.request in world.requests else over
        elif ask.task is not None:
            why = None if _is_asking(world, ask.task) else _why_over(world, ask.task)
        elif ask.child is not None:
            server = world.servers.get(ask.child)
            why = None if server and server.state is ServerState.FAILED else "the server is being started again"
        if why is not None:
            yield act.WithdrawAsk(ask.id, why=why, external=ask.external)


def _is_asking(world: World, task: str) -> bool:
    """Return whether this task waits on a human, and the plan still wants the answer."""
    if task == ORCHESTRATOR:
        return session.waits(world)
    state = world.tasks[task]
    asks = state.phase is Phase.ASKING and wanted(world, state) and due_of(world, state) is None
    return asks and not overtaken(world, state)


def _why_over(world: World, task: str) -> str:
    """Say why the ask of a task that does not wait on a human any more is withdrawn."""
    if task == ORCHESTRATOR:
        return "`orch plan stop`" if session.stopped(world) else "the plan changed"
    before = overtaken(world, world.tasks[task])
    return f"{', '.join(before)} is to be done again first" if before else "the plan changed"


def ask(world: World, at: datetime) -> Iterator[Action]:
    """Raise an ask for whatever waits on a human and has none."""
    number = world.asked
    asked = asked_requests(world)
    about = [ask for ask in world.open_asks if ask.request is None and not ask.budget and ask.thread is None]
    open_for = {(ask.child, ask.task) for ask in about}

    def raised(kind: AskKind, child: str | None, task: str | None, text: str, **rest: object) -> act.RaiseAsk:
        nonlocal number
        number += 1
        shape = {"steps": "", "expect": "", "choices": (), "brief": None, "request": None, "why": "", **rest}
        return act.RaiseAsk(ask=f"A{number}", kind=kind, child=child, task=task, text=text, **shape)  # type: ignore[arg-type]

    for request in world.requests.values():
        if request.key in asked or ruling_of(world, request) is not None:
            continue
        state = state_of(world, request)
        approval = request.kind is AskKind.APPROVAL
        yield raised(
            request.kind,
            request.key.child,
            state.task if state else None,
            request.text,
            steps=request.detail,
            expect="`accept` allows it once, `accept --for-session` the next times, too; `decline` refuses it."
            if approval
            else "one of the answers above, or an answer in your own words"
            if request.choices
            else "an answer to each question"
            if request.parts
            else "an answer in your own words",
            choices=request.choices,
            request=request.key,
            parts=request.parts,
            why=f"the child asked in the middle of its turn ({request.method})",
        )
    for state in agenda_of(world).bearing(Sign.ASKING):
        question = state.result.question
        if _is_asking(world, state.task) and question is not None and (state.child, state.task) not in open_for:
            yield raised(
                AskKind.QUESTION,
                state.child,
                state.task,
                question.question,
                steps=question.steps,
                expect=question.expected,
                why=state.why,
            )
    for question, why in session.asks(world, at):
        yield raised(
            AskKind.QUESTION,
            ORCHESTRATOR,
            ORCHESTRATOR,
            question.question,
            steps=question.steps,
            expect=question.expected,
            why=why,
        )
    for names, server in _failed_alike(world):
        if not any((name, None) in open_for for name in names):
            tail = f"\n\nThe end of its error output:\n\n{_indented(server.stderr)}" if server.stderr else ""
            all_of, one = ", ".join(names), len(names) == 1
            yield raised(
                AskKind.QUESTION,
                names[0],
                None,
                f"The {'server' if one else 'servers'} of {all_of} {'does' if one else 'do'} not stay up: "
                f"{server.problem}.{tail}",
                steps=_how_to_restart(names, server),
                expect=f"`orch status` shows {all_of} as ready.",
                choices=("accept",),
                why="it is not started again by itself",
            )
    for name, question in budget_asks.questions(world, at):
        if not any(ask.budget == name for ask in world.open_asks):
            kind, _, who = name.partition(" ")
            task = world.plan.task(who) if world.plan.current and kind == "task" else None
            yield raised(
                AskKind.QUESTION,
                task.child if task else who or None,
                task.id if task else None,
                question.question,
                steps=question.steps,
                expect=question.expected,
                choices=("accept", "decline"),
                why="a budget is used up",
                budget=name,
            )
    for key, waiting, question in thread_asks.questions(world, at):
        if not any(ask.thread == key for ask in world.open_asks):
            yield raised(
                AskKind.QUESTION,
                key[0],
                waiting,
                question.question,
                steps=question.steps,
                expect=question.expected,
                choices=("accept",),
                why="its thread cannot be opened",
                thread=key,
            )
    for task, state in checkpoints(world, at):
        yield raised(
            AskKind.CHECKPOINT,
            HUMAN,
            task.id,
            task.title,
            steps=task.instructions,
            expect=task.expect,
            choices=("accept", "decline"),
            brief=desired(world, state),
            why="its turn in the plan has come",
        )


def checkpoints(world: World, at: datetime) -> Iterator[tuple[Task, TaskState]]:
    """Yield the human's tasks that they are to be asked for now."""
    open_for = {ask.task for ask in world.open_asks if ask.child == HUMAN and ask.request is None and not ask.budget}
    agenda = agenda_of(world)
    turns = {task.id: (task, state) for task, state in queue(world, (HUMAN, None))}
    for state in agenda.bearing(Sign.ASKING):
        if (own := world.plan.task(state.task)) is not None:
            turns[own.id] = (own, state)
    for _, (task, state) in sorted(turns.items(), key=lambda turn: agenda.layout.places[turn[0]]):
        waits = due_of(world, state) is not None or (_is_asking(world, task.id) and task.id not in open_for)
        if task.child == HUMAN and waits and readiness(world, state, at) is None:
            yield task, state


def _failed_alike(world: World) -> Iterator[tuple[list[str], Server]]:
    """Yield the servers that were given up, those with one cause together, and the first of them.

    Nothing while another one is being started, which may fail for the same cause.
    """
    failed = {name: server for name, server in world.servers.items() if server.state is ServerState.FAILED}
    starting = any(server.state is ServerState.STARTING for server in world.servers.values())
    if world.supervisor.stopping is None and not starting:
        for cause in dict.fromkeys((server.problem, server.stderr) for server in failed.values()):
            names = [name for name, server in failed.items() if (server.problem, server.stderr) == cause]
            yield names, failed[names[0]]


def _how_to_restart(names: Sequence[str], server: Server) -> str:
    name = names[0]
    if "`orch up`" in (server.problem or ""):
        return "Do that (`orch up` starts all of them), or answer `accept`."
    if f"`orch up {name}`" in (server.problem or ""):  # it has no repo: only a new look at the config finds one
        return f"Do that, or take it out of the workspace: `orch remove {name}`."
    again = f"`orch restart {name}`" if len(names) == 1 else "`orch up`"
    return f"Fix the cause, then run {again} (or answer `accept`)."


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def answer(world: World, at: datetime) -> Iterator[Action]:
    """Send the human's answers to the servers that asked."""
    for ask in world.asks.values():
        key = ask.request
        if ask.state is not AskState.ANSWERED or ask.answer is None or key is None or key in world.answering:
            continue
        if key in world.requests and can_answer(world, key):
            yield act.SendAnswer(key.child, ask.id, key, ask.answer, why="the human answered")
