"""What a key does: from a screen to the next one, and to what has to be done besides."""

from __future__ import annotations

from typing import NamedTuple

from supervisor.cli.watch.edit import typed
from supervisor.cli.watch.foot import for_session, forms_of
from supervisor.cli.watch.layout import first_seen, scrolled
from supervisor.cli.watch.state import END, OF_A_TASK, Chosen, Items, Note, Place, Reply, Screen, TypedLine
from supervisor.core.text.answer_forms import together
from supervisor.domain.status import AskInfo, TaskInfo

NAMED = {"j": "down", "k": "up", "space": "pagedown", " ": "pagedown"}  # keys that do the same as others
_PAGES: dict[str, Place] = {"l": "log", "b": "brief", "d": "diff"}


class Quit(NamedTuple):
    """Leave the screen."""


class Send(NamedTuple):
    """Send an answer."""

    reply: Reply
    text: str


class Attach(NamedTuple):
    """Open the thread of a task in Codex's own terminal UI."""

    task: str


Act = Quit | Send | Attach


class Room(NamedTuple):
    """What is seen at once: rows of tasks; lines of a page, of how many."""

    tasks: int
    page: int
    lines: int


def press(screen: Screen, key: str, items: Items, room: Room) -> tuple[Screen, Act | None]:
    """Return the screen after a key, by its name or its character, and what to do besides."""
    if screen.reply is not None:
        return _replying(screen, screen.reply, key, items)
    if screen.filtering is not None:
        return _filtering(screen, screen.filtering, key), None
    screen = screen._replace(note=Note())
    if key == "ctrl+c":
        return screen, Quit()
    if key == "?" and screen.place != "help":
        return screen._replace(place="help", scroll=0, before=screen.place), None
    if screen.place == "list":
        return _on_list(screen, key, items, room)
    return _on_page(screen, key, items, room)


def pasted(screen: Screen, text: str) -> Screen:
    """Return the screen after a paste. It is text only where text is typed: what is pasted presses no key."""
    words = " ".join(text.split())
    if screen.reply is not None and takes_text(screen.reply):
        return screen._replace(reply=screen.reply._replace(edit=_put(screen.reply.edit, words)))
    if screen.filtering is not None:
        edit = _put(screen.filtering, words)
        return screen._replace(filtering=edit, wanted=edit.text)
    return screen


def takes_text(reply: Reply) -> bool:
    """Whether words may be added to an answer."""
    return not reply.word and not reply.for_session and (not reply.parts or reply.part is not None)


def _put(edit: TypedLine, text: str) -> TypedLine:
    return TypedLine(edit.text[: edit.at] + text + edit.text[edit.at :], edit.at + len(text))


def _on_list(screen: Screen, key: str, items: Items, room: Room) -> tuple[Screen, Act | None]:
    ask, task = _under(screen, items)
    if ask is not None and (reply := _begun(ask, key)) is not None:
        return screen._replace(reply=reply), None
    match NAMED.get(key, key):
        case "up" | "down" | "pageup" | "pagedown" | "home" | "end" as way:
            return _moved(screen, way, items, room), None
        case "enter" | "right" if ask is not None:
            return screen._replace(place="ask", scroll=0), None
        case "enter" | "right" if task is not None:
            return screen._replace(place="log", scroll=END), None
        case "l" | "b" | "d" as page if task is not None:
            return _opened(screen, _PAGES[page]), None
        case "a" if task is not None or (ask is not None and ask.task):
            return screen, Attach(task.id if task is not None else str(ask and ask.task))
        case "g":
            return screen._replace(place="graph", scroll=0, before="list"), None
        case "/":
            return screen._replace(filtering=TypedLine(screen.wanted, len(screen.wanted))), None
        case "tab":
            return _other_part(screen, items), None
        case "escape":
            return screen._replace(wanted="", top=0), None
        case "q":
            return screen, Quit()
    return screen, None


def _on_page(screen: Screen, key: str, items: Items, room: Room) -> tuple[Screen, Act | None]:
    ask, task = _under(screen, items)
    if screen.place == "ask" and ask is not None and (reply := _begun(ask, key)) is not None:
        return screen._replace(reply=reply), None
    at, last = scrolled(screen, room.page, room.lines), max(0, room.lines - room.page)
    step = max(1, room.page - 1)
    match NAMED.get(key, key):
        case "q" | "escape" | "left":
            back = screen.before if screen.place in ("help", "graph") else "list"
            return screen._replace(place=back, before="list", scroll=END if back == "log" else 0), None
        case "up" | "down" | "pageup" | "pagedown" | "home" | "end" as way:
            to = {"up": at - 1, "down": at + 1, "pageup": at - step, "pagedown": at + step, "home": 0}.get(way, last)
            ends = to >= last and screen.place == "log"
            return screen._replace(scroll=END if ends else max(0, min(to, last))), None
        case "l" | "b" | "d" as page if screen.place in OF_A_TASK:
            return _opened(screen, _PAGES[page]), None
        case "tab" if screen.place in OF_A_TASK:
            return _opened(screen, OF_A_TASK[(OF_A_TASK.index(screen.place) + 1) % len(OF_A_TASK)]), None
        case "g" if screen.place not in ("graph", "help"):
            return screen._replace(place="graph", scroll=0, before=screen.place), None
        case "a" if screen.place in OF_A_TASK and task is not None:
            return screen, Attach(task.id)
    return screen, None


def _opened(screen: Screen, place: Place) -> Screen:
    return screen._replace(place=place, scroll=END if place == "log" else 0)


def _under(screen: Screen, items: Items) -> tuple[AskInfo | None, TaskInfo | None]:
    if screen.chosen is None:
        return None, None
    kind, name = screen.chosen
    return (items.ask(name), None) if kind == "ask" else (None, items.task(name))


def _moved(screen: Screen, way: str, items: Items, room: Room) -> Screen:
    names = items.names
    if not names:
        return screen
    at = names.index(screen.chosen) if screen.chosen in names else 0
    page = max(1, room.tasks - 1)
    steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -len(names), "end": len(names)}
    to = max(0, min(at + steps[way], len(names) - 1))
    below = to - len(items.asks)
    top = screen.top + (steps[way] if way in ("pageup", "pagedown") else 0)
    top = first_seen(max(0, below), max(0, top), room.tasks, len(items.tasks))
    return screen._replace(chosen=names[to], top=top)


def _other_part(screen: Screen, items: Items) -> Screen:
    """Move between the asks and the tasks."""
    if screen.chosen and screen.chosen.kind == "ask" and items.tasks:
        return screen._replace(chosen=Chosen("task", items.tasks[min(screen.top, len(items.tasks) - 1)].id))
    return screen._replace(chosen=Chosen("ask", items.asks[0].id)) if items.asks else screen


def _begun(ask: AskInfo, key: str) -> Reply | None:
    """Return the answer that a key begins; None if it begins none."""
    if ask.parts:
        begun = Reply(ask.id, "text", "reply TEXT", parts=ask.parts)
        return begun if key == "r" else _picked(begun, key)
    forms = forms_of(ask)
    if key == "s" and for_session(ask):
        return Reply(ask.id, "accept", "accept", for_session=True)
    named = {"y": "accept", "n": "decline", "r": "reply TEXT"}.get(key, "")
    form = forms[int(key) - 1] if key.isascii() and key.isdigit() and 0 < int(key) <= len(forms) else named
    if form not in forms:
        return None
    match form:
        case "accept" | "accept AMOUNT":
            return Reply(ask.id, "accept", form)
        case "decline":
            return Reply(ask.id, "decline", form)
        case "reply TEXT":
            return Reply(ask.id, "text", form)
    return Reply(ask.id, "text", form, word=form)


def _replying(screen: Screen, reply: Reply, key: str, items: Items) -> tuple[Screen, Act | None]:
    if key in ("escape", "ctrl+c"):
        return screen._replace(reply=None, note=Note(f"{reply.ask} is not answered", "dim")), None
    if reply.part is not None:
        return screen._replace(reply=_next(reply, key)), None
    if key == "backspace" and reply.parts:
        return screen._replace(reply=reply._replace(given=reply.given[:-1])), None
    if key == "enter":
        names = (one.name for one in reply.parts)
        text = together(zip(names, reply.given, strict=True)) or reply.word or reply.edit.text.strip()
        if not text and reply.shown in ("reply TEXT", "accept AMOUNT"):
            return screen, None
        return screen._replace(reply=None, note=Note(f"{reply.ask}: sent ...", "dim")), Send(reply, text)
    if not takes_text(reply):
        return screen, None
    return screen._replace(reply=reply._replace(edit=typed(reply.edit, key))), None


def _next(reply: Reply, key: str) -> Reply:
    """Return the answer after a key that belongs to one of several questions: it picks, or types words."""
    text = reply.edit.text
    if not text and (found := _picked(reply, key)) is not None:
        return found
    if key == "enter":
        return reply._replace(given=(*reply.given, text.strip()), edit=TypedLine()) if text.strip() else reply
    if key == "backspace" and not text:
        return reply._replace(given=reply.given[:-1])
    return reply._replace(edit=typed(reply.edit, key))


def _picked(reply: Reply, key: str) -> Reply | None:
    """Return the answer with the choice that a key takes of its question; None if it takes none."""
    offered = reply.part.choices if reply.part is not None else ()
    if not (key.isascii() and key.isdigit() and 0 < int(key) <= len(offered)):
        return None
    return reply._replace(given=(*reply.given, offered[int(key) - 1]))


def _filtering(screen: Screen, edit: TypedLine, key: str) -> Screen:
    if key == "enter":
        return screen._replace(filtering=None)
    if key in ("escape", "ctrl+c"):
        return screen._replace(filtering=None, wanted="", top=0)
    edit = typed(edit, key)
    return screen._replace(filtering=edit, wanted=edit.text, top=0)
