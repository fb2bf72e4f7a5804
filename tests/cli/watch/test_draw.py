"""What is on the live screen, as rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from supervisor.cli.display.blocks import width
from supervisor.cli.watch.draw import Scene, ScreenRow, draw, head_of
from supervisor.cli.watch.foot import help_lines
from supervisor.cli.watch.layout import Size
from supervisor.cli.watch.state import Chosen, Items, Reply, Screen, ScreenPage, TypedLine, items_of, settled
from supervisor.wire.status import read_status
from tests.cli.scene import JsonDict, ask, status_json, task

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
SIZES = ((80, 24), (120, 40), (40, 12), (200, 60), (20, 6))
EVIL = "\x1b]2;evil\x07[T1] [/red] [bold]\x1b[2J\u202eabc\r\nnext"


def text(row: ScreenRow) -> str:
    return " " * row.line.indent + "".join(cell.text for cell in row.line.cells)


def rows(status: JsonDict, screen: Screen | None = None, size: tuple[int, int] = (80, 24)) -> list[ScreenRow]:
    told = read_status(status)
    items = items_of(told, screen.wanted if screen else "")
    found = settled(screen or Screen(), items, Items())
    return draw(Scene(told, items, found, ScreenPage(), head_of(told, Size(*size)), NOW), Size(*size))


def shown(status: JsonDict, screen: Screen | None = None, size: tuple[int, int] = (80, 24)) -> str:
    return "\n".join(map(text, rows(status, screen, size)))


def many(count: int) -> JsonDict:
    tasks = tuple(task(f"T{at}", "running" if at < 3 else "waiting", doing=f"$ step {at}") for at in range(count))
    return status_json(tasks=tasks, asks=(ask("A1", answers=("accept", "decline")),))


@pytest.mark.parametrize("size", SIZES)
def test_the_rows_fill_the_terminal_and_none_is_too_wide(size: tuple[int, int]) -> None:
    for status in (status_json(), many(50), status_json(tasks=(task("T1", title=EVIL, why=EVIL),), title=EVIL * 9)):
        for place in ("list", "log", "help", "graph", "ask"):
            found = rows(status, Screen(place=place), size)  # type: ignore[arg-type]
            assert len(found) == size[1]
            assert max(width(text(row)) for row in found) <= size[0], place


def test_the_help_has_room_in_80_columns() -> None:
    assert [line for line in help_lines() if sum(width(cell.text) for cell in line.cells) > 79] == []


def test_asks_stand_above_the_tasks_and_are_all_counted() -> None:
    lines = shown(many(5)).splitlines()
    first = next(at for at, line in enumerate(lines) if "waits on you: 1" in line)
    assert "A1" in lines[first + 1]
    assert "TASK" in lines[first + 2]
    assert "T0" in lines[first + 3]
    assert "$ step 0" in lines[first + 3]
    assert "1 accept   2 decline" in "\n".join(lines)


def test_many_asks_take_half_of_the_room_at_most_and_follow_the_cursor() -> None:
    status = status_json(tasks=(task("T1"),), asks=tuple(ask(f"A{at}") for at in range(30)))
    assert "T1" in shown(status)
    assert "A29 " in shown(status, Screen(chosen=Chosen("ask", "A29")))


def test_nothing_that_others_wrote_controls_the_screen() -> None:
    status = status_json(
        tasks=(task("T1", "running", title=EVIL, doing=EVIL, summary=EVIL),),
        asks=(ask("A1", text=EVIL, steps=EVIL, answers=("accept", EVIL)),),
        title=EVIL,
    )
    for chosen in (Chosen("ask", "A1"), Chosen("task", "T1")):
        found = shown(status, Screen(chosen=chosen))
        assert all(line.isprintable() for line in found.splitlines()), found
        assert "[T1] [/red] [bold]" in found  # shown as it was written: it is no markup
        assert "evil" not in found


def test_a_supervisor_that_is_away_is_named_on_the_first_line() -> None:
    status = status_json(tasks=(task("T1"),))
    assert "no supervisor: `orch up` starts it" in shown({**status, "supervisor": {"state": "down"}}).splitlines()[0]
    assert rows({**status, "supervisor": {"state": "down"}})[0].look == "alarm"
    assert rows(status)[0].look == "bar"


def test_what_is_left_out_is_counted() -> None:
    tasks = tuple(task(f"T{at}") for at in range(40))
    status = status_json(tasks=(*tasks, task("T99", "retired")))
    assert "of 40, 1 retired" in shown(status)
    assert "40 left out" in shown(status, Screen(wanted="T7"))
    assert "T99" in shown(status, Screen(wanted="retired"))
    assert "no task matches" in shown(status, Screen(wanted="nowhere"))


def test_the_cursor_is_always_on_the_screen() -> None:
    status = many(200)
    for name in ("T0", "T57", "T199"):
        assert f"▌· {name} " in shown(status, Screen(chosen=Chosen("task", name))).replace("▶", "·")


def test_an_answer_is_typed_on_the_last_line() -> None:
    reply = Reply("A1", "accept", "accept", edit=TypedLine("because it is fine", 7))
    last = shown(many(3), Screen(reply=reply)).splitlines()[-1]
    assert "A1 accept" in last
    assert "because it is fine" in last
    long = Reply("A1", "accept", "accept", edit=TypedLine("x" * 300 + "the end", 307))
    assert "the end" in shown(many(3), Screen(reply=long)).splitlines()[-1]


def test_a_task_that_waits_says_its_title_where_titles_have_no_column() -> None:
    status = status_json(tasks=(task("T1", why="after T0"), task("T2", "running", doing="$ make")))
    for columns in (80, 100):
        found = shown(status, size=(columns, 24)).splitlines()
        assert [line.split("backend")[1].strip() for line in found if "backend  " in line] == [
            "$ make",
            "after T0 · Title of T1",
        ]
    assert "after T0 ·" not in shown(status, size=(160, 24))
