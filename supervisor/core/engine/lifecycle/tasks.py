"""What events do to the work on one task. Each function takes the work as it was and gives it as it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.failures import Verdict, judge
from supervisor.core.engine.lifecycle.report import parse_report
from supervisor.core.engine.lifecycle.transitions import WorkTrigger, after_work
from supervisor.domain.action import RaiseAsk, StartTurn
from supervisor.domain.ask import Answer
from supervisor.domain.child import TurnSeen, TurnStatus
from supervisor.domain.event import ChecksFinished
from supervisor.domain.plan import HUMAN
from supervisor.domain.run import Check, Due, Outcome, Phase, Pulse, Question
from supervisor.domain.world import ThreadKey, Work

MAX_FIXES = 2  # follow-up turns after a failing verify command; then the task is blocked
MAX_REFUSALS = 5  # of one turn by the server
MAX_LOST = 5  # tries to run the verify commands
MAX_STALLS = 2  # turns in a row that were interrupted because they gave no sign of life; then a human looks at it
MAX_RESUMES = 5  # turns in a row that were cut off before they ended; then a human looks at it
AFTER_REFUSAL = timedelta(seconds=1)  # a server that refuses a turn is draining or overloaded: a moment helps


def running_seconds(work: Work, at: datetime) -> float:
    """How long the current turn has been running, without the time that it waited on a human or had no server;
    0 between two turns."""
    if work.turn_since is None or work.phase not in (Phase.WORKING, Phase.STOPPING):
        return 0.0
    return max(0.0, (min(at, work.away or at) - work.turn_since).total_seconds() - work.paused)


def away(work: Work, at: datetime) -> Work:
    """The server of its turn, if it has one, is gone."""
    return replace(work, away=work.away or at) if work.turn is not None else work


def back(work: Work, at: datetime) -> Work:
    """What became of its turn is known again."""
    if work.away is None:
        return work
    return replace(work, away=None, paused=work.paused + max(0.0, (at - work.away).total_seconds()))


def steered(work: Work) -> Work:
    """The steer on its way has arrived."""
    if work.steer is None:
        raise AssertionError(f"nothing is on its way to {work.task}")
    return replace(work, told=work.steer.brief, heard=work.steer.at or work.heard, steer=None)


def started(work: Work, action: StartTurn, key: ThreadKey, at: datetime) -> Work:
    """A turn is about to be started."""
    again = action.run == work.runs
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.START),
        since=at,
        child=action.child,
        runs=action.run,
        sent=work.sent + 1,
        new_run=False,
        thread=key,
        turn=None,
        message=action.message,
        before=replace(work, before=None),
        sending=action.brief,
        steer=None,
        heard=at,
        told=None if action.due is Due.BRIEF else work.told,
        due=action.due,
        due_text=work.due_text if work.due is action.due else "",
        not_before=None,
        timed_out=False,
        stalled=False,
        denied="",
        checking=False,
        lost=0,
        base=work.base if again else None,
        words="",
        question=None,
        checks=work.checks if again else (),
        changed_files=work.changed_files if again else (),
        why=action.why,
        note="",
    )


def begun(work: Work, turn: str, thread: str | None, at: datetime) -> Work:
    """The turn that was started is known to run: what it carried is told."""
    again = work.due in (Due.FIX, Due.RESUME, Due.RETRY, Due.OUTAGE)
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.BEGUN),
        turn=turn,
        refusals=0,
        turns=work.turns + 1,
        turn_since=at,
        paused=0.0,
        away=None,
        input_tokens=work.input_tokens + work.spent[0],  # of a turn whose end nobody saw
        output_tokens=work.output_tokens + work.spent[1],
        spent=(0, 0),
        pulse=Pulse.LIVELY,
        pulse_since=at,
        looking=False,
        looked=None,
        told=work.sending,
        told_in=thread,
        message=None,
        before=None,
        sending=None,
        due=None,
        due_text="",
        fixes=work.fixes + (work.due is Due.FIX) if again else 0,
        retries=work.retries + (work.due is Due.RETRY) if again else 0,
        resumes=work.resumes + (work.due is Due.RESUME) if again else 0,
        stalls=work.stalls if again else 0,
    )


def unsent(work: Work, reason: str, at: datetime) -> Work:
    """The turn never reached the thread: what was due still is. `reason`: the server refused it ("": it got lost)."""
    if work.phase is not Phase.STARTING or work.before is None:
        raise AssertionError(f"{work.task} has no turn on its way: it is {work.phase}")
    return replace(
        work.before,
        sent=work.sent,
        refusals=work.refusals,
        not_before=at + AFTER_REFUSAL if reason else None,
        note=reason,
    )


def refused(work: Work, reason: str, at: datetime) -> Work:
    """The server would not start the turn: it is asked again a few times, then the task has failed."""
    back = unsent(work, reason, at)
    if work.refusals + 1 < MAX_REFUSALS:
        return replace(back, refusals=work.refusals + 1)
    why = f"the server refused the turn {MAX_REFUSALS} times ({reason}): mend that, then `orch go {work.task}`"
    # It counts as told, though by no thread: only another brief, or the human, starts it again, with what was due.
    failed = settle(replace(work, told=work.sending, told_in=None), WorkTrigger.FAIL, why, at)
    return replace(failed, due=back.due, due_text=back.due_text)


def cut(work: Work, due: Due, text: str, why: str, at: datetime) -> Work:
    """The turn ended before its end: it goes on with another one, if that may still help."""
    if due is Due.RESUME and work.phase is Phase.WORKING and work.resumes >= MAX_RESUMES:
        return ask(
            work,
            Question(
                f"{work.task} was cut off {MAX_RESUMES} times in a row ({why}).",
                "Look at the server's log (`orch logs --child " + work.child + "`), then answer with how to go on.",
                "`accept` to try again, or an instruction for the child.",
            ),
            "it was cut off again and again",
            at,
        )
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.CUT),
        since=at,
        turn=None,
        steer=None,
        message=None,
        before=None,
        sending=None,
        told=work.sending or work.told,  # what was on its way may have arrived
        due=due,
        due_text=text,
        resumes=0 if work.phase is Phase.STOPPING else work.resumes,
        why=why,
    )


def ask(work: Work, question: Question, why: str, at: datetime) -> Work:
    """A human has to say how it goes on."""
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.ASK),
        since=at,
        turn=None,
        due=None,
        question=question,
        why=why,
        new_run=False,
    )


def settle(work: Work, trigger: WorkTrigger, why: str, at: datetime) -> Work:
    """The run is over: done, blocked or failed."""
    return replace(
        work,
        phase=after_work(work.phase, trigger),
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
    work: Work,
    seen: TurnSeen,
    at: datetime,
    *,
    surveyed: bool,
    retry_seconds: tuple[float, ...],
    outage: Verdict | None = None,
) -> Work:
    """The turn of this work ended. `surveyed`: we were not there when it did; `outage`: the provider takes no work."""
    work = replace(
        work,
        input_tokens=work.input_tokens + max(seen.input_tokens, work.spent[0]),
        output_tokens=work.output_tokens + max(seen.output_tokens, work.spent[1]),
        spent=(0, 0),
        seconds=work.seconds + running_seconds(work, at),
        note="",
    )
    if seen.status is TurnStatus.COMPLETED:
        report = parse_report(seen.text)
        return replace(
            work,
            phase=after_work(work.phase, WorkTrigger.COMPLETED),
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
    work = replace(work, told_in=None)  # words that came just before the end may not have reached the child
    if work.timed_out:
        why = f"it took longer than its time-out: give it more in plan.md, or run `orch go {work.task}`"
        return settle(work, WorkTrigger.BLOCK, why, at)
    if work.denied:
        return replace(settle(work, WorkTrigger.BLOCK, work.denied, at), due=Due.RESUME)
    if work.stalled and work.phase is Phase.STOPPING:
        return _stalled(work, at)
    if outage is not None and work.phase is not Phase.STOPPING:
        return cut(work, Due.OUTAGE, outage.why, outage.why, at)
    if seen.status is TurnStatus.FAILED and work.phase is not Phase.STOPPING:
        return _failed(work, seen, at, retry_seconds)
    if surveyed or work.phase is Phase.STOPPING:
        return cut(work, Due.RESUME, "", "its turn was cut off", at)
    question = Question(
        "The turn was interrupted in another window.",
        f"Look at what it did so far (`orch logs --task {work.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(work, question, "its turn was interrupted in another window", at)


def _failed(work: Work, seen: TurnSeen, at: datetime, retry_seconds: tuple[float, ...]) -> Work:
    verdict = judge(seen.failure)
    if verdict.again and work.retries < len(retry_seconds):
        pause = retry_seconds[work.retries]
        retried = cut(work, Due.RETRY, verdict.why, f"{verdict.why}; tries again in {pause:g} s", at)
        return replace(retried, not_before=at + timedelta(seconds=pause))
    tries = f" ({work.retries + 1} tries)" if verdict.again else ""
    return settle(work, WorkTrigger.FAIL, f"{verdict.why}{tries}: {verdict.remedy}, then `orch go {work.task}`", at)


def _stalled(work: Work, at: datetime) -> Work:
    """A turn that gave no sign of life was interrupted: it goes on once; then a human looks at it."""
    work = replace(work, stalls=work.stalls + 1)
    if work.stalls < MAX_STALLS:
        hint = "it gave no sign of life; if a command hung, reach the same in another way, with a time-out"
        return cut(work, Due.RESUME, hint, "it gave no sign of life and was interrupted", at)
    look = work.looked
    running = ", ".join(f"`{one}`" for one in look.commands) if look is not None else ""
    state = f"Codex called its thread {look.state}" if look is not None else "nothing is known of its thread"
    question = Question(
        f"{work.task} gives no sign of life. It was asked for one, interrupted and resumed, and gave none again "
        f"({work.stalls} times in a row). At the last look {state}, its commands took no CPU time, and "
        f"{'these ran: ' + running if running else 'no command ran'}.",
        f"Look at what it was at (`orch logs --task {work.task}`, `orch attach {work.task}`), then say how to go on.",
        "`accept` to let it go on, or an instruction for the child.",
    )
    return ask(work, question, "it gives no sign of life", at)


def unchecked(work: Work, reason: str, at: datetime) -> Work:
    """The verify commands could not be run to their end: they are tried again a few times, then the task is blocked."""
    if work.lost + 1 < MAX_LOST:
        return replace(work, checking=False, lost=work.lost + 1, note=reason, not_before=at + AFTER_REFUSAL)
    why = f"its verify commands could not be run {MAX_LOST} times ({reason}): mend that, then `orch go {work.task}`"
    return settle(work, WorkTrigger.BLOCK, why, at)


def checked(work: Work, event: ChecksFinished) -> Work:
    """The verify commands ran, and the child's report is weighed against them."""
    work = replace(
        work,
        checking=False,
        lost=0,
        checks=event.checks,
        changed_files=tuple(sorted({*work.changed_files, *event.changed_files})),
    )
    failing = next((check for check in event.checks if check.exit_code != 0), None)
    if work.report is None and failing is None:
        if event.checks:
            return settle(work, WorkTrigger.FINISH, "its verify commands pass (it left no valid report)", event.at)
        question = Question(
            "The child ended its turn without a valid report, and the task has no verify command to judge by. "
            "Its last words:\n\n" + quoted(work.words),
            f"Look at the changes in {work.child}, then decide.",
            "`accept` to count the task as done, or an instruction for the child.",
        )
        return ask(work, question, "the child left no valid report", event.at)
    if work.report is not None and work.report.outcome is Outcome.BLOCKED:
        return settle(work, WorkTrigger.BLOCK, f"the child says: {work.report.summary}", event.at)
    if work.report is not None and work.report.outcome is Outcome.NEEDS_HUMAN:
        question = work.report.ask or Question(work.report.summary, "", "an answer for the child")
        return ask(work, question, "the child needs a human", event.at)
    if failing is None:
        return settle(work, WorkTrigger.FINISH, "verified" if event.checks else "reported done", event.at)
    if work.fixes < MAX_FIXES:
        return replace(
            work,
            phase=after_work(work.phase, WorkTrigger.GO_ON),
            since=event.at,
            due=Due.FIX,
            due_text=_failures(event.checks),
            why=f"`{failing.command}` exited with {failing.exit_code}",
        )
    why = (
        f"`{failing.command}` still exits with {failing.exit_code} after {MAX_FIXES} follow-up turns: "
        f"change the task in plan.md, or run `orch go {work.task}`"
    )
    return settle(work, WorkTrigger.BLOCK, why, event.at)


def answered(work: Work, answer: Answer, at: datetime, *, human: bool) -> Work:
    """The human settled what the work was waiting for. `human`: it is the human's own task."""
    if work.phase is not Phase.ASKING:
        return work
    if human:
        if answer.decision == "decline":
            why = "declined by the human" + (f": {answer.text}" if answer.text else "")
            return settle(work, WorkTrigger.BLOCK, why, at)
        done = settle(work, WorkTrigger.FINISH, "done by the human", at)
        return replace(done, words=answer.text or "Done, as expected.", runs=max(work.runs, 1))
    if answer.decision == "accept" and work.words:  # the words of a turn without a report
        return settle(work, WorkTrigger.FINISH, "accepted by the human", at)
    text = answer.text or {"accept": "Yes.", "decline": "No."}.get(answer.decision, answer.decision)
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.GO_ON),
        since=at,
        due=Due.ANSWER,
        due_text=text,
        why="a human answered",
    )


def posed(work: Work, action: RaiseAsk, at: datetime) -> Work:
    """The human's own task was put before the human."""
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.ASK),
        since=at,
        runs=work.runs + (work.phase is not Phase.ASKING and work.new_run),
        new_run=False,
        child=HUMAN,
        told=action.brief,
        due=None,
        why=action.why,
    )


def again(work: Work, at: datetime) -> Work:
    """The human wants a blocked or failed task tried again."""
    if work.phase not in (Phase.BLOCKED, Phase.FAILED):
        return work
    return replace(
        work,
        phase=after_work(work.phase, WorkTrigger.GO_ON),
        since=at,
        due=work.due or (Due.RESUME if work.told else Due.BRIEF),
        fixes=0,
        retries=0,
        resumes=0,
        not_before=None,
        why="tried again: the human asked for it",
    )


def by_thread(works: Iterable[Work], key: ThreadKey) -> tuple[Work, ...]:
    """The works that have a turn, or words on their way, on this thread."""
    busy = (Phase.STARTING, Phase.WORKING, Phase.STOPPING)
    return tuple(work for work in works if work.thread == key and (work.phase in busy or work.steer))


def _failures(checks: tuple[Check, ...]) -> str:
    return "\n\n".join(
        f"`{check.command}` exited with {check.exit_code}. The end of its output:\n\n{quoted(check.tail)}"
        for check in checks
        if check.exit_code != 0
    )


def quoted(text: str) -> str:
    """Text as a Markdown block quote: data, not instructions; nothing in it can end the quote."""
    return "\n".join(f"> {line}" for line in text.splitlines()) or "> (nothing)"
