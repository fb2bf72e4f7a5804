"""Draw the screen: from its state and the status to the rows of the terminal. Only what is seen is formatted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from supervisor.cli.display.ask_lines import ask_blocks
from supervisor.cli.display.blocks import Cell, Line, clean, one_line, width
from supervisor.cli.display.fit import cut, cut_line, fold, fold_lines
from supervisor.cli.display.screen import fold_tally, troubles
from supervisor.cli.display.tally import tally
from supervisor.cli.display.task_rows import duration
from supervisor.cli.watch.columns import heading, task_row, widths_of
from supervisor.cli.watch.foot import foot, help_lines, ways
from supervisor.cli.watch.layout import LEAST_COLUMNS, LEAST_LINES, TALL, Parts, Size, first_seen, layout, scrolled
from supervisor.cli.watch.state import OF_A_TASK, Items, Screen, ScreenPage
from supervisor.core.view.graph.palette import palette_of
from supervisor.domain.status import AskInfo, Status, TaskInfo


class ScreenRow(NamedTuple):
    """A row of the terminal. `look`: "" as it is, "bar" and "alarm" for the first one, "chosen" under the cursor."""

    line: Line = Line()
    look: str = ""


class Scene(NamedTuple):
    """All that is drawn from. `page` is that of the place, if it is one; `head` is from `head_of`."""

    status: Status
    items: Items
    screen: Screen
    page: ScreenPage
    head: Sequence[Line]
    now: datetime


def draw(scene: Scene, size: Size) -> list[ScreenRow]:
    """Return exactly `size.lines` rows."""
    if size.columns < LEAST_COLUMNS or size.lines < LEAST_LINES:
        rows = [ScreenRow(cut_line(Line((Cell("too small: q quits"),)), size.columns))]
    elif scene.screen.place == "list":
        rows = list(_list(scene, size))
    else:
        rows = list(_page(scene, size))
    fitting = [row._replace(line=_fitting(row.line, size.columns)) for row in rows[: size.lines]]
    return [*fitting, *(ScreenRow() for _ in range(size.lines - len(fitting)))]


def _fitting(line: Line, columns: int) -> Line:
    """Return the line for one row of the terminal. To clean every cell once more would take most of the time."""
    text = "".join(cell.text for cell in line.cells)
    fits = text.isprintable() and line.indent + width(text) <= columns
    return line if fits else cut_line(line, columns)


def head_of(status: Status, size: Size) -> list[Line]:
    """Return the counts, and what is wrong, as far as there is room."""
    counts = [_indented(line) for line in fold_tally(tally(status), size.columns - 2)][:2]
    wrong = [cut_line(_indented(line), size.columns) for line in troubles(status)]
    most = 4 if size.lines >= TALL else 2
    if len(wrong) > most:
        more = Line((Cell(f"and {len(wrong) - most + 1} more (`orch status --all`)", "dim"),), 1)
        wrong = [*wrong[: most - 1], more]
    return [*counts, *wrong]


def page_room(scene: Scene, size: Size) -> int:
    """Return how many lines of a page are seen at once."""
    return max(1, size.lines - 2 - len(_page_head(scene, size)))


def page_lines(page: ScreenPage, columns: int) -> Sequence[Line]:
    """Return the lines of a page as the terminal shows them."""
    return tuple(fold_lines(page.lines, columns)) if page.folded else page.lines


def _list(scene: Scene, size: Size) -> Iterator[ScreenRow]:
    items, screen = scene.items, scene.screen
    parts = layout(size, items, len(scene.head))
    yield _bar(scene, size)
    yield from map(ScreenRow, scene.head)
    if parts.asks:
        yield from _asks(scene, size, parts)
    yield from _tasks(scene, size, parts)
    if parts.about:
        yield from _about(scene, size, parts.about)
    yield ScreenRow(foot(screen, items, size.columns))


def _bar(scene: Scene, size: Size) -> ScreenRow:
    """Return the first row: the plan, and whether a supervisor answers."""
    status, daemon = scene.status, scene.status.supervisor
    up = daemon.state == "up"
    if up:
        right = f"revision {status.plan.revision}" if status.plan.revision else ""
    else:
        right = (
            "no supervisor: `orch up` starts it" if daemon.state == "down" else f"supervisor {one_line(daemon.state)}"
        )
    title = one_line(status.plan.title or "") or one_line(status.workspace)
    left = cut(f" orch  {title}", max(8, size.columns - width(right) - 3))
    gap = max(1, size.columns - width(left) - width(right) - 1)
    return ScreenRow(Line((Cell(f"{left}{' ' * gap}{right} "),)), "bar" if up else "alarm")


def _asks(scene: Scene, size: Size, parts: Parts) -> Iterator[ScreenRow]:
    asks, screen = scene.items.asks, scene.screen
    room = parts.asks - 1
    chosen = next((at for at, one in enumerate(asks) if screen.chosen == ("ask", one.id)), None)
    first = first_seen(chosen, 0, room, len(asks))
    beyond = f"  ({first + 1} to {first + room})" if len(asks) > room else ""
    yield ScreenRow(_rule(f"waits on you: {len(asks)}{beyond}", "yellow", size.columns))
    for at, ask in enumerate(asks[first : first + room], first):
        yield _row(_ask_row(ask, scene.now), at == chosen)


def _ask_row(ask: AskInfo, now: datetime) -> tuple[Cell, ...]:
    about = " · ".join(one_line(word) for word in (ask.kind, ask.child, ask.task) if word)
    return (
        Cell("? ", "yellow"),
        Cell(one_line(ask.id), "bold"),
        Cell(f"  {about}  ", "dim"),
        Cell(one_line(ask.text or "", 300)),
    )


def _tasks(scene: Scene, size: Size, parts: Parts) -> Iterator[ScreenRow]:
    tasks, screen = scene.items.tasks, scene.screen
    chosen = next((at for at, one in enumerate(tasks) if screen.chosen == ("task", one.id)), None)
    first = first_seen(chosen, screen.top, parts.tasks, len(tasks))
    seen = tasks[first : first + parts.tasks]
    repos = {child.name: child.path for child in scene.status.children}
    widths = widths_of(scene.items.tasks, size.columns)
    yield ScreenRow(heading(widths, _beyond(scene, first, len(seen))))
    for at, task in enumerate(seen, first):
        yield _row(task_row(task, widths, scene.now, repos.get(task.child) or ""), at == chosen)
    if not seen and parts.tasks:
        words = "no task matches" if screen.wanted else "no tasks yet: write them into plan.md"
        yield ScreenRow(Line((Cell(words, "dim"),), 2))
    yield from (ScreenRow() for _ in range(parts.tasks - max(len(seen), 1)))


def _beyond(scene: Scene, first: int, seen: int) -> str:
    """Say which part of the tasks is on the screen, and how many are hidden."""
    count, items = len(scene.items.tasks), scene.items
    words = [f"{first + 1} to {first + seen} of {count}"] if seen < count and seen else []
    if items.hidden:
        words.append(f"{items.hidden} left out" if scene.screen.wanted else f"{items.hidden} retired")
    return ", ".join(words)


def _about(scene: Scene, size: Size, room: int) -> Iterator[ScreenRow]:
    """Say more about what is chosen, as far as there is room."""
    chosen = scene.screen.chosen
    ask = scene.items.ask(chosen.name) if chosen and chosen.kind == "ask" else None
    task = scene.items.task(chosen.name) if chosen and chosen.kind == "task" else None
    lines: list[Line] = []
    title = ""
    if ask is not None:
        title, tail = one_line(ask.id), [ways(ask)]
        lines = [*_words(ask.text, size.columns), *_words(ask.steps, size.columns, "dim")]
        lines = [*_short(lines, room - 2), *tail]
    elif task is not None:
        title = f"{one_line(task.id)}  {one_line(task.title or '')}"
        words = task.doing if task.state in ("running", "verifying") else task.why
        lines = [*_words(words or "", size.columns), *_words(task.summary or "", size.columns, "dim")]
        lines = _short([*lines, *_facts(task, scene.now)], room - 1)
    yield ScreenRow(_rule(title, "", size.columns) if title else Line())
    rows = [ScreenRow(line) for line in lines[: room - 1]]
    yield from [*rows, *(ScreenRow() for _ in range(room - 1 - len(rows)))]


def _facts(task: TaskInfo, now: datetime) -> Iterator[Line]:
    if task.after:
        yield Line((Cell(f"after {', '.join(map(one_line, task.after))}", "dim"),), 1)
    for check in task.verify:
        passed = check.exit_code == 0
        word = Cell("✓ " if passed else f"✗ exit {check.exit_code}  ", "green" if passed else "red")
        yield Line((word, Cell(one_line(check.command))), 1)
    if task.changed_files:
        count = len(task.changed_files) + task.changed_files_more
        names = ", ".join(map(one_line, task.changed_files[:6])) + (", …" if count > 6 else "")
        yield Line((Cell(f"changed {count}: {names}", "dim"),), 1)


def _words(text: str, columns: int, style: str = "") -> list[Line]:
    found = [one.strip() for one in clean(text or "").splitlines() if one.strip()]
    return [Line((Cell(part, style),), 1) for one in found for part in fold(one, columns - 2)]


def _short(lines: list[Line], room: int) -> list[Line]:
    """Cut to so many lines, and say that there is more."""
    if len(lines) <= max(room, 1):
        return lines
    *kept, last = lines[: max(room, 1)]
    return [*kept, Line((*last.cells, Cell(" … Enter", "cyan")), last.indent)]


def _page(scene: Scene, size: Size) -> Iterator[ScreenRow]:
    head = _page_head(scene, size)
    room = max(1, size.lines - 2 - len(head))
    lines = page_lines(scene.page, size.columns - 1)
    first = scrolled(scene.screen, room, len(lines))
    yield _bar(scene, size)
    yield from map(ScreenRow, head)
    seen = [ScreenRow(line) for line in lines[first : first + room]]
    yield from [*seen, *(ScreenRow() for _ in range(room - len(seen)))]
    where = "" if len(lines) <= room else f"{min(first + room, len(lines))}/{len(lines)}"
    yield ScreenRow(foot(scene.screen, scene.items, size.columns, where))


def _page_head(scene: Scene, size: Size) -> list[Line]:
    """Return what stands above a page: what it is about, and which other pages there are."""
    screen = scene.screen
    if screen.place == "help":
        return [_rule("keys", "", size.columns)]
    if screen.place == "graph":
        return [*scene.head[:1], _rule("graph", "", size.columns)]
    name = screen.chosen.name if screen.chosen else ""
    if screen.place == "ask":
        return [_rule(f"{one_line(name)} waits on you", "yellow", size.columns)]
    task = scene.items.task(name)
    tabs = [Cell(f" {one} ", "reverse" if one == screen.place else "dim") for one in OF_A_TASK]
    if task is None:
        return [_rule(one_line(name), "", size.columns, tabs)]
    look = palette_of(task.state)
    state = one_line(task.state).replace("_", " ")
    spent = duration(task.minutes * 60) if task.minutes else ""
    told = " · ".join(word for word in (state, one_line(task.child or ""), spent) if word)
    now = (task.doing if task.state in ("running", "verifying") else task.why) or task.summary or ""
    lines = [
        Line((Cell(f"{look.mark} ", "bold"), Cell(one_line(task.id), "bold"), Cell(f"  {one_line(task.title or '')}"))),
        Line((Cell(told, "dim"), Cell(f"  {one_line(now, 300)}" if now else "")), 2),
        _rule("", "", size.columns, tabs),
    ]
    return [cut_line(_indented(line) if at < 2 else line, size.columns) for at, line in enumerate(lines)]


def ask_page(ask: AskInfo) -> ScreenPage:
    """Return the whole text of an ask."""
    return ScreenPage((*ask_blocks(ask), Line(), ways(ask)))


def help_page() -> ScreenPage:
    """Return what each key does."""
    return ScreenPage(tuple(help_lines()), folded=False)


def _row(cells: tuple[Cell, ...], chosen: bool) -> ScreenRow:
    mark = Cell("▌" if chosen else " ", "cyan")
    return ScreenRow(Line((mark, *cells)), "chosen" if chosen else "")


def _rule(words: str, style: str, columns: int, after: Sequence[Cell] = ()) -> Line:
    """Return a line across the screen with words in it."""
    title = cut(f" {words} ", max(4, columns - 6)) if words.strip() else ""
    used = 2 + width(title) + sum(width(cell.text) for cell in after)
    line = (Cell("──", "dim"), Cell(title, style or "bold"), *after, Cell("─" * max(0, columns - used), "dim"))
    return Line(line)


def _indented(line: Line) -> Line:
    return Line(line.cells, line.indent + 1)
