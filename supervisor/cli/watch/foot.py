"""The last line of the screen: what the keys do now, what is being typed, or what came of it. And the help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from supervisor.cli.display.blocks import Cell, Line, one_line, width
from supervisor.cli.display.fit import cut, cut_line
from supervisor.cli.watch.state import OF_A_TASK, Items, Reply, Screen, TypedLine
from supervisor.domain.status import AskInfo

KEYS: tuple[tuple[str, str], ...] = (
    ("↑ ↓ PgUp PgDn Home End", "move; also j and k, and Space"),
    ("Tab", "to the asks, or to the tasks"),
    ("Enter", "look closer: an ask with its steps, the log of a task"),
    ("l b d", "log, brief, diff of the task; Tab goes through them"),
    ("a", "attach: its thread in Codex; leave that to come back"),
    ("g", "the graph of the tasks"),
    ("/", "only tasks with these words, in any of their columns"),
    ("Esc", "back; on the list: forget the filter"),
    ("q", "back, or quit; Ctrl-C quits"),
    ("", ""),
    ("1 2 3 ...", "on an ask: take that answer; Enter sends it"),
    ("y n r", "on an ask: accept, decline, reply"),
    ("s", "on an approval: accept the same for the session"),
    ("", "before Enter you may add words; Esc sends nothing"),
    ("", "several questions come in turn; Backspace goes back"),
)


def foot(screen: Screen, items: Items, columns: int, where: str = "") -> Line:
    """Return the last line. `where` stands at its right."""
    if screen.reply is not None:
        return _typing(_prompt(screen.reply, columns), screen.reply.edit, columns)
    if screen.filtering is not None:
        return _typing("/", screen.filtering, columns)
    if screen.note.text:
        return cut_line(Line((Cell(one_line(screen.note.text), screen.note.style),), 1), columns)
    cells: list[Cell] = [Cell(" ")]
    room = columns - 1 - (width(where) + 2 if where else 0)
    for key, words in _offers(screen, items):
        size = width(key) + width(words) + 3
        if size > room:
            break
        cells += [Cell(key, "bold cyan"), Cell(f" {words}  ", "dim")]
        room -= size
    used = sum(width(cell.text) for cell in cells)
    return Line((*cells, Cell(" " * max(0, columns - used - width(where) - 1) + where, "dim")))


def ways(ask: AskInfo) -> Line:
    """Return the answers that an ask takes, each with its key; of several questions, those to the first."""
    cells = [Cell(f"1 of {len(ask.parts)}: ", "cyan")] if ask.parts else []
    for key, words in _keyed(ask):
        cells += [Cell(key, "bold cyan"), Cell(f" {one_line(words, 40)}   ", "cyan")]
    if for_session(ask):
        cells += [Cell("s", "bold cyan"), Cell(" accept for the session", "cyan")]
    return Line(tuple(cells), 1)


def _keyed(ask: AskInfo) -> Iterator[tuple[str, str]]:
    """Return the keys that begin an answer, each with what it stands for."""
    forms = ask.parts[0].choices if ask.parts else forms_of(ask)
    yield from ((str(at), form) for at, form in enumerate(forms[:9], 1))
    if ask.parts:
        yield "r", "reply TEXT"


def forms_of(ask: AskInfo) -> Sequence[str]:
    """Return what an ask takes for an answer. An older supervisor does not say it."""
    return ask.answers or (*(ask.choices or ("accept", "decline")), "reply TEXT")


def for_session(ask: AskInfo) -> bool:
    """Whether the same can be accepted for the rest of the session."""
    forms = forms_of(ask)
    return ask.kind == "approval" and ask.child is not None and "accept" in forms and "accept AMOUNT" not in forms


def help_lines() -> Iterator[Line]:
    """Return what each key does."""
    wide = max(width(keys) for keys, _ in KEYS)
    for keys, words in KEYS:
        yield Line((Cell(keys, "bold cyan"), Cell(" " * (wide - width(keys) + 2)), Cell(words)), 1)
    yield Line()
    yield Line((Cell("Answers count as with `orch answer`. An ask settled elsewhere says so."),), 1)


def _offers(screen: Screen, items: Items) -> Iterator[tuple[str, str]]:
    chosen = screen.chosen
    ask = items.ask(chosen.name) if chosen and chosen.kind == "ask" else None
    if screen.place in ("list", "ask") and ask is not None:
        yield from ((key, one_line(words, 16)) for key, words in islice(_keyed(ask), 4))
        if for_session(ask):
            yield "s", "session"
    if screen.place == "list":
        if chosen is not None:
            yield "Enter", "open"
        if chosen is not None and ask is None:
            yield "d", "diff"
            yield "a", "attach"
        yield "g", "graph"
        yield "/", f"filter: {one_line(screen.wanted, 20)}" if screen.wanted else "filter"
        yield "?", "help"
        yield "q", "quit"
        return
    if screen.place in OF_A_TASK:
        yield from (("l", "log"), ("b", "brief"), ("d", "diff"), ("a", "attach"))
    yield from (("↑↓", "scroll"), ("?", "help"), ("q", "back"))


def _prompt(reply: Reply, columns: int) -> str:
    if reply.parts:
        return _part_prompt(reply, columns)
    also = " for the session" if reply.for_session else ""
    added = {"accept AMOUNT": "how much, such as +100k", "reply TEXT": "your words"}.get(
        reply.shown, "words if you like"
    )
    word = "" if reply.shown in ("accept AMOUNT", "reply TEXT") else f" {one_line(reply.shown, 30)}"
    if reply.word or reply.for_session:
        return f"{one_line(reply.ask)}{word or ' accept'}{also}? Enter sends it, Esc does not"
    verb = word or {"accept": " accept", "text": " reply"}.get(reply.decision, "")
    return f"{one_line(reply.ask)}{verb} ({added}; Enter sends, Esc does not): "


def _part_prompt(reply: Reply, columns: int) -> str:
    """Say which of several questions is being answered and with what, or which answers Enter sends."""
    part, name = reply.part, one_line(reply.ask)
    if part is None:
        pairs = zip((one.name for one in reply.parts), reply.given, strict=True)
        told = ", ".join(f"{one}={one_line(words, 20)}" for one, words in pairs)
        return f"{name} {told}? Enter sends it, Esc does not"
    offered = "".join(f" {at} {one_line(one, 16)} " for at, one in enumerate(part.choices, 1))
    head = f"{name} {len(reply.given) + 1} of {len(reply.parts)}: "
    tail = f" {offered}{'or ' if offered else ''}words: "
    room = max(10, columns // 2 + 20 - width(head) - width(tail))
    return f"{head}{cut(one_line(part.text), room)}{tail}"


def _typing(prompt: str, edit: TypedLine, columns: int) -> Line:
    """Return a prompt and what is typed behind it, with the part around the cursor if it is too long."""
    head = cut(prompt, max(10, columns // 2 + 20))
    room = max(4, columns - width(head) - 3)
    before, after = edit.text[: edit.at], edit.text[edit.at :]
    while width(before) > room - 1:
        before = before[1:]
    cursor, rest = after[:1] or " ", after[1:]
    rest = cut(rest, max(0, room - width(before) - width(cursor))) if rest else ""
    cells = (Cell(head, "yellow"), Cell(before), Cell(cursor, "reverse"), Cell(rest))
    return cut_line(Line(cells, 1), columns)
