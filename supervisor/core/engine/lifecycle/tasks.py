"""The execution of a task between its turns: checks, answers, and the end of a run. Each function takes the state of
the task before an event, and returns the state after it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.text.escape import block_quote
from supervisor.domain.action import RaiseAsk
from supervisor.domain.ask import Answer
from supervisor.domain.event import ChangesListed, ChecksFinished
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Check, Outcome, Question
from supervisor.domain.task import ChangeList, Due, Phase, RunResult, TaskState

SHORT = 20  # lines of an output that is short enough to be read as a whole
MAX_FIXES = 2  # follow-up turns after a failing verify command; then the task is blocked
MAX_LOST = 5  # tries to run the verify commands; then the task is blocked
AFTER_REFUSAL = timedelta(seconds=1)  # a server that refuses a request is draining or overloaded: a moment helps


def between_turns(state: TaskState) -> TaskState:
    """No turn runs any more. What the last one used counts."""
    last = state.turn.id if state.turn is not None else state.last_turn
    return replace(state, turn=None, last_turn=last, usage=replace(state.usage, tokens=state.tokens))


def ask(state: TaskState, question: Question, why: str, at: datetime) -> TaskState:
    """A human has to say how to continue."""
    return replace(
        between_turns(state),
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
        between_turns(state),
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


def finish(state: TaskState, why: str, at: datetime) -> TaskState:
    """The run did what it was to do. If it worked in a work tree of its own, its changes have to be merged yet."""
    if not state.apart:
        return settle(state, TaskTrigger.FINISH, why, at)
    merging = between_turns(replace(state, phase=after_task(state.phase, TaskTrigger.MERGE), since=at, why=why))
    return replace(merging, due=None, due_text="", note="", not_before=None)


def checks_lost(state: TaskState, reason: str, at: datetime) -> TaskState:
    """The verify commands could not be completed. After `MAX_LOST` tries, the task is blocked."""
    lost = state.tries.lost_checks + 1
    if lost < MAX_LOST:
        tries = replace(state.tries, lost_checks=lost)
        return replace(state, checking=False, tries=tries, note=reason, not_before=at + AFTER_REFUSAL)
    why = f"its verify commands could not be run {MAX_LOST} times ({reason}): fix that, then `orch go {state.task}`"
    return settle(state, TaskTrigger.BLOCK, why, at)


def checks_finished(state: TaskState, event: ChecksFinished) -> TaskState:
    """The verify commands ran. Their results and the child's report decide how the task continues."""
    result = replace(with_changes(state.result, event), checks=event.checks)
    state = replace(state, checking=False, tries=replace(state.tries, lost_checks=0), result=result)
    failing = next((check for check in event.checks if check.exit_code != 0), None)
    report = result.report
    if report is None and failing is None:
        if event.checks:
            return finish(state, "its verify commands pass (it left no valid report)", event.at)
        question = Question(
            "The child ended its turn without a valid report, and the task has no verify command that could decide. "
            "The child's last message:\n\n" + block_quote(result.words),
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
        return finish(state, "verified" if event.checks else "reported done", event.at)
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


def changes_listed(result: RunResult) -> ChangeList:
    """The changed files up to now."""
    return ChangeList(result.changed_files, result.more_files, result.open_ended)


def with_changes(result: RunResult, event: ChangesListed | ChecksFinished) -> RunResult:
    """The changes up to now were listed. The next turn begins with the working tree as it finds it then."""
    if event.changed_files and result.report is not None:
        result = replace(result, change=result.report.summary)
    listed = event.listed
    if listed is None:
        return replace(result, changed_files=tuple(sorted({*result.changed_files, *event.changed_files})))
    known = {*listed.files, *listed.reverted}
    files = (*listed.files, *(name for name in result.changed_files if name not in known))
    return replace(result, base=None, changed_files=files, more_files=listed.more, open_ended=listed.open_ended)


def answered(state: TaskState, answer: Answer, at: datetime, *, human: bool) -> TaskState:
    """The human answered what the task was waiting for. `human`: it is the human's own task."""
    if state.phase is not Phase.ASKING:
        return state
    if human:
        if answer.decision == "decline":
            why = "declined by the human" + (f": {answer.text}" if answer.text else "")
            return settle(state, TaskTrigger.BLOCK, why, at)
        done = settle(state, TaskTrigger.FINISH, "done by the human", at)
        words = answer.text or "Done, as expected."
        return replace(done, result=replace(done.result, words=words), runs=max(state.runs, 1))
    if answer.decision == "accept" and state.result.words:  # there is a message in place of a report
        return finish(state, "accepted by the human", at)
    text = answer.text or {"accept": "Yes.", "decline": "No."}.get(answer.decision, answer.decision)
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.GO_ON),
        since=at,
        due=Due.ANSWER,
        due_text=text,
        why="a human answered",
    )


def checkpoint_raised(state: TaskState, action: RaiseAsk, at: datetime) -> TaskState:
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


def retried(state: TaskState, at: datetime) -> TaskState:
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


def _failures(checks: tuple[Check, ...]) -> str:
    return "\n\n".join(_failure(check) for check in checks if check.exit_code != 0)


def _failure(check: Check) -> str:
    """Say how a verify command failed: first the lines that look like failures, if the output is long."""
    parts = [f"`{check.command}` exited with {check.exit_code}."]
    if check.lines > SHORT and check.failing:
        rows = "\n".join(f"{line.number}: {line.text}" for line in check.failing)
        parts.append(f"The lines of its output that look like failures:\n\n{block_quote(rows)}")
    parts.append(f"The end of its output:\n\n{block_quote(check.tail)}" if check.tail else "It printed nothing.")
    if check.cut and check.log:
        parts.append(f"The output without its middle, {check.lines:,} lines, is in {check.log}")
    elif check.lines > SHORT and check.log:
        parts.append(f"All {check.lines:,} lines are in {check.log}")
    return "\n\n".join(parts)
