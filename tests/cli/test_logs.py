"""`orch logs`: ledger and logs in one order of time, filtered, while they are written and rotated."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.cli.look.logs import parse_since, readable
from supervisor.errors import UsageError
from supervisor.runtime.records import Records, moment
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.segments import pack
from tests.cli.conftest import Orch
from tests.cli.log_files import line, write

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


LEDGER = [
    line("turn_began", 1.123, seq=1, child="backend", task="T1", turn="u1"),
    line("server_exited", 5, seq=2, child="mobile", level="warning", reason="it was killed"),
    line(
        "intended",
        6,
        seq=3,
        child="backend",
        task="T2",
        why="its turn has come",
        action={"action": "start_turn", "child": "backend", "text": "long"},
    ),
]
OWN = [line("ledger_end_cut", 3, level="warning"), {**LEDGER[0], "echo": True}, line("broken", 7, level="error")]
CHILD = [line("stderr_said", 2, child="backend", level="debug"), line("probe", 4, child="backend", level="debug")]


@pytest.fixture
def written(workspace: WorkspacePaths) -> WorkspacePaths:
    """A ledger, the supervisor's log in two files, and a child's log."""
    write(workspace.ledger, LEDGER)
    write(workspace.logs / "supervisor.jsonl.1", OWN[:2])
    write(workspace.logs / "supervisor.jsonl", OWN[2:])
    write(workspace.logs / "backend.jsonl", CHILD)
    (workspace.logs / "backend.stderr.log").write_text("not ours\n", encoding="utf-8")
    return workspace


def events(ran: tuple[int, str, str]) -> list[str]:
    return [json.loads(one)["event"] for one in ran[1].splitlines()]


def test_all_files_are_one_stream_without_what_repeats_the_ledger(written: WorkspacePaths, orch: Orch) -> None:
    ran = orch("logs", "--json")
    expected = [LEDGER[0], CHILD[0], OWN[0], CHILD[1], LEDGER[1], LEDGER[2], OWN[2]]
    assert ([json.loads(one) for one in ran.out.splitlines()], ran.code, ran.err) == (expected, 0, "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--child", "backend"), ["turn_began", "stderr_said", "probe", "intended"]),
        (("--task", "T1"), ["turn_began"]),
        (("--event", "*e*n*"), ["turn_began", "ledger_end_cut", "intended", "broken"]),
        (("--event", "turn_began"), ["turn_began"]),
        (("--level", "warning"), ["ledger_end_cut", "server_exited", "broken"]),
        (("--level", "error"), ["broken"]),
        (("--since", "2026-11-23T10:00:05Z"), ["server_exited", "intended", "broken"]),
        (("--since", "2026-11-23T11:00:06+01:00"), ["intended", "broken"]),
        (("--child", "backend", "--level", "info", "--task", "T2"), ["intended"]),
        (("--child", "orchestrator"), []),
    ],
)
def test_only_what_is_asked_for_is_shown(
    arguments: tuple[str, ...], expected: list[str], written: WorkspacePaths, orch: Orch
) -> None:
    assert events(orch("logs", "--json", *arguments)) == expected


def test_raw_lines_have_all_fields_and_every_new_day_is_named(workspace: WorkspacePaths, orch: Orch) -> None:
    days = ["2020-01-02T10:00:05Z", "2020-01-02T23:59:59.9999Z", "2020-01-03T00:00:00Z"]
    write(workspace.ledger, [{**line("e", 0, child="mobile", reason="it was killed"), "ts": ts} for ts in days])
    rest = 'info    e                      mobile reason="it was killed"\n'
    assert orch("logs", "--raw") == (
        0,
        f"── 2020-01-02 (UTC)\n10:00:05.000 {rest}23:59:59.999 {rest}── 2020-01-03 (UTC)\n00:00:00.000 {rest}",
        "",
    )


def test_a_line_for_people_names_the_action_and_leaves_out_its_length() -> None:
    assert readable(LEDGER[2]) == ('10:00:06.000 info    intended start_turn    backend T2 why="its turn has come"')
    assert readable(LEDGER[0]) == "10:00:01.123 info    turn_began             backend T1 turn=u1"
    long = readable(line("e", 0, a={"b": "x" * 500}, c=None, d=[], e=0, f="\x1b[2Jno\n\x1b]0;t\x07pe"))
    assert long.endswith(' e=0 f="no pe"')
    assert len(long) < 260


def test_an_empty_log_is_not_a_failure(orch: Orch, workspace: WorkspacePaths) -> None:
    assert orch("logs") == (
        0,
        "",
        f"no line matches; what the servers print themselves is in {workspace.logs}/*.stderr.log\n",
    )
    assert orch("logs", "--json") == (0, "", "")


def test_broken_lines_are_counted_and_skipped(written: WorkspacePaths, orch: Orch) -> None:
    write(
        written.ledger,
        [{"ts": 5, "event": "x"}, {"event": "no time"}, {"ts": "soon", "event": "x"}, {"ts": LEDGER[0]["ts"]}],
        more='[1]\n"text"\nnull\n{"torn\n\n{"ts": "2026-11-23T10:00:09Z", "event": "bare"}\n{"ts": "2026',
    )
    ran = orch("logs", "--json", "--since", "2026-11-23T10:00:07Z")
    assert ([json.loads(one) for one in ran.out.splitlines()], ran.err) == (
        [OWN[2], {"ts": "2026-11-23T10:00:09Z", "event": "bare", "level": "info"}],
        "skipped 9 broken lines\n",
    )


times = st.lists(st.integers(0, 59_999_999), max_size=12).map(sorted)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(files=st.lists(times, min_size=1, max_size=5), short=st.booleans(), rotated=st.integers(0, 12))
def test_whatever_the_files_hold_the_stream_is_in_order(
    files: list[list[int]], short: bool, rotated: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace = WorkspacePaths(tmp_path_factory.mktemp("ws"))
    expected = []
    for number, stamps in enumerate(files):
        lines = [line(f"{number}.{at}", stamp / 1e6) for at, stamp in enumerate(stamps)]
        for one in lines if short else ():
            one["ts"] = one["ts"].rstrip("Z").rstrip("0").rstrip(".") + "+00:00"
        path = workspace.logs / f"child{number}.jsonl" if number else workspace.ledger
        write(path.with_name(f"{path.name}.1"), lines[:rotated]) if number else write(path, lines[:rotated])
        write(path, lines[rotated:])
        expected += lines
    records = Records(workspace)
    found = list(records.read())
    records.close()
    assert [moment(one["ts"]) for one in found] == sorted(moment(one["ts"]) for one in expected)
    for number, _ in enumerate(files):
        mine = [one for one in found if one["event"].startswith(f"{number}.")]
        assert mine == [one for one in expected if one["event"].startswith(f"{number}.")]


@pytest.mark.promise("clock")
def test_a_clock_that_was_set_back_does_not_tear_the_stream(workspace: WorkspacePaths) -> None:
    write(workspace.ledger, [line("a", 5), line("b", 1), line("c", 6)])
    write(workspace.logs / "supervisor.jsonl", [line("x", 5.5)])
    records = Records(workspace)
    assert [one["event"] for one in records.read()] == ["a", "b", "x", "c"]
    records.close()


def test_what_is_written_later_is_read_across_rotations_and_only_once(workspace: WorkspacePaths) -> None:
    log = workspace.logs / "supervisor.jsonl"
    records = Records(workspace)

    def read() -> list[str]:
        return [one["event"] for one in records.read(more_to_come=True)]

    assert read() == []
    write(log, [line("a", 1)], more='{"ts": "2026-11-23T10:00:02Z", ')
    assert read() == ["a"]
    write(log, [], more='"event": "b"}\n')
    assert read() == ["b"]
    write(log, [line("c", 3)])
    log.rename(f"{log}.1")
    write(log, [line("d", 4)])
    assert read() == ["c", "d"]
    write(log, [line("e", 5)])
    Path(f"{log}.1").rename(f"{log}.2")
    log.rename(f"{log}.1")
    write(log, [line("f", 6)])
    Path(f"{log}.2").rename(f"{log}.3")
    Path(f"{log}.1").rename(f"{log}.2")
    log.rename(f"{log}.1")
    write(log, [line("g", 7)])
    write(workspace.ledger, [line("h", 8)])
    assert read() == ["e", "f", "g", "h"]
    assert read() == []
    for number in (1, 2, 3):
        Path(f"{log}.{number}").unlink()
    log.unlink()
    write(log, [line("i", 9)])
    assert read() == ["i"]
    assert records.broken == 0
    records.close()


@pytest.mark.promise("start time bounded")
def test_closed_and_packed_segments_of_the_ledger_are_read_once(workspace: WorkspacePaths) -> None:
    ledger, closed = workspace.ledger, workspace.state / "ledger"
    write(closed / "000000000001-000000000002.jsonl", [line("a", 1, seq=1), line("b", 2, seq=2)])
    write(ledger, [line("c", 3, seq=3)])
    pack(ledger)
    records = Records(workspace)

    def read() -> list[str]:
        return [one["event"] for one in records.read(more_to_come=True)]

    assert read() == ["a", "b", "c"]
    write(ledger, [line("d", 4, seq=4)])
    ledger.rename(closed / "000000000003-000000000004.jsonl")
    write(ledger, [line("e", 5, seq=5)])
    assert read() == ["d", "e"]
    write(ledger, [line("f", 6, seq=6)])
    ledger.rename(closed / "000000000005-000000000006.jsonl")
    pack(ledger)
    write(ledger, [line("g", 7, seq=7)])
    assert read() == ["f", "g"]
    assert read() == []
    assert records.broken == 0
    records.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.lists(st.sampled_from(["T1", "T2", "T3", 'T"4', "é"]), max_size=24),
    size=st.integers(1, 5),
    kept=st.sampled_from(["all", "some", "damaged"]),
)
def test_the_words_of_segments_change_nothing_in_what_is_read(
    tasks: list[str], size: int, kept: str, workspace: WorkspacePaths
) -> None:
    ledger, folder = workspace.ledger, workspace.state / "ledger"
    shutil.rmtree(workspace.state, ignore_errors=True)
    lines = [line("a", at % 3, seq=at, child="api", task=task, text=f"of T1 {at}") for at, task in enumerate(tasks, 1)]
    for first in range(0, len(lines), size):
        part = lines[first : first + size]
        write(folder / f"{first + 1:012d}-{first + len(part):012d}.jsonl", part)
    write(workspace.logs / "api.jsonl", [line("b", 1.5, task="T1", child="api")])
    pack(ledger) if lines else None
    asked = [["T1"], ['T"4'], ["é"], ["T9"], ["api", "T2"]]

    def read() -> list[list[object]]:
        found = []
        for words in asked:
            with closing(Records(workspace)) as records:
                found.append(list[object](records.read(holding=words)))
        return found

    packed = {path: path.read_bytes() for path in folder.glob("*.gz")}
    for path, content in packed.items():
        path.write_bytes(gzip.compress(gzip.decompress(content)))  # without words
    expected = read()
    for number, (path, content) in enumerate(packed.items()):
        if kept == "all" or number % 2:
            path.write_bytes(content)
        elif kept == "damaged":
            path.write_bytes(content[:17] + bytes([content[17] ^ 4]) + content[18:])
    assert read() == expected
    assert len(expected[0]) == 1 + tasks.count("T1")


def test_more_segments_are_read_than_a_process_may_have_open(workspace: WorkspacePaths) -> None:
    for number in range(1, 61):
        write(workspace.state / "ledger" / f"{number:012d}-{number:012d}.jsonl", [line("a", number / 2, seq=number)])
    pack(workspace.ledger)
    write(workspace.ledger, [line("z", 40, seq=61)])
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 20, before[1]))
    try:
        with closing(Records(workspace)) as records:
            found = [one["event"] for one in records.read()]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == ["a"] * 60 + ["z"]


@pytest.mark.parametrize("words", [(), ("--task", "T1")])
def test_a_damaged_segment_of_the_ledger_is_counted_and_the_rest_is_shown(
    words: tuple[str, ...], workspace: WorkspacePaths, orch: Orch
) -> None:
    part = workspace.state / "ledger" / "000000000001-000000000009.jsonl"
    write(part, [line("old", 0, seq=number, task="T1") for number in range(1, 10)])
    pack(workspace.ledger)
    packed = part.with_name(f"{part.name}.gz")
    packed.write_bytes(packed.read_bytes()[:-9])
    write(workspace.ledger, [line("new", 1, seq=10, task="T1")])

    ran = orch("logs", "--json", *words)
    assert (events(ran), ran.code, ran.err) == (["new"], 0, "skipped 1 broken line\n")


def test_only_lines_of_a_long_log_that_may_match_are_parsed(
    written: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = [line("noise", 8 + number / 1000, child="mobile", text="T2, or 'T2'") for number in range(500)]
    write(written.logs / "mobile.jsonl", noise)
    looked_into: list[bytes] = []
    read = json.loads

    def counted(text: str | bytes) -> Any:
        if isinstance(text, bytes):
            looked_into.append(text)
        return read(text)

    monkeypatch.setattr(json, "loads", counted)
    assert events(orch("logs", "--json", "--task", "T2")) == ["intended"]
    assert len(looked_into) == 2  # the line, to know the name, and again to show it
    looked_into.clear()
    assert events(orch("logs", "--json", "--child", "backend", "--task", "T1")) == ["turn_began"]
    assert len(looked_into) < 12  # the first line of each file that has the child, then the task, then both


def test_following_continues_until_it_is_interrupted(
    written: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter([line("later", 20)])

    def between(seconds: float) -> None:
        more = next(rounds, None)
        if more is None:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            write(written.ledger, [more])

    monkeypatch.setattr("supervisor.cli.look.logs.time.sleep", between)
    ran = orch("logs", "--follow", "--json", "--level", "info", "--since", "2026-11-23T10:00:06.5Z")
    assert (events(ran), ran.code, ran.err) == (["broken", "later"], 0, "")


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1.5h", 5400),
        ("2026-11-23T11:00:00Z", 3600),
        ("2026-11-23T13:00:00+02:00", 3600),
    ],
)
def test_since_is_a_span_or_a_time(text: str, ago: float) -> None:
    assert parse_since(text, NOW) == NOW - timedelta(seconds=ago)


@pytest.mark.parametrize("text", ["", "m", "10 parsecs", "-5m", "yesterday", "\x1b[2J"])
def test_since_rejects_anything_else(text: str) -> None:
    with pytest.raises(UsageError):
        parse_since(text, NOW)


def test_since_before_all_time_is_everything() -> None:
    assert parse_since("999999999d", NOW) == datetime.min.replace(tzinfo=UTC)
