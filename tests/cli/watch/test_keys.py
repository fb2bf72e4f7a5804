"""What the keys of the live screen do, as values."""

from __future__ import annotations

import pytest

from supervisor.cli.watch.keys import Act, Attach, Quit, Room, Send, pasted, press
from supervisor.cli.watch.state import END, Chosen, Items, Screen, items_of, settled
from supervisor.wire.status import read_status
from tests.cli.scene import ask, status_json, task

PARTS = (
    {"name": "zone", "text": "Which time zone?", "choices": ("UTC", "the viewer's own")},
    {"name": "port", "text": "Which port?", "choices": ()},
)
ROOM = Room(10, 20, 100)
APPROVAL = {"kind": "approval", "child": "backend", "answers": ("accept", "decline")}
ITEMS = items_of(
    read_status(
        status_json(
            asks=(
                ask("A1", **APPROVAL, task="T1"),
                ask("A2"),
                ask("A3", answers=("keep", "drop it", "reply TEXT")),
                ask("A4", kind="approval", answers=("accept", "accept AMOUNT", "decline")),
                ask("A5", parts=PARTS),
            ),
            tasks=tuple(task(f"T{at}") for at in range(50)),
        )
    )
)


def pressed(keys: str, screen: Screen | None = None, items: Items = ITEMS) -> tuple[Screen, Act | None]:
    """Press keys, separated by spaces; the last act counts."""
    screen, act = settled(screen or Screen(), items, items), None
    for key in keys.split(" "):
        screen, act = press(screen, key, items, ROOM)
    return screen, act


def on(name: str) -> Screen:
    return Screen(chosen=Chosen("ask" if name.startswith("A") else "task", name))


@pytest.mark.parametrize(
    ("name", "keys", "decision", "text", "session"),
    [
        ("A1", "1 enter", "accept", "", False),
        ("A1", "y o k enter", "accept", "ok", False),
        ("A1", "n enter", "decline", "", False),
        ("A1", "s enter", "accept", "", True),
        ("A2", "r 8 0 enter", "text", "80", False),
        ("A2", "1 8 1 backspace 0 enter", "text", "80", False),
        ("A3", "2 enter", "text", "drop it", False),
        ("A4", "2 + 1 k enter", "accept", "+1k", False),
        ("A4", "y enter", "accept", "", False),
        ("A1", "enter 1 enter", "accept", "", False),
        ("A5", "2 8 0 enter enter", "text", "zone=the viewer's own\nport=80", False),
        ("A5", "1 9 enter backspace 8 0 enter enter", "text", "zone=UTC\nport=80", False),
        ("A5", "1 backspace 2 8 enter enter", "text", "zone=the viewer's own\nport=8", False),
        ("A5", "r M S T enter 8 enter enter", "text", "zone=MST\nport=8", False),
    ],
)
def test_an_ask_is_answered_by_key(name: str, keys: str, decision: str, text: str, session: bool) -> None:
    _, act = pressed(keys, on(name))
    assert isinstance(act, Send)
    assert (act.reply.ask, act.reply.decision, act.text, act.reply.for_session) == (name, decision, text, session)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("A1", "y"),  # one key answers nothing
        ("A1", "y escape enter"),
        ("A1", "r enter"),  # an approval takes no words
        ("A2", "y enter"),  # a question is not accepted
        ("A2", "s enter"),
        ("A2", "r enter"),  # nothing was said
        ("A4", "2 enter"),
        ("A4", "s enter"),  # a budget is not for the session
        ("A3", "4 enter"),
        ("A3", "0 enter"),
        ("A3", "² enter"),
        ("T1", "y enter"),
        ("A5", "1 enter enter"),  # the second question has no answer
        ("A5", "1 8 enter"),  # what was picked and typed is shown before it is sent
        ("A5", "y enter"),
        ("A5", "r enter enter"),
    ],
)
def test_what_is_no_answer_sends_none(name: str, keys: str) -> None:
    assert not isinstance(pressed(keys, on(name))[1], Send)


def test_an_answer_belongs_to_its_ask_though_the_list_changes_meanwhile() -> None:
    screen, _ = pressed("y", on("A1"))
    fewer = items_of(read_status(status_json(asks=(ask("A9", **APPROVAL),))))
    moved = settled(screen, fewer, ITEMS)
    assert moved.chosen == ("ask", "A9")
    _, act = press(moved, "enter", fewer, ROOM)
    assert isinstance(act, Send)
    assert act.reply.ask == "A1"


def test_what_is_pasted_presses_no_key() -> None:
    assert pasted(on("A1"), "y\n") == on("A1")
    screen, _ = pressed("r", on("A2"))
    screen = pasted(screen, "use port\n8080\n")
    assert screen.reply is not None
    assert screen.reply.edit.text == "use port 8080"
    session, _ = pressed("s", on("A1"))
    assert pasted(session, "x") == session


def test_the_cursor_moves_through_asks_and_tasks() -> None:
    assert pressed("down", on("A5"))[0].chosen == ("task", "T0")
    assert pressed("up", on("T0"))[0].chosen == ("ask", "A5")
    assert pressed("end")[0].chosen == ("task", "T49")
    assert pressed("end home")[0].chosen == ("ask", "A1")
    assert pressed("pagedown", on("T0"))[0][1:3] == (("task", "T9"), 9)
    assert pressed("tab", on("A1"))[0].chosen == ("task", "T0")
    assert pressed("tab", on("T5"))[0].chosen == ("ask", "A1")
    assert pressed("j j k", on("T0"))[0].chosen == ("task", "T1")


def test_the_cursor_stays_on_its_task_while_the_order_changes() -> None:
    changed = items_of(read_status(status_json(tasks=(task("T2"), task("T1", "running"), task("T0", "failed")))))
    assert settled(on("T1"), changed, ITEMS).chosen == ("task", "T1")
    assert settled(on("T3"), changed, ITEMS).chosen in (("task", "T0"), ("task", "T2"), ("task", "T1"))
    assert settled(on("T3"), items_of(read_status(status_json())), ITEMS).chosen is None


def test_pages_of_a_task_and_the_way_back() -> None:
    screen, _ = pressed("enter", on("T3"))
    assert (screen.place, screen.scroll) == ("log", END)
    assert pressed("enter b", on("T3"))[0].place == "brief"
    assert pressed("enter tab tab", on("T3"))[0].place == "diff"
    assert pressed("enter tab tab tab", on("T3"))[0].place == "log"
    assert pressed("d", on("T3"))[0].place == "diff"
    assert pressed("enter g q", on("T3"))[0].place == "log"
    assert pressed("enter ? escape q", on("T3"))[0] == on("T3")
    assert pressed("enter a", on("T3"))[1] == Attach("T3")
    assert pressed("a", on("A1"))[1] == Attach("T1")
    assert pressed("a", on("A2"))[1] is None


def test_a_log_is_followed_until_somebody_scrolls_up() -> None:
    screen, _ = pressed("enter", on("T3"))
    screen, _ = press(screen, "up", ITEMS, ROOM)
    assert screen.scroll == 79
    screen, _ = press(screen, "pagedown", ITEMS, ROOM)
    assert screen.scroll == END


def test_the_filter_is_kept_by_enter_and_dropped_by_escape() -> None:
    assert pressed("/ T 4 enter", on("T3"))[0].wanted == "T4"
    assert pressed("/ T 4 escape", on("T3"))[0].wanted == ""
    assert pressed("/ q enter escape", on("T3"))[0].wanted == ""
    found = items_of(
        read_status(status_json(tasks=(task("T1", "needs_human"), task("T2", child="app")))), "NEEDS human"
    )
    assert [one.id for one in found.tasks] == ["T1"]


def test_it_is_left_with_q_and_with_control_c() -> None:
    assert pressed("q")[1] == Quit()
    assert pressed("ctrl+c")[1] == Quit()
    assert pressed("enter ctrl+c", on("T3"))[1] == Quit()
    assert pressed("y ctrl+c", on("A1"))[1] is None
    assert pressed("/ q")[1] is None


def test_keys_that_mean_nothing_change_nothing() -> None:
    for name in ("A1", "T3"):
        for key in ("f5", "ctrl+x", "é", "x", "7", "delete"):
            assert pressed(key, on(name)) == (on(name), None)
