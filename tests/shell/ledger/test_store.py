"""The ledger returns what was recorded, whatever happens to the file. Also: replace files atomically."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind
from supervisor.domain.child import Child
from supervisor.domain.plan import Plan, Task
from supervisor.domain.task import Brief
from supervisor.errors import StoreError
from supervisor.shell.atomic import write_atomic
from supervisor.shell.ledger.lines import decode, encode
from supervisor.shell.ledger.store import Ledger, Opened
from tests.shell.ledger.written import AT, FIRST, unlabelled


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".orchestrator" / "ledger.jsonl"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    it = Ledger(path)
    it.open()
    yield it
    it.close()


def holding(events: tuple[ev.Event, ...], cut: int) -> Opened:
    """A ledger without a checkpoint."""
    return Opened(None, events, events[-1].at if events else None, cut)


def found(path: Path) -> Opened:
    """Open the ledger as the next supervisor does."""
    ledger = Ledger(path)
    try:
        return ledger.open()
    finally:
        ledger.close()


# ── the round trip ───────────────────────────────────────────────────────────────────────────────

# Any text, with halves of surrogate pairs too, because git names files by bytes. Two halves in a row make a character.
TEXT = st.text(st.characters(exclude_categories=()), max_size=20).map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
st.register_type_strategy(str, st.text(max_size=12) | TEXT)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(float, st.floats(allow_nan=False))
KINDS: tuple[type, ...] = get_args(ev.Event)
ACTIONS: tuple[type, ...] = get_args(act.Action)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_event_comes_back_from_its_line_as_it_was(kind: type, data: st.DataObject) -> None:
    event = data.draw(st.from_type(kind))
    assert decode(json.loads(json.dumps(encode(event, 7)))) == event


@pytest.mark.parametrize("kind", ACTIONS, ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_action_comes_back_from_the_line_of_its_intent_as_it_was(kind: type, data: st.DataObject) -> None:
    intent = ev.Intended(AT, data.draw(st.from_type(kind)))
    assert decode(json.loads(json.dumps(encode(intent, 7)))) == intent


@settings(max_examples=30, deadline=None)
@given(st.lists(st.from_type(ev.Event), max_size=5), st.lists(st.from_type(ev.Event), max_size=5))
def test_a_ledger_returns_what_was_appended_in_any_number_of_steps(
    first: list[ev.Event], second: list[ev.Event]
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        for step in (first, second):
            ledger = Ledger(path)
            ledger.open()
            ledger.append(step, unlabelled)
            ledger.close()
        assert found(path) == holding((*first, *second), 0)
        assert [json.loads(line)["seq"] for line in path.read_bytes().splitlines()] == list(
            range(1, len(first) + len(second) + 1)
        )


def test_time_is_kept_to_the_microsecond_and_in_utc(ledger: Ledger, path: Path) -> None:
    moments = [AT, AT + timedelta(microseconds=1), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    ledger.append([ev.HoldSet(at) for at in moments], unlabelled)
    events = found(path).events
    assert [event.at for event in events] == moments
    assert [event.at.utcoffset() for event in events] == [timedelta(0)] * len(moments)


def test_a_line_says_what_the_log_says(ledger: Ledger, path: Path) -> None:
    lines = ledger.append(FIRST, unlabelled)
    assert lines[0] == {
        "seq": 1,
        "ts": "2026-07-01T12:00:00.000005Z",
        "level": "info",
        "event": "up_requested",
        "children": ["api", "app"],
    }
    assert lines[2] == {
        "seq": 3,
        "ts": "2026-07-01T12:00:00.000005Z",
        "level": "info",
        "event": "intended",
        "child": "api",
        "why": "the human wants it down",
        "action": {"action": "stop_server", "child": "api", "kill": False, "why": "the human wants it down"},
    }
    recorded = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [len(line.pop("sum")) for line in recorded] == [16] * len(recorded)
    assert recorded == lines


def test_a_label_helps_readers_and_changes_no_event(ledger: Ledger, path: Path) -> None:
    (line,) = ledger.append(FIRST[1:2], lambda event: {"task": "T1", "turn": "u", "child": "other", "seq": 9})
    assert (line["task"], line["turn"], line["child"], line["seq"]) == ("T1", "u", "api", 1)
    assert found(path) == holding(FIRST[1:2], 0)


def test_a_ledger_is_private_and_its_numbers_go_on_after_a_restart(ledger: Ledger, path: Path) -> None:
    ledger.append(FIRST[:2], unlabelled)
    again = Ledger(path)
    assert again.open() == holding(FIRST[:2], 0)
    assert [line["seq"] for line in again.append(FIRST[2:], unlabelled)] == [3, 4]
    again.close()
    assert found(path) == holding(FIRST, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_appending_to_a_ledger_that_is_not_open_is_an_error(path: Path) -> None:
    with pytest.raises(AssertionError, match=r"open\(\) comes before commit\(\)"):
        Ledger(path).append(FIRST, unlabelled)


# ── damage to the file ───────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("ledger whole")
def test_a_torn_last_line_is_cut_off_and_reported_wherever_it_was_torn(ledger: Ledger, path: Path) -> None:
    ledger.append(FIRST, unlabelled)
    whole = path.read_bytes()
    kept = whole.rfind(b"\n", 0, -1) + 1
    for size in range(kept, len(whole)):
        path.write_bytes(whole[:size])
        again = Ledger(path)
        assert again.open() == holding(FIRST[:-1], size - kept)
        assert path.stat().st_size == kept
        assert again.append(FIRST[-1:], unlabelled)[0]["seq"] == len(FIRST)
        again.close()
        assert path.read_bytes() == whole


def test_a_torn_line_of_other_bytes_is_cut_off_too(ledger: Ledger, path: Path) -> None:
    ledger.append(FIRST, unlabelled)
    with path.open("ab") as file:
        file.write(b"\x00\xff\r\x85" * 100)
    assert found(path) == holding(FIRST, 400)
    assert found(path) == holding(FIRST, 0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        '"text"',
        "null",
        "\x00\x00",
        "{}",
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":"new_kind"}',
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":["hold_set"]}',
        '{"seq":3,"event":"hold_set"}',
        '{"ts":"2026-07-01T12:00:00Z","event":"hold_set"}',
        '{"seq":"3","ts":"2026-07-01T12:00:00Z","event":"hold_set"}',
        '{"seq":null,"ts":"2026-07-01T12:00:00Z","event":"hold_set"}',
        '{"seq":3,"ts":"yesterday","event":"hold_set"}',
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":"retry_requested"}',
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":"retry_requested","task":["T1"]}',
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":"intended","action":{"action":"new"}}',
        '{"seq":3,"ts":"2026-07-01T12:00:00Z","event":"intended","action":"exit"}',
        "[" * 100_000,
    ],
)
def test_the_error_for_a_foreign_line_names_its_number_and_nothing_is_changed(
    ledger: Ledger, path: Path, line: str
) -> None:
    ledger.append(FIRST[:2], unlabelled)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        found(path)
    assert error.value.what.startswith(f"{path}:3: this is not an event of this version")
    assert error.value.next_step == (
        "run `orch doctor --repair`, which shows what is lost and goes on from the rest, or restore a backup"
    )
    assert path.read_bytes() == before


def test_a_ledger_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    with pytest.raises(StoreError, match=r"ledger cannot be opened \(Is a directory\): make the workspace writable"):
        Ledger(tmp_path / "ledger").open()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot be opened \((File exists|Not a directory)\)"):
        Ledger(tmp_path / "file" / "ledger").open()


FILLING = """
import json, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from supervisor.domain.event import LearningNoted
from supervisor.errors import StoreError
from supervisor.shell.ledger.store import Ledger

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
label = lambda event: {}
path, limit = Path(sys.argv[1]), int(sys.argv[2])
at = datetime(2026, 7, 1, tzinfo=UTC)
ledger = Ledger(path)
ledger.open()
ledger.append([LearningNoted(at, "human", "first")], label)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
full = []
for _ in range(2):
    try:
        ledger.append([LearningNoted(at, "api", "x" * 50), LearningNoted(at, "app", "y" * 50)], label)
    except StoreError as error:
        full.append(str(error))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
between = path.stat().st_size
lines = ledger.append([LearningNoted(at, "human", "second")], label)
print(json.dumps([full, between, [line["seq"] for line in lines]]))
"""


@pytest.mark.promise("ledger whole")
@pytest.mark.parametrize("room", [0, 1, 60, 150])
def test_a_full_disk_records_all_of_a_step_or_nothing_and_more_once_there_is_room(tmp_path: Path, room: int) -> None:
    path = tmp_path / "ledger.jsonl"
    at = datetime(2026, 7, 1, tzinfo=UTC)
    first = len(json.dumps(encode(ev.LearningNoted(at, "human", "first"), 1), separators=(",", ":"))) + 26
    ran = subprocess.run(
        [sys.executable, "-c", FILLING, path, str(first + room)], capture_output=True, text=True, timeout=5, check=True
    )
    full, between, numbers = json.loads(ran.stdout)
    assert full == [f"the ledger {path} cannot be written (File too large): make room on the disk"] * 2
    assert (between, numbers) == (first, [2])
    assert found(path) == holding((ev.LearningNoted(at, "human", "first"), ev.LearningNoted(at, "human", "second")), 0)


# ── files replaced atomically ────────────────────────────────────────────────────────────────────


@settings(max_examples=20, deadline=None)
@given(TEXT)
def test_a_file_is_written_word_for_word(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "runs.md"
        write_atomic(path, "before")
        write_atomic(path, text)
        assert path.read_bytes() == text.encode("utf-8", "backslashreplace")
        assert os.listdir(folder) == ["runs.md"]


def test_a_reader_keeps_the_text_that_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "runs.md"
    write_atomic(path, "old\n")
    with path.open(encoding="utf-8") as reader:
        write_atomic(path, "new, and longer\n")
        assert reader.read() == "old\n"
    assert path.read_text(encoding="utf-8") == "new, and longer\n"


@pytest.mark.parametrize("text", ["new", 7])
def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path: Path, text: Any) -> None:
    target = tmp_path / "runs.md"
    target.mkdir()
    (target / "kept").write_text("old", encoding="utf-8")
    with pytest.raises((OSError, TypeError)):
        write_atomic(target, text)
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")) == ["runs.md", "runs.md/kept"]


def test_a_folder_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "gone" / "runs.md", "text")


def test_a_ledger_of_before_there_were_budgets_outages_and_looks_still_opens(ledger: Ledger, path: Path) -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    plan = Plan("A plan", False, "", "", (), (Task("T1", "One", "api"),))
    where = ("api", "T1", "t", "u")
    events = (
        ev.SupervisorStarted(at, 1, "1", (Child("api", "/api"),), (), (2.0,)),
        ev.PlanAccepted(at, 1, "d", "added T1", plan),
        ev.ThreadOpened(at, "api", 7, "t", None, False, ()),
        ev.Intended(at, act.SteerTurn(*where, "m", Brief("k", "b"), "b", "w")),
        ev.Intended(at, act.InterruptTurn(*where, False, "w")),
        ev.Intended(at, act.RaiseAsk("A1", AskKind.QUESTION, "api", "T1", "x", "", "", (), None, None, "w")),
    )
    ledger.append(list(events), unlabelled)
    ledger.close()
    new = {
        "plan_budget",
        "task_budget",
        "budget",
        "last",
        "pause_seconds",
        "stall_minutes",
        "leftover_seconds",
        "provider",
        "nudge",
        "stalled",
    }

    def older(value: Any) -> Any:
        if isinstance(value, list):
            return [older(one) for one in value]
        return {key: older(one) for key, one in value.items() if key not in new} if isinstance(value, dict) else value

    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(json.dumps(older(json.loads(line))) + "\n" for line in lines), encoding="utf-8")
    assert found(path).events == events


LINES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda fields: json.dumps(fields).encode(),
        st.fixed_dictionaries(
            {},
            optional={
                "seq": st.one_of(st.integers(), st.text(max_size=3), st.none()),
                "ts": st.one_of(st.just("2026-07-01T12:00:00Z"), st.text(max_size=5), st.integers()),
                "event": st.one_of(st.sampled_from(["hold_set", "intended", "turn_ended"]), st.text(max_size=5)),
                "action": st.dictionaries(st.sampled_from(["action", "why"]), st.sampled_from(["exit", 7, None])),
            },
        ),
    ),
)


@pytest.mark.promise("any input")
@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=4), st.booleans())
def test_any_file_content_is_read_or_is_an_error(lines: list[bytes], ended: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        content = b"\n".join(lines) + b"\n" * ended
        path.write_bytes(content)
        with suppress(StoreError):
            assert found(path).cut == len(content) - path.stat().st_size
            return
        assert path.read_bytes() == content, "an unreadable ledger must stay as it is"
