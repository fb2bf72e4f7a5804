"""What an ask may be answered with, in which form, and what that settles."""

from __future__ import annotations

from supervisor.core.engine.asks.meant import decision_meant
from supervisor.core.text.answer_forms import in_command
from supervisor.domain.ask import Ask, AskKind
from supervisor.domain.plan import ORCHESTRATOR


def forms(ask: Ask) -> tuple[str, ...]:
    """Return what `orch answer ID` takes for this ask: words, with TEXT or AMOUNT for what the person adds."""
    if ask.budget:
        return ("accept", "accept AMOUNT", "decline")
    if ask.parts:
        return ("reply TEXT",)
    decisions = ask.choices or ("accept", "decline")
    return (*decisions, "reply TEXT") if _takes_words(ask) else decisions


def _takes_words(ask: Ask) -> bool:
    """Whether somebody reads what the person replies: a task, or whoever asked in the middle of a turn."""
    about = ask.task is not None or ask.request is not None
    return ask.kind is AskKind.QUESTION and not ask.budget and ask.thread is None and about


def problem_of(ask: Ask, decision: str, text: str) -> tuple[str, str] | None:
    """Return what is wrong with an answer, and what to write instead; None if the ask takes it."""
    if decision != "text" or _takes_words(ask):
        return None
    if ask.budget or ask.thread is not None:
        about = f"about a {'budget' if ask.budget else 'thread'}"
    else:
        about = f"{'an' if ask.kind is AskKind.APPROVAL else 'a'} {ask.kind}"
    near = decision_meant(text)
    hint = f"did you mean `{near}`? " if near else ""
    ways = " or ".join(f"`orch answer {ask.id} {in_command(form)}`" for form in forms(ask))
    return f"{ask.id} is {about}, and takes a decision", f"{hint}{ways}"


def answered_already(ask: Ask) -> str:
    """Say who settled an ask before, for somebody who comes second."""
    if ask.answer is None:
        return f"{ask.id} was settled a moment before"
    words = {"accept": "accepted", "decline": "declined"}.get(ask.answer.decision, "answered in words")
    where = {"page": "on the page", "screen": "in `orch watch`"}.get(ask.answer.by, "by `orch answer`")
    return f"{ask.id} is answered already ({words} {where})"


def settled(ask: Ask, decision: str) -> str:
    """Say what an answer settled, in a few words."""
    accepted = decision != "decline"
    if ask.request is not None:
        return f"{ask.id} is {'answered' if decision == 'text' else 'accepted' if accepted else 'declined'}"
    if ask.budget:
        return f"{ask.id}: more is granted" if accepted else f"{ask.id}: the paused tasks are blocked"
    if ask.thread is not None:
        return f"{ask.id}: the thread is tried again" + ("" if accepted else " by itself, now and then")
    if ask.kind is AskKind.CHECKPOINT:
        return f"{ask.task} is {'done' if accepted else 'blocked'}"
    if ask.task == ORCHESTRATOR and not accepted:
        return f'{ask.id} is declined: the orchestrator rests; `orch plan "PROBLEM"` asks it anew'
    who = "the orchestrator" if ask.task == ORCHESTRATOR else ask.task
    return f"{ask.id} is answered" + (f": {who} continues" if who else "")
