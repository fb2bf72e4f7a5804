"""What events do to the execution of one task. Each function takes the state as it was and returns it as it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.failures import FailureVerdict, judge
from supervisor.core.engine.lifecycle.report import parse_report
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.domain.action import RaiseAsk, StartTurn
from supervisor.domain.ask import Answer
from supervisor.domain.event import ChecksFinished
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Check, Outcome, Question
from supervisor.domain.task import (
    Briefing,
    Delivery,
    Due,
    Phase,
    RunResult,
    TaskState,
    Tokens,
    Tries,
    Turn,
    TurnLook,
    Usage,
)
from supervisor.domain.thread import ThreadKey, TurnSeen, TurnStatus

MAX_FIXES = 2  # follow-up turns after a failing verify command; then the task is blocked
MAX_REFUSALS = 5  # of one turn by the server
MAX_LOST = 5  # tries to run the verify commands
MAX_STALLS = 2  # turns in a row that were interrupted because they gave no sign of life; then a human looks at it
MAX_RESUMES = 5  # turns in a row that were cut off before they ended; then a human looks at it
AFTER_REFUSAL = timedelta(seconds=1)  # a server that refuses a turn is draining or overloaded: a moment helps


def running_seconds(state: TaskState, at: datetime) -> float:
    """How long the running turn has taken, without the time that it waited on a human or had no server; 0 between two
    turns."""
    turn = state.turn
    if turn is None or state.phase not in (Phase.WORKING, Phase.STOPPING):
        return 0.0
    return max(0.0, (min(at, turn.away or at) - turn.since).total_seconds() - turn.paused)


def with_turn(state: TaskState, **changes: object) -> TaskState:
    """The task with these fields of its running turn replaced; as it is if none runs."""
    return replace(state, turn=replace(state.turn, **changes)) if state.turn is not None else state


def away(state: TaskState, at: datetime) -> TaskState:
    """The server of its turn, if it has one, is gone."""
    return with_turn(state, away=state.turn.away or at) if state.turn is not None else state


def back(state: TaskState, at: datetime) -> TaskState:
    """What became of its turn is known again."""
    turn = state.turn
    if turn is None or turn.away is None:
        return state
    return with_turn(state, away=None, paused=turn.paused + max(0.0, (at - turn.away).total_seconds()))


def steered(state: TaskState) -> TaskState:
    """The steer on its way has arrived."""
    if state.steer is None:
        raise AssertionError(f"no steer is on its way to {state.task}")
    seen_up_to = state.steer.at or state.brief.seen_up_to
    return replace(state, brief=replace(state.brief, delivered=state.steer.brief, seen_up_to=seen_up_to), steer=None)


def started(state: TaskState, action: StartTurn, key: ThreadKey, at: datetime) -> TaskState:
    """A turn is about to be started."""
    result = state.result if action.run == state.runs else RunResult(report=state.result.report)
    return replace(
        _between_turns(state),
        phase=after_task(state.phase, TaskTrigger.START),
        since=at,
        why=action.why,
        note="",
        child=action.child,
        runs=action.run,
        sent=state.sent + 1,
        new_run=False,
        thread=key,
        delivery=Delivery(action.message, action.brief, replace(state, delivery=None)),
        steer=None,
        brief=replace(state.brief, delivered=None if action.due is Due.BRIEF else state.brief.delivered, seen_up_to=at),
        due=action.due,
        due_text=state.due_text if state.due is action.due else "",
        not_before=None,
        checking=False,
        tries=replace(state.tries, lost_checks=0),
        result=replace(result, words="", question=None),
    )


def begun(state: TaskState, turn: str, thread: str | None, at: datetime) -> TaskState:
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


def unsent(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The turn never reached the thread: what was due still is. `reason`: the server refused it ("": it got lost)."""
    if state.delivery is None:
        raise AssertionError(f"{state.task} has no turn on its way: it is {state.phase}")
    return replace(
        state.delivery.before,
        sent=state.sent,
        not_before=at + AFTER_REFUSAL if reason else None,
        note=reason,
    )


def refused(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The server would not start the turn: it is asked again a few times, then the task has failed."""
    back = unsent(state, reason, at)
    refusals = state.tries.refusals + 1
    if refusals < MAX_REFUSALS:
        return replace(back, tries=replace(back.tries, refusals=refusals))
    why = f"the server refused the turn {MAX_REFUSALS} times ({reason}): fix that, then `orch go {state.task}`"
    # It counts as delivered, though to no thread: only another brief, or the human, starts it again, with what was due.
    failed = settle(replace(state, brief=_presumed(state, thread=None)), TaskTrigger.FAIL, why, at)
    return replace(failed, due=back.due, due_text=back.due_text)


def cut(state: TaskState, due: Due, text: str, why: str, at: datetime) -> TaskState:
    """The turn ended before its end: another turn goes on with it, if that may still help."""
    if due is Due.RESUME and state.phase is Phase.WORKING and state.tries.resumes >= MAX_RESUMES:
        return ask(
            state,
            Question(
                f"{state.task} was cut off {MAX_RESUMES} times in a row ({why}).",
                "Look at the server's log (`orch logs --child " + state.child + "`), then answer with how to go on.",
                "`accept` to try again, or an instruction for the child.",
            ),
            "it was cut off again and again",
            at,
        )
    stopping = state.phase is Phase.STOPPING
    return replace(
        _between_turns(state),
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
    """What the child has been told, if the turn on its way arrived, as it may have."""
    delivered = state.delivery.brief if state.delivery is not None else state.brief.delivered
    return replace(state.brief, delivered=delivered, thread=thread)


def _between_turns(state: TaskState) -> TaskState:
    """The running turn is over, and what it took counts."""
    return replace(state, turn=None, usage=replace(state.usage, tokens=state.tokens))


def ask(state: TaskState, question: Question, why: str, at: datetime) -> TaskState:
    """A human has to say how to go on."""
    return replace(
        _between_turns(state),
        phase=after_task(state.phase, TaskTrigger.ASK),
        since=at,
        why=why,
        due=None,
        result=replace(state.result, question=question),
        new_run=False,
    )


def settle(state: TaskState, trigger: TaskTrigger, why: str, at: datetime) -> TaskState:
    """The run is over: done, blocked or failed."""
    return replace(
        _between_turns(state),
        phase=after_task(state.phase, trigger),
        since=at,
        why=why,
        delivery=None,
        due=None,
        due_text="",
        checking=False,
        tries=replace(state.tries, refusals=0),
        result=replace(state.result, question=None),
        new_run=True,
    )


def turn_over(
    state: TaskState,
    seen: TurnSeen,
    at: datetime,
    *,
    recovered: bool,
    retry_seconds: tuple[float, ...],
    outage: FailureVerdict | None = None,
) -> TaskState:
    """The running turn ended.

    `recovered`: it ended while nobody listened, and the thread was read afterwards; `outage`: the provider takes no
    work.
    """
    turn = state.turn
    if turn is None:
        raise AssertionError(f"no turn of {state.task} runs: it is {state.phase}")
    spent = Tokens(max(seen.input_tokens, turn.spent.input), max(seen.output_tokens, turn.spent.output))
    usage = Usage(state.usage.tokens, state.usage.seconds + running_seconds(state, at))
    state = replace(state, turn=replace(turn, spent=spent), usage=usage, note="")
    if seen.status is TurnStatus.COMPLETED:
        report = parse_report(seen.text)
        words = "" if report else seen.text or "(nothing)"
        return replace(
            _between_turns(state),
            phase=after_task(state.phase, TaskTrigger.COMPLETED),
            since=at,
            why="the turn ended; its checks come next",
            not_before=None,
            checking=False,
            tries=replace(state.tries, retries=0, resumes=0, stalls=0),
            result=replace(state.result, report=report, words=words),
        )
    state = replace(state, brief=replace(state.brief, thread=None))  # the last words may not have reached the child
    if turn.timed_out:
        why = f"it took longer than its time-out: give it more in plan.md, or run `orch go {state.task}`"
        return settle(state, TaskTrigger.BLOCK, why, at)
    if turn.denied:
        return replace(settle(state, TaskTrigger.BLOCK, turn.denied, at), due=Due.RESUME)
    if turn.stalled and state.phase is Phase.STOPPING:
        return _stalled(state, turn.looked, at)
    if outage is not None and state.phase is not Phase.STOPPING:
        return cut(state, Due.OUTAGE, outage.why, outage.why, at)
    if seen.status is TurnStatus.FAILED and state.phase is not Phase.STOPPING:
        return _failed(state, seen, at, retry_seconds)
    if recovered or state.phase is Phase.STOPPING:
        return cut(state, Due.RESUME, "", "its turn was cut off", at)
    question = Question(
        "The turn was interrupted in another window.",
        f"Look at what it did so far (`orch logs --task {state.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(state, question, "its turn was interrupted in another window", at)


def _failed(state: TaskState, seen: TurnSeen, at: datetime, retry_seconds: tuple[float, ...]) -> TaskState:
    verdict, retries = judge(seen.failure), state.tries.retries
    if verdict.again and retries < len(retry_seconds):
        pause = retry_seconds[retries]
        retried = cut(state, Due.RETRY, verdict.why, f"{verdict.why}; tries again in {pause:g} s", at)
        return replace(retried, not_before=at + timedelta(seconds=pause))
    tries = f" ({retries + 1} tries)" if verdict.again else ""
    return settle(state, TaskTrigger.FAIL, f"{verdict.why}{tries}: {verdict.remedy}, then `orch go {state.task}`", at)


def _stalled(state: TaskState, look: TurnLook | None, at: datetime) -> TaskState:
    """A turn that gave no sign of life was interrupted: it goes on once; then a human looks at it."""
    stalls = state.tries.stalls + 1
    state = replace(state, tries=replace(state.tries, stalls=stalls))
    if stalls < MAX_STALLS:
        hint = "it gave no sign of life; if a command hung, reach the same in another way, with a time-out"
        return cut(state, Due.RESUME, hint, "it gave no sign of life and was interrupted", at)
    running = ", ".join(f"`{one}`" for one in look.commands) if look is not None else ""
    known = f"Codex called its thread {look.state}" if look is not None else "nothing is known of its thread"
    question = Question(
        f"{state.task} gives no sign of life. It was asked for one, interrupted and resumed, and gave none again "
        f"({stalls} times in a row). At the last look {known}, its commands took no CPU time, and "
        f"{'these ran: ' + running if running else 'no command ran'}.",
        f"Look at what it was at (`orch logs --task {state.task}`, `orch attach {state.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(state, question, "it gives no sign of life", at)


def unchecked(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The verify commands could not be run to their end: they are tried again a few times, then the task is blocked."""
    lost = state.tries.lost_checks + 1
    if lost < MAX_LOST:
        tries = replace(state.tries, lost_checks=lost)
        return replace(state, checking=False, tries=tries, note=reason, not_before=at + AFTER_REFUSAL)
    why = f"its verify commands could not be run {MAX_LOST} times ({reason}): fix that, then `orch go {state.task}`"
    return settle(state, TaskTrigger.BLOCK, why, at)


def checked(state: TaskState, event: ChecksFinished) -> TaskState:
    """The verify commands ran, and the child's report is weighed against them."""
    changed = tuple(sorted({*state.result.changed_files, *event.changed_files}))
    result = replace(state.result, checks=event.checks, changed_files=changed)
    state = replace(state, checking=False, tries=replace(state.tries, lost_checks=0), result=result)
    failing = next((check for check in event.checks if check.exit_code != 0), None)
    report = result.report
    if report is None and failing is None:
        if event.checks:
            return settle(state, TaskTrigger.FINISH, "its verify commands pass (it left no valid report)", event.at)
        question = Question(
            "The child ended its turn without a valid report, and the task has no verify command to judge by. "
            "Its last words:\n\n" + quoted(result.words),
            f"Look at the changes in {state.child}, then decide.",
            "`accept` to count the task as done, or an instruction for the child.",
        )
        return ask(state, question, "the child left no valid report", event.at)
    if report is not None and report.outcome is Outcome.BLOCKED:
        return settle(state, TaskTrigger.BLOCK, f"the child says: {report.summary}", event.at)
    if report is not None and report.outcome is Outcome.NEEDS_HUMAN:
        question = report.ask or Question(report.summary, "", "an answer for the child")
        return ask(state, question, "the child needs a human", event.at)
    if failing is None:
        return settle(state, TaskTrigger.FINISH, "verified" if event.checks else "reported done", event.at)
    if state.tries.fixes < MAX_FIXES:
        return replace(
            state,
            phase=after_task(state.phase, TaskTrigger.GO_ON),
            since=event.at,
            due=Due.FIX,
            due_text=_failures(event.checks),
            why=f"`{failing.command}` exited with {failing.exit_code}",
        )
    why = (
        f"`{failing.command}` still exits with {failing.exit_code} after {MAX_FIXES} follow-up turns: "
        f"change the task in plan.md, or run `orch go {state.task}`"
    )
    return settle(state, TaskTrigger.BLOCK, why, event.at)


def answered(state: TaskState, answer: Answer, at: datetime, *, human: bool) -> TaskState:
    """The human settled what the task was waiting for. `human`: it is the human's own task."""
    if state.phase is not Phase.ASKING:
        return state
    if human:
        if answer.decision == "decline":
            why = "declined by the human" + (f": {answer.text}" if answer.text else "")
            return settle(state, TaskTrigger.BLOCK, why, at)
        done = settle(state, TaskTrigger.FINISH, "done by the human", at)
        words = answer.text or "Done, as expected."
        return replace(done, result=replace(done.result, words=words), runs=max(state.runs, 1))
    if answer.decision == "accept" and state.result.words:  # the words of a turn without a report
        return settle(state, TaskTrigger.FINISH, "accepted by the human", at)
    text = answer.text or {"accept": "Yes.", "decline": "No."}.get(answer.decision, answer.decision)
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.GO_ON),
        since=at,
        due=Due.ANSWER,
        due_text=text,
        why="a human answered",
    )


def posed(state: TaskState, action: RaiseAsk, at: datetime) -> TaskState:
    """The human was asked to do their own task."""
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.ASK),
        since=at,
        runs=state.runs + (state.phase is not Phase.ASKING and state.new_run),
        new_run=False,
        child=HUMAN,
        brief=replace(state.brief, delivered=action.brief),
        due=None,
        why=action.why,
    )


def again(state: TaskState, at: datetime) -> TaskState:
    """The human wants a blocked or failed task tried again."""
    if state.phase not in (Phase.BLOCKED, Phase.FAILED):
        return state
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.GO_ON),
        since=at,
        due=state.due or (Due.RESUME if state.brief.delivered else Due.BRIEF),
        tries=replace(state.tries, fixes=0, retries=0, resumes=0),
        not_before=None,
        why="tried again: the human asked for it",
    )


def by_thread(tasks: Iterable[TaskState], key: ThreadKey) -> tuple[TaskState, ...]:
    """The tasks that have a turn, or a steer on its way, on this thread."""
    busy = (Phase.STARTING, Phase.WORKING, Phase.STOPPING)
    return tuple(state for state in tasks if state.thread == key and (state.phase in busy or state.steer))


def _failures(checks: tuple[Check, ...]) -> str:
    return "\n\n".join(
        f"`{check.command}` exited with {check.exit_code}. The end of its output:\n\n{quoted(check.tail)}"
        for check in checks
        if check.exit_code != 0
    )


def quoted(text: str) -> str:
    """Text as a Markdown block quote: data, not instructions; nothing in it can end the quote."""
    return "\n".join(f"> {line}" for line in text.splitlines()) or "> (nothing)"
