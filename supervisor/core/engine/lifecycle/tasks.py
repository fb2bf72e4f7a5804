"""What events do to the work on one task. Each function takes the work as it was and gives it as it is."""

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
from supervisor.domain.task import Due, Phase, Pulse, TaskState
from supervisor.domain.thread import ThreadKey, TurnSeen, TurnStatus

MAX_FIXES = 2  # follow-up turns after a failing verify command; then the task is blocked
MAX_REFUSALS = 5  # of one turn by the server
MAX_LOST = 5  # tries to run the verify commands
MAX_STALLS = 2  # turns in a row that were interrupted because they gave no sign of life; then a human looks at it
MAX_RESUMES = 5  # turns in a row that were cut off before they ended; then a human looks at it
AFTER_REFUSAL = timedelta(seconds=1)  # a server that refuses a turn is draining or overloaded: a moment helps


def running_seconds(state: TaskState, at: datetime) -> float:
    """How long the current turn has been running, without the time that it waited on a human or had no server;
    0 between two turns."""
    if state.turn_since is None or state.phase not in (Phase.WORKING, Phase.STOPPING):
        return 0.0
    return max(0.0, (min(at, state.away or at) - state.turn_since).total_seconds() - state.paused)


def away(state: TaskState, at: datetime) -> TaskState:
    """The server of its turn, if it has one, is gone."""
    return replace(state, away=state.away or at) if state.turn is not None else state


def back(state: TaskState, at: datetime) -> TaskState:
    """What became of its turn is known again."""
    if state.away is None:
        return state
    return replace(state, away=None, paused=state.paused + max(0.0, (at - state.away).total_seconds()))


def steered(state: TaskState) -> TaskState:
    """The steer on its way has arrived."""
    if state.steer is None:
        raise AssertionError(f"nothing is on its way to {state.task}")
    return replace(state, told=state.steer.brief, heard=state.steer.at or state.heard, steer=None)


def started(state: TaskState, action: StartTurn, key: ThreadKey, at: datetime) -> TaskState:
    """A turn is about to be started."""
    again = action.run == state.runs
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.START),
        since=at,
        child=action.child,
        runs=action.run,
        sent=state.sent + 1,
        new_run=False,
        thread=key,
        turn=None,
        message=action.message,
        before=replace(state, before=None),
        sending=action.brief,
        steer=None,
        heard=at,
        told=None if action.due is Due.BRIEF else state.told,
        due=action.due,
        due_text=state.due_text if state.due is action.due else "",
        not_before=None,
        timed_out=False,
        stalled=False,
        denied="",
        checking=False,
        lost=0,
        base=state.base if again else None,
        words="",
        question=None,
        checks=state.checks if again else (),
        changed_files=state.changed_files if again else (),
        why=action.why,
        note="",
    )


def begun(state: TaskState, turn: str, thread: str | None, at: datetime) -> TaskState:
    """The turn that was started is known to run: what it carried is told."""
    again = state.due in (Due.FIX, Due.RESUME, Due.RETRY, Due.OUTAGE)
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.BEGUN),
        turn=turn,
        refusals=0,
        turns=state.turns + 1,
        turn_since=at,
        paused=0.0,
        away=None,
        input_tokens=state.input_tokens + state.spent[0],  # of a turn whose end nobody saw
        output_tokens=state.output_tokens + state.spent[1],
        spent=(0, 0),
        pulse=Pulse.LIVELY,
        pulse_since=at,
        looking=False,
        looked=None,
        told=state.sending,
        told_in=thread,
        message=None,
        before=None,
        sending=None,
        due=None,
        due_text="",
        fixes=state.fixes + (state.due is Due.FIX) if again else 0,
        retries=state.retries + (state.due is Due.RETRY) if again else 0,
        resumes=state.resumes + (state.due is Due.RESUME) if again else 0,
        stalls=state.stalls if again else 0,
    )


def unsent(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The turn never reached the thread: what was due still is. `reason`: the server refused it ("": it got lost)."""
    if state.phase is not Phase.STARTING or state.before is None:
        raise AssertionError(f"{state.task} has no turn on its way: it is {state.phase}")
    return replace(
        state.before,
        sent=state.sent,
        refusals=state.refusals,
        not_before=at + AFTER_REFUSAL if reason else None,
        note=reason,
    )


def refused(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The server would not start the turn: it is asked again a few times, then the task has failed."""
    back = unsent(state, reason, at)
    if state.refusals + 1 < MAX_REFUSALS:
        return replace(back, refusals=state.refusals + 1)
    why = f"the server refused the turn {MAX_REFUSALS} times ({reason}): mend that, then `orch go {state.task}`"
    # It counts as told, though by no thread: only another brief, or the human, starts it again, with what was due.
    failed = settle(replace(state, told=state.sending, told_in=None), TaskTrigger.FAIL, why, at)
    return replace(failed, due=back.due, due_text=back.due_text)


def cut(state: TaskState, due: Due, text: str, why: str, at: datetime) -> TaskState:
    """The turn ended before its end: it goes on with another one, if that may still help."""
    if due is Due.RESUME and state.phase is Phase.WORKING and state.resumes >= MAX_RESUMES:
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
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.CUT),
        since=at,
        turn=None,
        steer=None,
        message=None,
        before=None,
        sending=None,
        told=state.sending or state.told,  # what was on its way may have arrived
        due=due,
        due_text=text,
        resumes=0 if state.phase is Phase.STOPPING else state.resumes,
        why=why,
    )


def ask(state: TaskState, question: Question, why: str, at: datetime) -> TaskState:
    """A human has to say how it goes on."""
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.ASK),
        since=at,
        turn=None,
        due=None,
        question=question,
        why=why,
        new_run=False,
    )


def settle(state: TaskState, trigger: TaskTrigger, why: str, at: datetime) -> TaskState:
    """The run is over: done, blocked or failed."""
    return replace(
        state,
        phase=after_task(state.phase, trigger),
        since=at,
        turn=None,
        message=None,
        before=None,
        sending=None,
        due=None,
        due_text="",
        refusals=0,
        checking=False,
        question=None,
        why=why,
        new_run=True,
    )


def turn_over(
    state: TaskState,
    seen: TurnSeen,
    at: datetime,
    *,
    surveyed: bool,
    retry_seconds: tuple[float, ...],
    outage: FailureVerdict | None = None,
) -> TaskState:
    """The turn of this work ended. `surveyed`: we were not there when it did; `outage`: the provider takes no work."""
    state = replace(
        state,
        input_tokens=state.input_tokens + max(seen.input_tokens, state.spent[0]),
        output_tokens=state.output_tokens + max(seen.output_tokens, state.spent[1]),
        spent=(0, 0),
        seconds=state.seconds + running_seconds(state, at),
        note="",
    )
    if seen.status is TurnStatus.COMPLETED:
        report = parse_report(seen.text)
        return replace(
            state,
            phase=after_task(state.phase, TaskTrigger.COMPLETED),
            since=at,
            turn=None,
            not_before=None,
            checking=False,
            report=report,
            words="" if report else seen.text or "(nothing)",
            retries=0,
            resumes=0,
            stalls=0,
            why="the turn ended; its checks come next",
        )
    state = replace(state, told_in=None)  # words that came just before the end may not have reached the child
    if state.timed_out:
        why = f"it took longer than its time-out: give it more in plan.md, or run `orch go {state.task}`"
        return settle(state, TaskTrigger.BLOCK, why, at)
    if state.denied:
        return replace(settle(state, TaskTrigger.BLOCK, state.denied, at), due=Due.RESUME)
    if state.stalled and state.phase is Phase.STOPPING:
        return _stalled(state, at)
    if outage is not None and state.phase is not Phase.STOPPING:
        return cut(state, Due.OUTAGE, outage.why, outage.why, at)
    if seen.status is TurnStatus.FAILED and state.phase is not Phase.STOPPING:
        return _failed(state, seen, at, retry_seconds)
    if surveyed or state.phase is Phase.STOPPING:
        return cut(state, Due.RESUME, "", "its turn was cut off", at)
    question = Question(
        "The turn was interrupted in another window.",
        f"Look at what it did so far (`orch logs --task {state.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(state, question, "its turn was interrupted in another window", at)


def _failed(state: TaskState, seen: TurnSeen, at: datetime, retry_seconds: tuple[float, ...]) -> TaskState:
    verdict = judge(seen.failure)
    if verdict.again and state.retries < len(retry_seconds):
        pause = retry_seconds[state.retries]
        retried = cut(state, Due.RETRY, verdict.why, f"{verdict.why}; tries again in {pause:g} s", at)
        return replace(retried, not_before=at + timedelta(seconds=pause))
    tries = f" ({state.retries + 1} tries)" if verdict.again else ""
    return settle(state, TaskTrigger.FAIL, f"{verdict.why}{tries}: {verdict.remedy}, then `orch go {state.task}`", at)


def _stalled(state: TaskState, at: datetime) -> TaskState:
    """A turn that gave no sign of life was interrupted: it goes on once; then a human looks at it."""
    state = replace(state, stalls=state.stalls + 1)
    if state.stalls < MAX_STALLS:
        hint = "it gave no sign of life; if a command hung, reach the same in another way, with a time-out"
        return cut(state, Due.RESUME, hint, "it gave no sign of life and was interrupted", at)
    look = state.looked
    running = ", ".join(f"`{one}`" for one in look.commands) if look is not None else ""
    known = f"Codex called its thread {look.state}" if look is not None else "nothing is known of its thread"
    question = Question(
        f"{state.task} gives no sign of life. It was asked for one, interrupted and resumed, and gave none again "
        f"({state.stalls} times in a row). At the last look {known}, its commands took no CPU time, and "
        f"{'these ran: ' + running if running else 'no command ran'}.",
        f"Look at what it was at (`orch logs --task {state.task}`, `orch attach {state.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(state, question, "it gives no sign of life", at)


def unchecked(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The verify commands could not be run to their end: they are tried again a few times, then the task is blocked."""
    if state.lost + 1 < MAX_LOST:
        return replace(state, checking=False, lost=state.lost + 1, note=reason, not_before=at + AFTER_REFUSAL)
    why = f"its verify commands could not be run {MAX_LOST} times ({reason}): mend that, then `orch go {state.task}`"
    return settle(state, TaskTrigger.BLOCK, why, at)


def checked(state: TaskState, event: ChecksFinished) -> TaskState:
    """The verify commands ran, and the child's report is weighed against them."""
    state = replace(
        state,
        checking=False,
        lost=0,
        checks=event.checks,
        changed_files=tuple(sorted({*state.changed_files, *event.changed_files})),
    )
    failing = next((check for check in event.checks if check.exit_code != 0), None)
    if state.report is None and failing is None:
        if event.checks:
            return settle(state, TaskTrigger.FINISH, "its verify commands pass (it left no valid report)", event.at)
        question = Question(
            "The child ended its turn without a valid report, and the task has no verify command to judge by. "
            "Its last words:\n\n" + quoted(state.words),
            f"Look at the changes in {state.child}, then decide.",
            "`accept` to count the task as done, or an instruction for the child.",
        )
        return ask(state, question, "the child left no valid report", event.at)
    if state.report is not None and state.report.outcome is Outcome.BLOCKED:
        return settle(state, TaskTrigger.BLOCK, f"the child says: {state.report.summary}", event.at)
    if state.report is not None and state.report.outcome is Outcome.NEEDS_HUMAN:
        question = state.report.ask or Question(state.report.summary, "", "an answer for the child")
        return ask(state, question, "the child needs a human", event.at)
    if failing is None:
        return settle(state, TaskTrigger.FINISH, "verified" if event.checks else "reported done", event.at)
    if state.fixes < MAX_FIXES:
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
    """The human settled what the work was waiting for. `human`: it is the human's own task."""
    if state.phase is not Phase.ASKING:
        return state
    if human:
        if answer.decision == "decline":
            why = "declined by the human" + (f": {answer.text}" if answer.text else "")
            return settle(state, TaskTrigger.BLOCK, why, at)
        done = settle(state, TaskTrigger.FINISH, "done by the human", at)
        return replace(done, words=answer.text or "Done, as expected.", runs=max(state.runs, 1))
    if answer.decision == "accept" and state.words:  # the words of a turn without a report
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
    """The human's own task was put before the human."""
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.ASK),
        since=at,
        runs=state.runs + (state.phase is not Phase.ASKING and state.new_run),
        new_run=False,
        child=HUMAN,
        told=action.brief,
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
        due=state.due or (Due.RESUME if state.told else Due.BRIEF),
        fixes=0,
        retries=0,
        resumes=0,
        not_before=None,
        why="tried again: the human asked for it",
    )


def by_thread(tasks: Iterable[TaskState], key: ThreadKey) -> tuple[TaskState, ...]:
    """The works that have a turn, or words on their way, on this thread."""
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
