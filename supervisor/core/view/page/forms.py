"""The forms of a page: plain ones, which work without a script, and name what they do on each button."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.core.text.answer_forms import FORMS
from supervisor.core.view.page.pen import Html, Pen
from supervisor.domain.ask import AskPart
from supervisor.domain.status import AskInfo, TaskInfo

WORD = "word:"  # before a choice of the ask's own, as the value of a button
PICKED, OWN = "picked:", "own:"  # before the name of one of several questions, as the names of its fields


def answer_form(pen: Pen, ask: AskInfo) -> Html:
    """Return the form that answers an ask, with what it takes."""
    if ask.parts:
        return _parts_form(pen, ask)
    forms = ask.answers or (*(ask.choices or ("accept", "decline")), "reply TEXT")
    own = [one for one in forms if one not in FORMS]
    first = "reply TEXT" if "reply TEXT" in forms else "accept"
    known = sorted((one for one in forms if one in FORMS and one != "accept AMOUNT"), key=lambda one: one != first)
    buttons = [_button(pen, one, main=one == first and not own) for one in known]
    session = Html("")
    if ask.kind == "approval" and ask.child is not None and "accept" in forms and "accept AMOUNT" not in forms:
        box = pen("input", type="checkbox", name="for_session", value="yes")
        session = pen("label", box, " accept the same for the rest of the session", cls="check")
    name = f"words-{ask.id}"
    return pen(
        "form",
        pen("input", type="hidden", name="ask", value=ask.id),
        pen("div", (_button(pen, one, main=True) for one in own), cls="buttons offered") if own else "",
        pen("label", _asked_for(ask, forms), for_=name, cls="soft"),
        pen("textarea", name="text", id=name, rows=2, autocomplete="off"),
        session,
        pen("div", buttons, cls="buttons"),
        method="post",
        action="/answer",
    )


def _parts_form(pen: Pen, ask: AskInfo) -> Html:
    """Return the form that answers several questions at once."""
    return pen(
        "form",
        pen("input", type="hidden", name="ask", value=ask.id),
        (_part(pen, ask, one) for one in ask.parts),
        pen("div", _button(pen, "reply TEXT", main=True), cls="buttons"),
        method="post",
        action="/answer",
    )


def _part(pen: Pen, ask: AskInfo, part: AskPart) -> Html:
    label = f"{'Or your' if part.choices else 'Your'} own words"
    name = f"own-{ask.id}-{part.name}"
    picks = (
        pen(
            "label",
            pen("input", type="radio", name=f"{PICKED}{part.name}", value=one, id=f"{name}-{at}"),
            f" {one}",
            cls="check",
        )
        for at, one in enumerate(part.choices)
    )
    own = pen("input", name=f"{OWN}{part.name}", id=name, autocomplete="off")
    return pen("fieldset", pen("legend", part.text), picks, pen("label", label, for_=name, cls="soft"), own)


def _asked_for(ask: AskInfo, forms: Sequence[str]) -> str:
    if "accept AMOUNT" in forms:
        return "How much more, such as +100k tokens or 30 min; empty: as much again"
    if "reply TEXT" in forms:
        return "Your words" if FORMS.issuperset(forms) else "Or your own words; they also go along with an answer above"
    return "What came of it, if you want to say so" if ask.kind == "checkpoint" else "A word with it, if you want"


def _button(pen: Pen, form: str, *, main: bool) -> Html:
    known = {"accept": ("Accept", "accept"), "decline": ("Decline", "decline"), "reply TEXT": ("Reply", "text")}
    words, value = known.get(form, (form, f"{WORD}{form}"))
    return pen("button", words, name="decision", value=value, cls="good" if main else None)


def plan_buttons(pen: Pen, *, held: bool) -> Html:
    """Return the button that holds the plan, or lifts the hold."""
    words, action = ("Go on", "/go") if held else ("Hold: start nothing new", "/hold")
    return pen("form", pen("button", words), method="post", action=action)


def retry_button(pen: Pen, task: TaskInfo) -> Html:
    """Return the button that tries a blocked or failed task again; "" for another."""
    if task.state not in ("blocked", "failed"):
        return Html("")
    name = pen("input", type="hidden", name="task", value=task.id)
    return pen("form", name, pen("button", "Try again"), method="post", action="/go")


def enter_form(pen: Pen, problem: str = "") -> Html:
    """Return the form that takes the token of a link."""
    return pen(
        "form",
        pen("p", problem, cls="problem", role="alert") if problem else "",
        pen("label", "Token", for_="token", cls="soft"),
        pen("input", name="token", id="token", type="password", autocomplete="off", required=True, autofocus=True),
        pen("div", pen("button", "Enter", cls="good"), cls="buttons"),
        method="post",
        action="/enter",
        id="enter",
    )


def code_form(pen: Pen, name: str, words: str, problem: str = "") -> Html:
    """Return the form that takes the code of an answer from another machine."""
    return pen(
        "form",
        pen("p", words),
        pen("p", problem, cls="problem", role="alert") if problem else "",
        pen("input", type="hidden", name="waits", value=name),
        pen("label", "The code that the terminal of `orch web` shows", for_="code", cls="soft"),
        pen("input", name="code", id="code", inputmode="numeric", autocomplete="off", required=True, autofocus=True),
        pen("div", pen("button", "Confirm", cls="good"), cls="buttons"),
        method="post",
        action="/confirm",
    )
