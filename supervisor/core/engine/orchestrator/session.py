"""The orchestrator's own work: it plans, mends a plan that is none, and hears what happened meanwhile.

It has a server, a thread and a work like a child, but no task in the plan: what it is to do next follows from what the
human asked for (`World.planning`), from plan.md as it is, and from the news.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.lifecycle import tasks as do
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import put_task, with_orchestrator, with_plan
from supervisor.core.engine.orchestrator import prompts as words
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.event import PlanningRequested
from supervisor.domain.plan import ORCHESTRATOR, Sandbox
from supervisor.domain.report import Question
from supervisor.domain.server import ServerState
from supervisor.domain.task import Brief, Due, Phase, TaskState
from supervisor.domain.thread import TurnSeen
from supervisor.domain.world import Planning, World

MAX_TRIES = 3  # turns to mend a plan that is none; then a human looks at it
SAVED_WITHIN = timedelta(seconds=1.5)  # from the end of a turn to the news that plan.md was saved in it; it takes 0.1
BATCH = timedelta(
    seconds=3
)  # from the first of some news to the turn that tells of it: what comes meanwhile goes with it
KEY = (ORCHESTRATOR, None)


class Next(Struct, frozen=True):
    """The orchestrator's next turn: why it is due, what it conveys, and in which words."""

    due: Due
    brief: Brief
    text: str
    why: str


# ── what events do ───────────────────────────────────────────────────────────────────────────────


def requested(world: World, event: PlanningRequested) -> World:
    """The human wants a plan: whatever the orchestrator waited for is given up for it."""
    number = world.orchestrator.planning.number + 1 if world.orchestrator.planning else 1
    planning = Planning(number, event.problem, event.at, world.plan.revision, event.review, event.yolo)
    lead = world.orchestrator.state or TaskState(ORCHESTRATOR, "Plan", ORCHESTRATOR, since=event.at)
    if lead.phase is Phase.ASKING:
        lead = replace(lead, phase=after_task(lead.phase, TaskTrigger.FINISH))
    lead = replace(
        lead,
        not_before=None,
        tries=replace(lead.tries, retries=0, resumes=0),
        result=replace(lead.result, question=None),
    )
    world = with_plan(world, hold=world.plan.hold or event.review)
    return with_orchestrator(world, planning=planning, state=lead)


def told(world: World, lead: TaskState) -> World:
    """A turn of the orchestrator is known to run: what it carried has been heard. Other works change nothing here."""
    planning = world.orchestrator.planning
    if lead.task != ORCHESTRATOR or planning is None or lead.delivery is None:
        return world
    planning = replace(planning, seen_revision=world.plan.revision)
    world = with_orchestrator(world, planning=planning)
    match lead.due:
        case Due.BRIEF if lead.delivery.brief.key == _key(
            planning
        ):  # else the human asked for something else meanwhile
            return with_orchestrator(world, planning=replace(planning, delivered=True), news=())
        case Due.FIX:
            return with_orchestrator(world, planning=replace(planning, tries=planning.tries + 1))
        case Due.NEWS:
            heard = int(lead.delivery.brief.key)
            return with_orchestrator(world, news=tuple(one for one in world.orchestrator.news if one.number > heard))
    return world


def over(state: TaskState, seen: TurnSeen, at: datetime) -> TaskState:
    """A turn of the orchestrator ended: nothing is verified but plan.md, and that by who reads it."""
    if state.task != ORCHESTRATOR or state.phase is not Phase.CHECKING:
        return state
    report = words.parse_answer(seen.text)
    state = replace(state, result=replace(state.result, report=report, words=""))
    if report.ask is not None:
        return do.ask(state, report.ask, "the orchestrator needs you", at)
    done = do.settle(state, TaskTrigger.FINISH, "its turn ended", at)
    return replace(done, new_run=False, not_before=at + SAVED_WITHIN)


def plan_saved(world: World, author: str) -> World:
    """A version of plan.md is in force: the orchestrator may try again if it breaks it, and need not be helped."""
    lead, planning = world.orchestrator.state, world.orchestrator.planning
    if lead is None or planning is None:
        return world
    if author == ORCHESTRATOR:
        planning = replace(planning, seen_revision=world.plan.revision)
        world = with_orchestrator(world, planning=planning)
    if not planned(world):
        return world
    if lead.phase is Phase.ASKING and planning.tries >= MAX_TRIES:
        phase, result = after_task(lead.phase, TaskTrigger.FINISH), replace(lead.result, question=None)
        lead = replace(lead, phase=phase, result=result, why="there is a plan")
        world = put_task(world, lead)
    return with_orchestrator(world, planning=replace(planning, tries=0)) if author == ORCHESTRATOR else world


def posed(lead: TaskState, action: act.RaiseAsk, at: datetime) -> TaskState:
    """The human is asked how the orchestrator goes on."""
    if lead.phase is Phase.ASKING:
        return lead
    return do.ask(lead, Question(action.text, action.steps, action.expect), action.why, at)


def answered(world: World) -> World:
    """A human answered the orchestrator: it may try again as often as before."""
    planning = world.orchestrator.planning
    return with_orchestrator(world, planning=replace(planning, tries=0)) if planning else world


# ── what is to be done ───────────────────────────────────────────────────────────────────────────


def planned(world: World) -> bool:
    """Whether what the human asked for has become a plan that is in force."""
    planning = world.orchestrator.planning
    return (
        planning is not None and planning.delivered and world.plan.revision > planning.revision and not _broken(world)
    )


def _broken(world: World) -> bool:
    """Whether plan.md is wrong, and the orchestrator is who wrote it so. What a human breaks, the human mends."""
    return bool(world.plan.problems) and world.plan.rejected_by == ORCHESTRATOR


def orchestrate(world: World, at: datetime) -> Iterator[Action]:
    """The orchestrator's thread is open when it is needed, and its turns start when something is due."""
    lead, server, thread = world.orchestrator.state, world.servers.get(ORCHESTRATOR), world.threads.get(KEY)
    if lead is None or server is None:
        return
    if world.supervisor.stopping is not None:
        if lead.phase is Phase.WORKING and thread is not None and thread.id and thread.open and lead.turn_id:
            why = "`orch down`: it goes on with the next `orch up`"
            yield act.InterruptTurn(ORCHESTRATOR, ORCHESTRATOR, thread.id, lead.turn_id, timed_out=False, why=why)
        return
    unsettled = lead.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING)
    turn = None if unsettled else next_turn(world, at)
    if server.state is not ServerState.READY or (turn is None and not unsettled):
        return
    if thread is None or not thread.open:
        if thread is None or not (thread.opening or (thread.not_before or at) > at):
            known = thread.id if thread else None
            where = (server.child.model, server.child.effort, sandbox_of(world))
            yield act.OpenThread(ORCHESTRATOR, known, None, *where, why="the orchestrator needs it")
        return
    if turn is None or thread.id is None or thread.running is not None or outages.pause(world, thread, at) is not None:
        return
    yield act.StartTurn(
        child=ORCHESTRATOR,
        task=ORCHESTRATOR,
        run=1,
        fresh=False,
        thread=thread.id,
        message=f"orch-{ORCHESTRATOR}-{lead.sent + 1}",
        due=turn.due,
        brief=turn.brief,
        text=turn.text,
        model=server.child.model,
        effort=server.child.effort,
        sandbox=sandbox_of(world),
        why=turn.why,
    )


def next_turn(world: World, at: datetime) -> Next | None:
    """What the orchestrator is to do next; None if nothing is due, or not yet."""
    lead, planning = world.orchestrator.state, world.orchestrator.planning
    if lead is None or planning is None or lead.phase.live or (lead.not_before or at) > at:
        return None
    if not planning.delivered:
        text = words.kickoff(planning, [name for name in world.servers if name != ORCHESTRATOR], world.plan.revision)
        return Next(Due.BRIEF, Brief(_key(planning), text), text, "the human asked for a plan")
    thread = world.threads.get(KEY)
    known = lead.brief.delivered or Brief("", "")
    first = (
        "" if thread is not None and lead.brief.thread == thread.id else f"{known.text}\n\n"
    )  # another thread knows it
    if lead.phase is Phase.IDLE and lead.due is Due.ANSWER:
        question = lead.result.question.question if lead.result.question else ""
        return Next(Due.ANSWER, known, first + words.answer(question, lead.due_text), "a human answered")
    if lead.phase is Phase.IDLE and lead.due in (Due.RESUME, Due.RETRY, Due.OUTAGE):
        why = lead.due_text or lead.why or "it was interrupted"
        return Next(lead.due, known, words.resume(known.text, why), f"goes on: {why}")
    if lead.phase not in (Phase.DONE, Phase.IDLE):
        return None
    if not planned(world):
        if planning.tries >= MAX_TRIES:
            return None
        text = words.mend(world.plan.problems if _broken(world) else (), world.plan.revision)
        return Next(
            Due.FIX, known, first + text, "plan.md is no plan yet" if not _broken(world) else "plan.md was rejected"
        )
    loud = next((one.at for one in world.orchestrator.news if one.loud), None)
    if loud is None or at < loud + BATCH or world.plan.hold:
        return None
    heard = str(world.orchestrator.news[-1].number)
    text = first + words.digest(world.orchestrator.news, world.plan.revision)
    return Next(Due.NEWS, Brief(heard, known.text), text, "there is news")


def _key(planning: Planning) -> str:
    return f"plan-{planning.number}"


def busy(world: World) -> bool:
    """Whether the orchestrator is at work, or about to be: then the plan may still change."""
    return world.orchestrator.state is not None and (world.orchestrator.state.phase.live or pending(world))


def pending(world: World) -> bool:
    """Whether the orchestrator has a turn before it, now or in a moment."""
    server = world.servers.get(ORCHESTRATOR)
    return server is not None and server.state is not ServerState.FAILED and next_turn(world, _END_OF_TIME) is not None


_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def moments(world: World) -> Iterator[datetime]:
    """When to look again if nothing happens."""
    if (
        world.orchestrator.planning is not None
        and world.orchestrator.state is not None
        and world.orchestrator.state.phase in (Phase.DONE, Phase.IDLE)
    ):
        yield from (one.at + BATCH for one in world.orchestrator.news if one.loud)


def asks(world: World, at: datetime) -> Iterator[tuple[Question, str]]:
    """What the orchestrator needs a human for, and why."""
    lead, planning = world.orchestrator.state, world.orchestrator.planning
    if (
        lead is None
        or planning is None
        or not planning.delivered  # a request that takes the place of what it would ask
        or any(ask.task == ORCHESTRATOR and ask.request is None for ask in world.open_asks)
    ):
        return
    if lead.phase is Phase.ASKING and lead.result.question is not None:
        yield lead.result.question, lead.why
    elif (
        lead.phase is Phase.DONE
        and not planned(world)
        and planning.tries >= MAX_TRIES
        and (lead.not_before or at) <= at
    ):
        yield (
            words.gave_up(MAX_TRIES, world.plan.problems, lead.result.report),
            "the orchestrator did not bring about a plan",
        )


def waits(world: World) -> bool:
    """Whether the orchestrator's question to the human still stands."""
    return world.orchestrator.state is not None and world.orchestrator.state.phase is Phase.ASKING


def sandbox_of(world: World) -> Sandbox:
    """What the orchestrator's turns may do."""
    if world.orchestrator.planning is not None and world.orchestrator.planning.yolo:
        return "danger-full-access"
    server = world.servers.get(ORCHESTRATOR)
    return server.child.sandbox if server is not None else "read-only"
