"""The orchestrator's turns: it plans, fixes a missing or broken plan, and receives news.

It has a server, a thread and a task state like a child, but no task in the plan. What it does next follows from the
human's request (`OrchestratorState.planning`), from plan.md as it is, and from the news.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.engine.lifecycle import outages, tasks
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.turns import unconfirmed
from supervisor.core.engine.lifecycle.updates import put_task, with_orchestrator, with_plan
from supervisor.core.engine.orchestrator import prompts
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer
from supervisor.domain.event import PlanningRequested, PlanningStopped
from supervisor.domain.plan import ORCHESTRATOR, Sandbox
from supervisor.domain.report import Question
from supervisor.domain.server import ServerState
from supervisor.domain.task import Brief, Due, Phase, TaskState
from supervisor.domain.thread import TurnSeen
from supervisor.domain.world import Planning, World

MAX_TRIES = 3  # turns to fix a missing or broken plan; then a human decides
SAVED_WITHIN = timedelta(seconds=1.5)  # from the end of a turn to the event that it saved plan.md, which takes 0.1 s
BATCH = timedelta(seconds=3)  # from the first loud news to its turn: what comes meanwhile goes with it
KEY = (ORCHESTRATOR, None)


class Next(Struct, frozen=True):
    """The orchestrator's next turn."""

    due: Due
    brief: Brief  # what the orchestrator knows once the turn is confirmed
    text: str  # the prompt
    why: str


# ── what events do ───────────────────────────────────────────────────────────────────────────────


def requested(world: World, event: PlanningRequested) -> World:
    """The human wants a plan: the orchestrator stops waiting for anything else."""
    number = world.orchestrator.planning.number + 1 if world.orchestrator.planning else 1
    planning = Planning(number, event.problem, event.at, world.plan.revision, event.review, event.yolo)
    own = world.orchestrator.state or TaskState(ORCHESTRATOR, "Plan", ORCHESTRATOR, since=event.at)
    if own.phase is Phase.ASKING:
        own = replace(own, phase=after_task(own.phase, TaskTrigger.FINISH))
    own = replace(
        own,
        not_before=None,
        tries=replace(own.tries, retries=0, resumes=0),
        result=replace(own.result, question=None),
    )
    world = with_plan(world, hold=world.plan.hold or event.review)
    return with_orchestrator(world, planning=planning, state=own)


def stop(world: World, event: PlanningStopped) -> World:
    """The human ends the effort: a question is dropped, and a running turn is interrupted by `orchestrate`."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if own is None or planning is None or planning.stopped is not None:
        return world
    if own.phase is Phase.ASKING:
        own = _rested(own, "`orch plan stop`", event.at)
    return with_orchestrator(world, planning=replace(planning, stopped=event.at), state=own, news=())


def _rested(own: TaskState, why: str, at: datetime) -> TaskState:
    """Its question needs no answer any more, and it has no turn."""
    phase = after_task(own.phase, TaskTrigger.FINISH)
    return replace(own, phase=phase, since=at, why=why, due=None, result=replace(own.result, question=None))


def turn_confirmed(world: World, own: TaskState) -> World:
    """The server confirmed a turn. If it is the orchestrator's, its prompt counts as delivered."""
    planning = world.orchestrator.planning
    if own.task != ORCHESTRATOR or planning is None or own.delivery is None:
        return world
    planning = replace(planning, seen_revision=world.plan.revision, rests=False)
    world = with_orchestrator(world, planning=planning)
    match own.due:
        case Due.BRIEF if own.delivery.brief.key == _key(planning):  # else the human requested something else meanwhile
            return with_orchestrator(world, planning=replace(planning, delivered=True), news=())
        case Due.FIX:
            return with_orchestrator(world, planning=replace(planning, tries=planning.tries + 1))
        case Due.NEWS:
            up_to = int(own.delivery.brief.key)
            later = tuple(piece for piece in world.orchestrator.news if piece.number > up_to)
            return with_orchestrator(world, news=later)
    return world


def turn_ended(state: TaskState, seen: TurnSeen, at: datetime) -> TaskState:
    """A turn ended. The orchestrator's is not checked by commands: what counts is plan.md."""
    if state.task != ORCHESTRATOR or state.phase is not Phase.CHECKING:
        return state
    report = prompts.parse_answer(seen.text)
    state = replace(state, leftovers=None, result=replace(state.result, report=report, words=""))
    if report.ask is not None:
        return tasks.ask(state, report.ask, "the orchestrator needs you", at)
    done = tasks.settle(state, TaskTrigger.FINISH, "its turn ended", at)
    return replace(done, new_run=False, not_before=at + SAVED_WITHIN)


def plan_saved(world: World, author: str) -> World:
    """A version of plan.md is in force: the orchestrator needs no help any more, and has all its tries again."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if own is None or planning is None:
        return world
    if author == ORCHESTRATOR:
        planning = replace(planning, seen_revision=world.plan.revision)
        world = with_orchestrator(world, planning=planning)
    if not planned(world):
        return world
    if own.phase is Phase.ASKING and planning.tries >= MAX_TRIES:
        phase, result = after_task(own.phase, TaskTrigger.FINISH), replace(own.result, question=None)
        own = replace(own, phase=phase, result=result, why="there is a plan")
        world = put_task(world, own)
    return with_orchestrator(world, planning=replace(planning, tries=0)) if author == ORCHESTRATOR else world


def ask_raised(own: TaskState, action: act.RaiseAsk, at: datetime) -> TaskState:
    """The human is being asked how the orchestrator should continue."""
    if own.phase is Phase.ASKING:
        return own
    return tasks.ask(own, Question(action.text, action.steps, action.expect), action.why, at)


def answered(world: World, answer: Answer, at: datetime) -> World:
    """A human answered the orchestrator: it continues, with all its tries again. If they declined, it rests."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if own is None or planning is None:
        return world
    declined = answer.decision == "decline"
    if not declined:
        own = tasks.answered(own, answer, at, human=False)
    elif own.phase is Phase.ASKING:
        own = _rested(own, "you declined its question; `orch plan` asks it anew", at)
    return with_orchestrator(world, planning=replace(planning, tries=0, rests=declined), state=own)


# ── what comes next ──────────────────────────────────────────────────────────────────────────────


def planned(world: World) -> bool:
    """Return whether the human's request has led to a plan that is in force."""
    planning = world.orchestrator.planning
    return (
        planning is not None and planning.delivered and world.plan.revision > planning.revision and not _broken(world)
    )


def stopped(world: World) -> bool:
    """Return whether `orch plan stop` ended the latest request."""
    return world.orchestrator.planning is not None and world.orchestrator.planning.stopped is not None


def rests(world: World) -> bool:
    """Return whether the human declined its latest question."""
    return world.orchestrator.planning is not None and world.orchestrator.planning.rests


def needed(world: World) -> bool:
    """Return whether the orchestrator's server is needed: for a request, or to end a turn of it."""
    own = world.orchestrator.state
    return world.orchestrator.planning is not None and (not stopped(world) or (own is not None and own.phase.live))


def under_way(world: World) -> tuple[str, ...]:
    """Say what `orch plan stop` would end, each in a clause; nothing if there is no effort."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if own is None or planning is None or planning.stopped is not None:
        return ()
    asked = [ask.id for ask in world.open_asks if ask.task == ORCHESTRATOR]
    clauses = (
        "its running turn is being interrupted" if own.phase.live else "",
        "its next turn is dropped" if not own.phase.live and pending(world) else "",
        f"{', '.join(asked)} {'is' if len(asked) == 1 else 'are'} withdrawn" if asked else "",
        "it hears nothing more of the tasks" if planning.delivered else "",
    )
    return tuple(clause for clause in clauses if clause) or ("it does nothing more",)


def _broken(world: World) -> bool:
    """Return whether the orchestrator saved a plan.md with errors. If a human does, the human fixes it."""
    return bool(world.plan.problems) and world.plan.rejected_by == ORCHESTRATOR


def _postponed(world: World) -> bool:
    """Return whether the plan that the orchestrator saved waits for `orch go`."""
    return world.plan.postponed is not None and world.plan.postponed.author == ORCHESTRATOR


def orchestrate(world: World, at: datetime) -> Iterator[Action]:
    """Rule: open the orchestrator's thread when it is needed, start a turn when due, interrupt one that must end."""
    own, server, thread = world.orchestrator.state, world.servers.get(ORCHESTRATOR), world.threads.get(KEY)
    if own is None or server is None:
        return
    turn_id = own.turn_id if own.phase is Phase.WORKING and (own.not_before or at) <= at else None
    if (why := _must_end(world)) and turn_id and thread is not None and thread.id and thread.open:
        yield act.InterruptTurn(ORCHESTRATOR, ORCHESTRATOR, thread.id, turn_id, timed_out=False, why=why)
        return
    if world.supervisor.stopping is not None:
        return
    unsettled = own.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING)
    turn = None if unsettled else next_turn(world, at)
    if server.state is not ServerState.READY or (turn is None and not unsettled):
        return
    if thread is None or not thread.open:
        if thread is None or not (thread.opening or (thread.not_before or at) > at):
            known = thread.id if thread else None
            where = (server.child.model, server.child.effort, sandbox_of(world))
            recount = unsettled and known is not None
            sent = unconfirmed(world.all_tasks, KEY)
            why = "the orchestrator needs it"
            yield act.OpenThread(ORCHESTRATOR, known, None, *where, why=why, recount=recount, unconfirmed=sent)
        return
    if turn is None or thread.id is None or thread.running is not None or outages.pause(world, thread, at) is not None:
        return
    yield act.StartTurn(
        child=ORCHESTRATOR,
        task=ORCHESTRATOR,
        run=1,
        fresh=False,
        thread=thread.id,
        message=f"orch-{ORCHESTRATOR}-{own.sent + 1}",
        due=turn.due,
        brief=turn.brief,
        text=turn.text,
        model=server.child.model,
        effort=server.child.effort,
        sandbox=sandbox_of(world),
        why=turn.why,
    )


def _must_end(world: World) -> str | None:
    """Say why a running turn must end; None if it may go on."""
    if world.supervisor.stopping is not None:
        return "`orch down`: it continues with the next `orch up`"
    return "`orch plan stop`" if stopped(world) else None


def next_turn(world: World, at: datetime) -> Next | None:
    """Return the orchestrator's next turn; None if nothing is due, or not yet."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if own is None or planning is None or own.phase.live or (own.not_before or at) > at or planning.stopped is not None:
        return None
    if not planning.delivered:
        text = prompts.kickoff(planning, [name for name in world.servers if name != ORCHESTRATOR], world.plan.revision)
        return Next(Due.BRIEF, Brief(_key(planning), text), text, "the human asked for a plan")
    thread = world.threads.get(KEY)
    known = own.brief.delivered or Brief("", "")
    same_thread = thread is not None and own.brief.thread == thread.id
    first = "" if same_thread else f"{known.text}\n\n"  # another thread does not know the request
    if own.phase is Phase.IDLE and own.due is Due.ANSWER:
        question = own.result.question.question if own.result.question else ""
        return Next(Due.ANSWER, known, first + prompts.answer(question, own.due_text), "a human answered")
    if own.phase is Phase.IDLE and own.due in (Due.RESUME, Due.RETRY, Due.OUTAGE):
        why = own.due_text or own.why or "it was interrupted"
        return Next(own.due, known, prompts.resume(known.text, why), f"continues: {why}")
    if own.phase not in (Phase.DONE, Phase.IDLE):
        return None
    if not planned(world):
        if planning.tries >= MAX_TRIES or planning.rests or _postponed(world):
            return None
        text = prompts.fix(world.plan.problems if _broken(world) else (), world.plan.revision)
        why = "plan.md was rejected" if _broken(world) else "there is no new plan yet"
        return Next(Due.FIX, known, first + text, why)
    loud = next((piece.at for piece in world.orchestrator.news if piece.loud), None)
    if loud is None or at < loud + BATCH or world.plan.hold:
        return None
    up_to = str(world.orchestrator.news[-1].number)
    text = first + prompts.digest(world.orchestrator.news, world.plan.revision)
    return Next(Due.NEWS, Brief(up_to, known.text), text, "there is news")


def _key(planning: Planning) -> str:
    return f"plan-{planning.number}"


def busy(world: World) -> bool:
    """Return whether a turn of the orchestrator runs or is about to start: then the plan may still change."""
    return world.orchestrator.state is not None and (world.orchestrator.state.phase.live or pending(world))


def pending(world: World) -> bool:
    """Return whether a turn of the orchestrator is due, now or in a moment."""
    server = world.servers.get(ORCHESTRATOR)
    return server is not None and server.state is not ServerState.FAILED and next_turn(world, _END_OF_TIME) is not None


_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def moments(world: World) -> Iterator[datetime]:
    """Yield the moments when `orchestrate` has to run even if nothing happens."""
    if (
        world.orchestrator.planning is not None
        and world.orchestrator.state is not None
        and world.orchestrator.state.phase in (Phase.DONE, Phase.IDLE)
    ):
        yield from (piece.at + BATCH for piece in world.orchestrator.news if piece.loud)


def asks(world: World, at: datetime) -> Iterator[tuple[Question, str]]:
    """Yield what the orchestrator needs a human for, and why."""
    own, planning = world.orchestrator.state, world.orchestrator.planning
    if (
        own is None
        or planning is None
        or not planning.delivered  # a new request replaces the question
        or planning.stopped is not None
        or any(ask.task == ORCHESTRATOR and ask.request is None for ask in world.open_asks)
    ):
        return
    if own.phase is Phase.ASKING and own.result.question is not None:
        yield own.result.question, own.why
    elif (
        own.phase is Phase.DONE
        and not planned(world)
        and not _postponed(world)
        and planning.tries >= MAX_TRIES
        and not planning.rests
        and (own.not_before or at) <= at
    ):
        yield (
            prompts.gave_up(MAX_TRIES, world.plan.problems, own.result.report),
            "the orchestrator did not write a valid plan",
        )


def waits(world: World) -> bool:
    """Return whether the orchestrator still waits on a human."""
    own = world.orchestrator.state
    return own is not None and own.phase is Phase.ASKING and not stopped(world)


def sandbox_of(world: World) -> Sandbox:
    """Return the sandbox of the orchestrator's turns."""
    if world.orchestrator.planning is not None and world.orchestrator.planning.yolo:
        return "danger-full-access"
    server = world.servers.get(ORCHESTRATOR)
    return server.child.sandbox if server is not None else "read-only"
