"""What the screen shows at a moment, as a value: where the person is, what is chosen, what is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from supervisor.cli.display.blocks import Line
from supervisor.cli.display.task_rows import rank_of
from supervisor.domain.ask import AskPart
from supervisor.domain.status import AskInfo, Status, TaskInfo

Place = Literal["list", "ask", "log", "brief", "diff", "graph", "help"]
OF_A_TASK: tuple[Place, ...] = ("log", "brief", "diff")
END = -1  # as `scroll`: the end of the page, also while it grows


class Chosen(NamedTuple):
    """The ask or the task under the cursor."""

    kind: Literal["ask", "task"]
    name: str


class TypedLine(NamedTuple):
    """A line that is being typed, with the cursor before its character `at`."""

    text: str = ""
    at: int = 0


class Reply(NamedTuple):
    """An answer that is not sent yet. It belongs to one ask, whatever becomes of the list meanwhile."""

    ask: str
    decision: Literal["accept", "decline", "text"]
    shown: str  # the form of the answer, as the ask names it
    word: str = ""  # a choice of the ask's own, which is sent as text
    for_session: bool = False
    edit: TypedLine = TypedLine()
    parts: tuple[AskPart, ...] = ()  # several questions, which are answered one after the other
    given: tuple[str, ...] = ()  # the answers to the first of them

    @property
    def part(self) -> AskPart | None:
        """The question that is being answered."""
        return self.parts[len(self.given)] if len(self.given) < len(self.parts) else None


class Note(NamedTuple):
    """What came of something, for the last line."""

    text: str = ""
    style: str = ""


class Screen(NamedTuple):
    """All that a key may change. `top` is the first task on the screen, `scroll` the first line of a page."""

    place: Place = "list"
    chosen: Chosen | None = None
    top: int = 0
    scroll: int = 0
    wanted: str = ""  # the filter
    filtering: TypedLine | None = None
    reply: Reply | None = None
    note: Note = Note()
    before: Place = "list"  # where `?` and `g` were pressed


class Items(NamedTuple):
    """What can be chosen: the asks, and below them the tasks, what needs attention first."""

    asks: tuple[AskInfo, ...] = ()
    tasks: tuple[TaskInfo, ...] = ()
    hidden: int = 0  # tasks that the filter leaves out, and retired ones

    @property
    def names(self) -> tuple[Chosen, ...]:
        """What may be chosen, in the order on the screen: asks first."""
        return (*(Chosen("ask", one.id) for one in self.asks), *(Chosen("task", one.id) for one in self.tasks))

    def ask(self, name: str) -> AskInfo | None:
        """Return the ask with this id; None once it is settled."""
        return next((one for one in self.asks if one.id == name), None)

    def task(self, name: str) -> TaskInfo | None:
        """Return the task with this id; None if the plan has it no longer."""
        return next((one for one in self.tasks if one.id == name), None)


class ScreenPage(NamedTuple):
    """The lines of a closer look. `folded`: long lines go on below; else they are cut."""

    lines: tuple[Line, ...] = ()
    folded: bool = True


def items_of(status: Status, wanted: str = "") -> Items:
    """Return what can be chosen. The filter leaves out tasks without one of its words, never an ask.

    Retired tasks are shown only to a filter.
    """
    words = wanted.casefold().split()
    if words:
        kept = [task for task in status.tasks if all(word in _text(task) for word in words)]
    else:
        kept = [task for task in status.tasks if task.state != "retired"]
    return Items(status.asks, tuple(sorted(kept, key=rank_of)), len(status.tasks) - len(kept))


def settled(screen: Screen, items: Items, before: Items) -> Screen:
    """Return the screen for a new state of things: the cursor stays on its ask or task, or else near to it."""
    names = items.names
    if screen.chosen in names:
        return screen
    if not names:
        return screen._replace(chosen=None, top=0)
    if screen.chosen is None:
        return screen._replace(chosen=names[0])
    return screen._replace(chosen=_near(screen.chosen, before.names, names))


def _near(gone: Chosen, before: Sequence[Chosen], now: Sequence[Chosen]) -> Chosen:
    """Return what took the place of something that is gone: the next of what was behind it, or else the last."""
    at = before.index(gone) if gone in before else 0
    left = set(now)
    return next((one for one in (*before[at:], *reversed(before[:at])) if one in left), now[0])


def _text(task: TaskInfo) -> str:
    state = task.state.replace("_", " ")
    words = (task.id, task.title, task.child, task.state, state, task.doing, task.why, task.summary)
    return " ".join(word for word in words if word).casefold()
