"""The turns of a task, from request to end. Each function takes the state of the task before an event, and returns the
state after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.failures import FailureVerdict, diagnose
from supervisor.core.engine.lifecycle.report import parse_report
from supervisor.core.engine.lifecycle.tasks import AFTER_REFUSAL, ask, between_turns, settle
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.domain.action import StartTurn
from supervisor.domain.report import Question
from supervisor.domain.task import (
    Briefing,
    Delivery,
    Due,
    Leftovers,
    Phase,
    RunResult,
    TaskState,
    Tries,
    Turn,
    TurnLook,
    Usage,
)
from supervisor.domain.thread import ThreadKey, Tokens, TurnSeen, TurnStatus
from supervisor.sha256 import hex_digest

MAX_REFUSALS = 5  # of a turn by the server; then the task has failed
BUSY = "ActiveTurn"  # in the reason of a refusal: another turn or a compaction runs, so it says nothing of ours
MAX_STALLS = 2  # turns in a row that were interrupted because they gave no sign of life; then a human decides
MAX_RESUMES = 5  # turns in a row that were cut off; then a human decides


def running_seconds(state: TaskState, at: datetime) -> float:
    """Return how long the running turn has taken, in seconds; 0 between two turns.

    Time in which it waited on a human or had no server does not count.
    """
    turn = state.turn
    if turn is None or state.phase not in (Phase.WORKING, Phase.STOPPING):
        return 0.0
    return max(0.0, (min(at, turn.away or at) - turn.since).total_seconds() - turn.paused)


def with_turn(state: TaskState, **changes: object) -> TaskState:
    """Replace fields of the running turn. Without one, return the state as it is."""
    return replace(state, turn=replace(state.turn, **changes)) if state.turn is not None else state


def server_lost(state: TaskState, at: datetime) -> TaskState:
    """The server of the running turn, if any, is gone."""
    return with_turn(state, away=state.turn.away or at) if state.turn is not None else state


def server_back(state: TaskState, at: datetime) -> TaskState:
    """The thread was read again after its server was gone."""
    turn = state.turn
    if turn is None or turn.away is None:
        return state
    return with_turn(state, away=None, paused=turn.paused + max(0.0, (at - turn.away).total_seconds()))


def steer_confirmed(state: TaskState) -> TaskState:
    """The turn took the steer, so its brief counts as delivered."""
    if state.steer is None:
        raise AssertionError(f"no steer is on its way to {state.task}")
    seen_up_to = state.steer.at or state.brief.seen_up_to
    return replace(state, brief=replace(state.brief, delivered=state.steer.brief, seen_up_to=seen_up_to), steer=None)


def requested(state: TaskState, action: StartTurn, key: ThreadKey, at: datetime) -> TaskState:
    """A turn is about to be started."""
    moved = action.child != state.child
    result = state.result if action.run == state.runs else _next_run(state.result, moved=moved)
    return replace(
        between_turns(state),
        phase=after_task(state.phase, TaskTrigger.START),
        since=at,
        why=action.why,
        note="",
        child=action.child,
        runs=action.run,
        sent=state.sent + 1,
        new_run=False,
        thread=key,
        delivery=Delivery(
            action.message, action.brief, replace(state, delivery=None), hex_digest(action.text.encode())
        ),
        steer=None,
        brief=replace(state.brief, delivered=None if action.due is Due.BRIEF else state.brief.delivered, seen_up_to=at),
        due=action.due,
        due_text=state.due_text if state.due is action.due else "",
        not_before=None,
        leftovers=None,
        checking=False,
        tries=replace(state.tries, lost_checks=0),
        result=replace(result, words="", question=None),
        start=None if moved else state.start,
    )


def unconfirmed(states: Iterable[TaskState], key: ThreadKey) -> tuple[tuple[str, str], ...]:
    """Return the messages to a thread of which it is not known whether they arrived: client ids and digests."""
    sent = (message for state in states if state.thread == key for message in (state.delivery, state.steer))
    return tuple((message.message, message.digest) for message in sent if message is not None)


def _next_run(result: RunResult, *, moved: bool) -> RunResult:
    """What a new run begins with: the changes of all runs before. They stay behind when the task moves."""
    if moved:
        return RunResult(report=result.report)
    return RunResult(
        report=result.report,
        change=result.change,
        changed_files=result.changed_files,
        more_files=result.more_files,
        open_ended=result.open_ended,
    )


def confirmed(state: TaskState, turn: str, thread: str | None, at: datetime) -> TaskState:
    """The server confirmed the turn, so its brief counts as delivered."""
    if state.delivery is None:
        raise AssertionError(f"{state.task} has no turn on its way: it is {state.phase}")
    again = state.due in (Due.FIX, Due.RESUME, Due.RETRY, Due.OUTAGE)
    tries = state.tries if again else Tries()
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.BEGUN),
        turns=state.turns + 1,
        turn=Turn(turn, since=at, pulse_since=at),
        delivery=None,
        brief=replace(state.brief, delivered=state.delivery.brief, thread=thread),
        due=None,
        due_text="",
        tries=replace(
            tries,
            fixes=tries.fixes + (state.due is Due.FIX),
            retries=tries.retries + (state.due is Due.RETRY),
            resumes=tries.resumes + (state.due is Due.RESUME),
            refusals=0,
        ),
    )


def lost(state: TaskState, at: datetime, refusal: str = "") -> TaskState:
    """The turn never reached the thread, so what was due is due again. `refusal`: why the server refused it, if so."""
    if state.delivery is None:
        raise AssertionError(f"{state.task} has no turn on its way: it is {state.phase}")
    before = state.delivery.before
    left = before.leftovers
    return replace(
        before,
        sent=state.sent,
        not_before=at + AFTER_REFUSAL if refusal else None,
        note=refusal,
        # The answer to a look that was under way was given while nobody waited for it.
        leftovers=replace(left, looking=False, ending=False) if left is not None else None,
    )


def refused(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The server refused to start the turn. After `MAX_REFUSALS` tries, the task has failed."""
    before = lost(state, at, reason)
    if BUSY in reason:
        return before
    refusals = state.tries.refusals + 1
    if refusals < MAX_REFUSALS:
        return replace(before, tries=replace(before.tries, refusals=refusals))
    why = f"the server refused the turn {MAX_REFUSALS} times ({reason}): fix that, then `orch go {state.task}`"
    # The brief counts as delivered, but to no thread: only another brief, or the human, makes what was due start again.
    failed = settle(replace(state, brief=_presumed(state, thread=None)), TaskTrigger.FAIL, why, at)
    return replace(failed, due=before.due, due_text=before.due_text)


def cut_off(state: TaskState, due: Due, text: str, why: str, at: datetime) -> TaskState:
    """The turn was cut off, so another one continues it. After `MAX_RESUMES` such turns in a row, a human decides."""
    if due is Due.RESUME and state.phase is Phase.WORKING and state.tries.resumes >= MAX_RESUMES:
        return ask(
            state,
            Question(
                f"{state.task} was cut off {MAX_RESUMES} times in a row ({why}).",
                "Look at the server's log (`orch logs --child " + state.child + "`), then say how to continue.",
                "`accept` to try again, or an instruction for the child.",
            ),
            "it was cut off again and again",
            at,
        )
    stopping = state.phase is Phase.STOPPING
    return replace(
        between_turns(state),
        phase=after_task(state.phase, TaskTrigger.CUT),
        since=at,
        why=why,
        delivery=None,
        steer=None,
        brief=_presumed(state, thread=state.brief.thread),
        due=due,
        due_text=text,
        tries=replace(state.tries, resumes=0) if stopping else state.tries,
    )


def _presumed(state: TaskState, thread: str | None) -> Briefing:
    """Return what the child knows if the turn on its way arrived, which is possible."""
    delivered = state.delivery.brief if state.delivery is not None else state.brief.delivered
    return replace(state.brief, delivered=delivered, thread=thread)


def ended(
    state: TaskState,
    seen: TurnSeen,
    at: datetime,
    *,
    recovered: bool,
    retry_seconds: tuple[float, ...],
    outage: FailureVerdict | None = None,
) -> TaskState:
    """The running turn ended.

    `recovered`: the thread was read after a gap, so the turn may have ended long ago. `outage`: set if the provider
    accepts no work.
    """
    turn = state.turn
    if turn is None:
        raise AssertionError(f"no turn of {state.task} runs: it is {state.phase}")
    spent = turn.spent
    if seen.thread_total is None:  # else what was counted by totals is right, also if the server said it twice
        spent = Tokens(max(seen.input_tokens, spent.input), max(seen.output_tokens, spent.output))
    usage = Usage(state.usage.tokens, state.usage.seconds + running_seconds(state, at))
    state = replace(state, turn=replace(turn, spent=spent), usage=usage, note="")
    if seen.status is TurnStatus.COMPLETED:
        report = parse_report(seen.text)
        words = "" if report else seen.text or "(nothing)"
        return replace(
            between_turns(state),
            phase=after_task(state.phase, TaskTrigger.COMPLETED),
            since=at,
            why="the turn ended; its checks come next",
            not_before=None,
            leftovers=Leftovers(began=at, since=at),
            checking=False,
            tries=replace(state.tries, retries=0, resumes=0, stalls=0),
            result=replace(state.result, report=report, words=words),
        )
    state = replace(state, brief=replace(state.brief, thread=None))  # the child may not have seen the latest message
    if turn.timed_out:
        why = f"it took longer than its timeout: raise that in plan.md, or run `orch go {state.task}`"
        return settle(state, TaskTrigger.BLOCK, why, at)
    if turn.denied:
        return replace(settle(state, TaskTrigger.BLOCK, turn.denied, at), due=Due.RESUME)
    if turn.stalled and state.phase is Phase.STOPPING:
        return _stalled(state, turn.looked, at)
    if outage is not None and state.phase is not Phase.STOPPING:
        return cut_off(state, Due.OUTAGE, outage.why, outage.why, at)
    if seen.status is TurnStatus.FAILED and state.phase is not Phase.STOPPING:
        return _failed(state, seen, at, retry_seconds)
    if recovered or state.phase is Phase.STOPPING:
        return cut_off(state, Due.RESUME, "", "its turn was cut off", at)
    question = Question(
        "The turn was interrupted in another window.",
        f"Look at what it did so far (`orch logs --task {state.task}`), then say how to continue.",
        "`accept` to let it continue, or an instruction for the child.",
    )
    return ask(state, question, "its turn was interrupted in another window", at)


def _failed(state: TaskState, seen: TurnSeen, at: datetime, retry_seconds: tuple[float, ...]) -> TaskState:
    verdict, retries = diagnose(seen.failure), state.tries.retries
    if verdict.again and retries < len(retry_seconds):
        pause = retry_seconds[retries]
        retried = cut_off(state, Due.RETRY, verdict.why, f"{verdict.why}; tries again in {pause:g} s", at)
        return replace(retried, not_before=at + timedelta(seconds=pause))
    tries = f" ({retries + 1} tries)" if verdict.again else ""
    why = f"{verdict.why}{tries}: {verdict.remedy}, then `orch go {state.task}`"
    return replace(settle(state, TaskTrigger.FAIL, why, at), leftovers=Leftovers(began=at, since=at))


def _stalled(state: TaskState, look: TurnLook | None, at: datetime) -> TaskState:
    """A turn was interrupted because it gave no sign of life. It is resumed once; the next time, a human decides."""
    stalls = state.tries.stalls + 1
    state = replace(state, tries=replace(state.tries, stalls=stalls))
    if stalls < MAX_STALLS:
        hint = "it gave no sign of life; if a command hung, find another way to the same result, with a timeout"
        return cut_off(state, Due.RESUME, hint, "it gave no sign of life and was interrupted", at)
    running = ", ".join(f"`{command}`" for command in look.commands) if look is not None else ""
    known = f"Codex reported its thread as {look.state}" if look is not None else "nothing was known of its thread"
    question = Question(
        f"{state.task} gives no sign of life. It was asked for one, interrupted and resumed, and gave none again "
        f"({stalls} times in a row). At the last look {known}, its commands used no CPU time, and "
        f"{'these ran: ' + running if running else 'no command ran'}.",
        f"Look at what it was doing (`orch logs --task {state.task}`, `orch attach {state.task}`), then say how to "
        "continue.",
        "`accept` to let it continue, or an instruction for the child.",
    )
    return ask(state, question, "it gives no sign of life", at)
