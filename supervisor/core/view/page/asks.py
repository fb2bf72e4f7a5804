"""The asks: those that wait on the person, and how the others were settled."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.core.text.answer_forms import in_command
from supervisor.core.view.page.frame import jumps
from supervisor.core.view.page.pen import Html, Pen, lasted
from supervisor.core.view.story.record import AskRecord
from supervisor.domain.ask import Ask, AskState
from supervisor.domain.status import AskInfo


def ask_links(pen: Pen, asks: Sequence[AskInfo]) -> Html:
    """Return a link to each of several asks; "" for one. An ask is shown as a whole, and may be long."""
    if len(asks) < 2:
        return Html("")
    return jumps(pen, [(f"ask-{ask.id}", f"{ask.id} {ask.task or ask.child or ''}".strip()) for ask in asks], "Asks")


def open_ask(pen: Pen, ask: AskInfo, ways: Html) -> Html:
    """Show an ask that waits, with `ways` to answer it."""
    whose = ", ".join(one for one in (ask.child, ask.task) if one and one != "human")
    whole = _whole(pen, ask)
    return pen(
        "section",
        pen("h3", f"{ask.id} · {ask.kind}", pen("small", whose)),
        whole if not ask.parts else "",
        ways,
        pen("details", pen("summary", "Steps"), whole, cls="more", id=f"whole-{ask.id}") if ask.parts else "",
        cls="card you",
        id=f"ask-{ask.id}",
        tabindex=-1,  # a key leads to it, also where it has no form
    )


def _whole(pen: Pen, ask: AskInfo) -> Html:
    steps, expect = _labelled(pen, "Steps", ask.steps), _labelled(pen, "Expected", ask.expect)
    return pen.join(pen.words(ask.text), steps, expect)


def ways_in_terminal(pen: Pen, ask: AskInfo) -> Html:
    """Show the commands that answer an ask."""
    return pen("pre", "\n".join(f"orch answer {ask.id} {in_command(one)}" for one in ask.answers or ask.choices))


def settled_asks(pen: Pen, records: Sequence[AskRecord]) -> Html:
    """Show how asks were settled, the oldest first."""
    rows = [
        pen(
            "tr",
            pen("td", pen.time(one.ask.since, day=True)),
            pen("td", pen("b", one.ask.id), " ", pen("span", _whose(one.ask), cls="soft")),
            pen("td", pen.words(one.ask.text), _more(pen, one.ask)),
            pen("td", *_outcome(pen, one)),
        )
        for one in records
    ]
    head = pen("thead", pen("tr", (pen("th", name) for name in ("Asked", "Ask", "What", "Answer"))))
    return pen("table", head, pen("tbody", rows), cls="fold")


def _whose(ask: Ask) -> str:
    return ", ".join(one for one in (ask.child, ask.task) if one and one != "human")


def _more(pen: Pen, ask: Ask) -> Html:
    if not (ask.steps.strip() or ask.expect.strip()):
        return Html("")
    parts = (_labelled(pen, "Steps", ask.steps), _labelled(pen, "Expected", ask.expect))
    return pen("details", pen("summary", "Steps"), parts, cls="more")


def _outcome(pen: Pen, one: AskRecord) -> tuple[Html, ...]:
    ask, answer = one.ask, one.ask.answer
    if one.settled is None:
        return (pen("span", "? open", cls="pill needs_human"),)
    where = {"page": " on the page", "screen": " in `orch watch`"}.get(answer.by, "") if answer is not None else ""
    after = pen("div", f"after {lasted((one.settled - ask.since).total_seconds())}{where}", cls="soft")
    if ask.state is not AskState.ANSWERED or answer is None:
        words = "withdrawn" if ask.state is AskState.WITHDRAWN else "settled in another window"
        return (pen("span", words, cls="pill"), after)
    word = {"text": "answered", "accept": "accepted", "decline": "declined"}.get(answer.decision, answer.decision)
    look = "pill failed" if answer.decision == "decline" else "pill done"
    session = pen("span", "for the session", cls="pill") if answer.for_session else Html("")
    said = pen.words(answer.text) if answer.text.strip() else Html("")
    return (pen("span", word, cls=look), session, said, after)


def _labelled(pen: Pen, label: str, words: str) -> Html:
    return pen.join(pen("p", label, cls="soft"), pen.words(words.strip())) if words.strip() else Html("")
