"""`orch asks` and `orch answer`: list what waits on a human, and answer it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.ask_lines import ask_blocks
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.core.engine.asks.meant import decision_meant
from supervisor.core.text.answer_forms import FORMS, in_command
from supervisor.errors import OrchError, RequestRefused, StoreError, UsageError
from supervisor.late import Late
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    import difflib
else:
    difflib = Late("difflib")  # 1 ms: only a slip needs it

WORDS = ("accept", "decline", "reply")
Decision = Literal["accept", "decline", "text"]


def asks(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Print what waits on a human."""
    found = api.Workspace(workspace.root).status_json()
    if as_json:
        output.emit_json(found["asks"])
    elif asks := glance(found).asks:
        output.show(block for ask in asks for block in ask_blocks(ask))
    elif glance(found).plan.state != "waiting":
        output.emit("nothing waits on you")
    if not as_json and (plan := glance(found).plan).state == "waiting":
        output.emit(f"plan.md waits for `orch go`: {one_line(plan.why or '')}")
    return 0


def answer(
    workspace: WorkspacePaths,
    ask: Annotated[str | None, Argument("ID", "The id of the ask, as `orch asks` shows it.")] = None,
    words: Annotated[list[str] | None, Argument("accept|decline|reply TEXT", "Your answer.")] = None,
    *,
    for_session: Annotated[
        bool, Option("--for-session", "With `accept`: accept the same for the rest of the Codex session.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Answer an ask, and say what that settled; without arguments, walk through all asks in the terminal.

    Raises UsageError for words that could be meant otherwise.
    """
    orch = api.Workspace(workspace.root)
    if ask is None and as_json:
        raise UsageError("`--json` needs an ask to answer", "`orch asks --json` has what waits on you")
    if ask is None:
        with on_interrupt(lambda: "what you did not answer stays open: see `orch asks`"):
            return _walk(orch)
    decision, text = decided(orch, ask, words or [])
    if for_session and (decision != "accept" or text):
        raise UsageError("--for-session works only with `accept`", f"`orch answer {ask} accept --for-session`")
    settled = orch.answer(ask, decision, text, for_session=for_session)
    if as_json:
        output.emit_json({"ask": ask, "decision": decision, "for_session": for_session, "text": settled})
        return 0
    output.emit(settled + (", for the rest of the session" if for_session else ""))
    return 0


def decided(orch: api.Workspace, ask: str, words: Sequence[str]) -> tuple[Decision, str]:
    """Return the decision and the text that these words say.

    `accept [TEXT]`, `decline [TEXT]`, `reply TEXT`, or one argument with a space in it. Raises UsageError for anything
    else: a mistyped `decline` is not an answer.
    """
    if ask.casefold() in WORDS:
        raise UsageError("no ask is named", f"`orch asks` shows what waits on you: `orch answer ID {ask.casefold()}`")
    first, rest = (words[0].strip(), " ".join(words[1:]).strip()) if words else ("", "")
    match first.casefold():
        case "accept":
            return "accept", rest
        case "decline":
            return "decline", rest
        case "reply" if rest:
            return "text", rest
        case "" | "reply":
            ask, takes = _named(orch, ask)
            first, *others = map(in_command, takes or ("accept", "decline", "reply TEXT"))
            forms = [f"`orch answer {ask} {first}`", *(f"`{form}`" for form in others)]
            raise UsageError("the answer is empty", " or ".join(filter(None, (", ".join(forms[:-1]), forms[-1]))))
    if len(words) == 1 and " " in first:
        return "text", first
    if (offered := _offered(orch, ask, " ".join(words))) is not None:
        return "text", offered
    raise UsageError(f"`{one_line(' '.join(words), 60)}` is no answer", _instead(orch, ask, first, words))


def _offered(orch: api.Workspace, ask: str, said: str) -> str | None:
    """Return the answer of its own that an ask offers in these words, whatever their case; None if it does not."""
    own = [form for form in _named(orch, ask)[1] if form not in FORMS]
    return next((form for form in own if form.casefold() == said.strip().casefold()), None)


def _instead(orch: api.Workspace, ask: str, first: str, words: Sequence[str]) -> str:
    """Return what to write in place of words that are no answer, as far as the ask takes it."""
    ask, takes = _named(orch, ask)
    call, rest = f"orch answer {ask}", words[1:]
    if "accept AMOUNT" in takes and first[:1] in "+0123456789":
        return f"did you mean `{call} accept {shlex.join(words)}`?"
    near = decision_meant(first) or next(iter(difflib.get_close_matches(first.casefold(), WORDS, 1)), None)
    own = f"for words of your own: `{call} reply {shlex.quote(' '.join(words))}`"
    if takes and "reply TEXT" not in takes:
        near = None if near == "reply" else near
        own = "it takes " + " or ".join(f"`{call} {in_command(form)}`" for form in takes)
    text = "".join(f" {shlex.quote(' '.join(rest))}" for _ in rest[:1])
    return (f"did you mean `{call} {near}{text}`? " if near else "") + own


def _named(orch: api.Workspace, name: str) -> tuple[str, Sequence[str]]:
    """Return the id of the ask that a person means, by its id or by that of its task, and what it takes for an answer;
    the name and () if that is not known."""
    try:
        asks = glance(orch.status_json()).asks
    except OrchError:
        return name, ()
    folded = name.casefold()
    found = [one for one in asks if one.id.casefold() == folded]
    found = found or [one for one in asks if (one.task or "").casefold() == folded]
    return (found[0].id, found[0].answers or ()) if len(found) == 1 else (name, ())


def _walk(orch: api.Workspace) -> int:
    """Show each ask in turn, and read the answer. An empty line leaves it open."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("say what to answer", "`orch asks` shows what waits on you: `orch answer ID accept`")
    left = [ask.id for ask in orch.status().asks]
    if not left:
        output.emit("nothing waits on you")
    for name in left:
        found = next((ask for ask in orch.status().asks if ask.id == name), None)
        if found is not None:
            output.show(ask_blocks(found))
            _ask_until_settled(orch, name)
    return 0


def _typed(prompt: str) -> str:
    """Return what was typed, without spaces around it; "" at the end of the input (Ctrl-D)."""
    try:
        return input(prompt).strip()
    except EOFError:
        output.emit()
        return ""


def _ask_until_settled(orch: api.Workspace, name: str) -> None:
    takes = ", ".join(_named(orch, name)[1] or ("accept", "decline", "reply TEXT"))
    while line := _typed(f"{name} ({takes}; empty: later)> "):
        first, _, rest = line.partition(" ")
        try:
            output.emit(orch.answer(name, *decided(orch, name, [first, rest] if first.casefold() in WORDS else [line])))
        except (UsageError, RequestRefused, StoreError) as error:
            output.emit(str(error))
            continue
        return
