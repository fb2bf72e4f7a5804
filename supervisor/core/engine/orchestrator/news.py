"""Pick news for the orchestrator out of events: results that may change the plan, and what humans said."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from supervisor.core.engine.agenda import changed
from supervisor.core.engine.lifecycle.updates import with_orchestrator
from supervisor.core.map.drift import describe_drift
from supervisor.core.text.escape import block_quote
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import News, World

KEPT = 100  # pieces of news; runs.md has older ones
WORDS = 600  # characters of a quoted message


def with_news(before: World, after: World, event: ev.Event) -> World:
    """Add the news of an event to the world, once the orchestrator has begun to plan."""
    own = after.orchestrator
    planning = own.planning
    if planning is None or not planning.delivered or planning.stopped is not None or after is before:
        return after
    news, number = list(own.news), own.newest
    for text, loud in _news_of(before, after, event):
        number += 1
        news.append(News(number, event.at, text, loud))
    return with_orchestrator(after, news=tuple(news[-KEPT:]), newest=number) if number > own.newest else after


def _news_of(before: World, after: World, event: ev.Event) -> Iterator[tuple[str, bool]]:
    """Yield each piece of news, and whether it is worth a turn of its own."""
    match event:
        case ev.PlanAccepted() if event.author == HUMAN and event.revision > before.plan.revision:
            yield f"the human saved revision {event.revision} of plan.md: {event.summary}", False
        case ev.PlanPostponed():
            yield f"plan.md, as the {event.author} saved it, waits for the human's `orch go`: {event.why}", False
        case ev.SharedChanged() if after.map.drifts is not before.map.drifts:
            by = f" (task {event.task})" if event.task else ""
            yield f"{event.child} changed what others rely on{by}:\n{_quote(describe_drift(event.drift))}", True
        case ev.LearningNoted() if event.source == HUMAN and after.learnings is not before.learnings:
            yield f"the human noted:\n{_quote(event.text)}", True
        case ev.AskAnswered():
            yield from _answered(before, after, event)
    if after.tasks is not before.tasks:
        names = changed(before.tasks, after.tasks)
        for task in names if names is not None else after.tasks:
            state = after.tasks[task]
            if (old := before.tasks.get(task)) is not None and old is not state:
                known = {learning.text for learning in before.learnings if learning.source == state.child}
                yield from _of_task(old, state, known)


def _answered(before: World, after: World, event: ev.AskAnswered) -> Iterator[tuple[str, bool]]:
    ask = before.asks.get(event.ask)
    if ask is None or ask.task == ORCHESTRATOR or after.asks is before.asks:
        return
    decision = event.answer.decision if event.answer.decision != "text" else "in words"
    words = f"\n{_quote(event.answer.text)}" if event.answer.text else ""
    loud = ask.kind is not AskKind.APPROVAL or event.answer.decision != "accept"
    about = f" of {ask.task}" if ask.task else ""
    yield f"the human answered {ask.id}{about} ({ask.kind}: {decision}):\n{_quote(ask.text)}{words}", loud


def _of_task(old: TaskState, state: TaskState, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    if state.phase is not old.phase and state.phase in (Phase.BLOCKED, Phase.FAILED):
        yield f"{state.task} ({state.child}) is {state.phase}:\n{_quote(state.why)}", True
    elif state.result.checks is not old.result.checks and (
        failing := [check for check in state.result.checks if check.exit_code]
    ):
        first = failing[0]
        yield (
            f"{state.task} ({state.child}): `{first.command}` exited with {first.exit_code}; the child is fixing it",
            not old.tries.fixes,
        )
    if state.result.report is None or state.result.report is old.result.report:
        return
    for note in state.result.report.contracts:
        if note.status == "changed":
            yield f"{state.task} ({state.child}) changed contract {note.id}:\n{_quote(note.note)}", True
    if learned := [fact for fact in state.result.report.learned if fact not in known]:
        yield f"{state.task} ({state.child}) learned:\n{_quote(chr(10).join(learned))}", True


def _quote(text: str) -> str:
    cut = text if len(text) <= WORDS else text[: WORDS - 1] + "…"
    return "\n".join(f"  {line}" for line in block_quote(cut).splitlines())
