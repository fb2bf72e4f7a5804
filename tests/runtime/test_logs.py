"""The logs are JSON lines without secrets, and are kept small while servers write."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from supervisor.core.text.redact import GONE
from supervisor.runtime.log_files import KEPT
from supervisor.runtime.logs import Logs

pytestmark = pytest.mark.timeout(10)
KEY = "sk-" + "a1B2" * 8
LINE = {"ts": "2026-07-01T12:34:56.000005Z", "level": "warning", "event": "thread_failed", "child": "api", "seq": 7}


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    it = Logs(tmp_path / "logs", megabytes=1)
    yield it
    it.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_line_as_in_the_ledger(logs: Logs, tmp_path: Path) -> None:
    logs.write({**LINE, "reason": "no rollout found"})
    logs.close()
    assert lines(tmp_path / "logs" / "supervisor.jsonl") == [{**LINE, "reason": "no rollout found"}]
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700


def test_a_line_of_the_shell_has_the_moment_and_goes_to_its_child(logs: Logs, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    logs.say("item_completed", child="api", item="plan", nothing=None, detail={"n": [1]})
    logs.say("ledger_full", level="error", reason="50 % full: {0} %s")
    logs.close()
    (child,) = lines(tmp_path / "logs" / "api.jsonl")
    (own,) = lines(tmp_path / "logs" / "supervisor.jsonl")
    for line in (child, own):
        assert before <= datetime.fromisoformat(line.pop("ts").replace("Z", "+00:00")) <= datetime.now(UTC)
    assert child == {
        "level": "info",
        "event": "item_completed",
        "child": "api",
        "item": "plan",
        "detail": {"n": [1]},
    }
    assert own == {"level": "error", "event": "ledger_full", "reason": "50 % full: {0} %s"}


def test_lines_go_on_after_the_logs_were_closed(logs: Logs, tmp_path: Path) -> None:
    for number in range(3):
        logs.say("tick", n=number)
        logs.close()
    assert [line["n"] for line in lines(tmp_path / "logs" / "supervisor.jsonl")] == [0, 1, 2]


def test_a_line_is_one_line_whatever_is_in_it(logs: Logs, tmp_path: Path) -> None:
    odd = 'a\nb\r\x85\u2028\x00\ud800 é \\ "'
    logs.say("odd", reason=odd, error=ValueError("no JSON"), path=Path("/x"))
    logs.close()
    data = (tmp_path / "logs" / "supervisor.jsonl").read_bytes()
    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    line = json.loads(data)
    assert (line["reason"], line["error"], line["path"]) == (odd, "no JSON", "/x")


def test_no_secret_reaches_a_log_however_deep_it_is(logs: Logs, tmp_path: Path) -> None:
    logs.write({**LINE, "reason": f"key {KEY}", "action": {"text": f"use {KEY}", "steps": [f"{KEY}", 7]}})
    logs.say("item_completed", child="api", command=f"curl -H 'Authorization: Bearer {KEY}'", paths=[KEY])
    logs.close()
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "logs").iterdir())
    assert KEY not in text
    assert text.count(GONE) == 5
    assert lines(tmp_path / "logs" / "supervisor.jsonl") == [
        {**LINE, "reason": f"key {GONE}", "action": {"text": f"use {GONE}", "steps": [GONE, 7]}}
    ]


def test_the_mirror_shows_each_event_in_short(tmp_path: Path) -> None:
    mirror = io.StringIO()
    logs = Logs(tmp_path, megabytes=1, mirror=mirror)
    logs.write({**LINE, "task": "T1", "reason": "no rollout found"})
    logs.write({"ts": LINE["ts"], "level": "info", "event": "hold_set"})
    action = {"action": "start_turn", "child": "api"}
    logs.write({**LINE, "event": "intended", "task": "T1", "why": "it is ready", "action": action})
    logs.say("not_an_event")
    logs.close()
    assert mirror.getvalue() == (
        "12:34:56.000 thread_failed api T1 no rollout found\n"
        "12:34:56.000 hold_set\n"
        "12:34:56.000 start_turn api T1 it is ready\n"
    )


@pytest.mark.promise("logs bounded")
def test_a_log_that_is_full_is_rotated_and_old_ones_go(tmp_path: Path) -> None:
    logs = Logs(tmp_path, megabytes=0.001)
    for number in range(200):
        logs.say("tick", n=number, text="x" * 50)
    logs.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["supervisor.jsonl", *(f"supervisor.jsonl.{number}" for number in range(1, KEPT + 1))]
    assert all((tmp_path / name).stat().st_size <= 1048 for name in names)
    kept = [line["n"] for name in [*reversed(names[1:]), names[0]] for line in lines(tmp_path / name)]
    assert kept == list(range(kept[0], 200))


# ── a server's error output ──────────────────────────────────────────────────────────────────────

APPENDING = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
number = 0
while True:
    number += 1
    os.write(file, b"line %08d\\n" % number)
"""


def test_error_output_is_trimmed_while_a_server_keeps_writing(tmp_path: Path) -> None:
    logs = Logs(tmp_path, megabytes=0.01)
    path = logs.stderr_of("api")
    writer = subprocess.Popen([sys.executable, "-c", APPENDING, path])
    try:
        seen = 0
        deadline = time.monotonic() + 5
        for _ in range(5):
            while not path.exists() or path.stat().st_size <= 20_000:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            os.kill(writer.pid, signal.SIGSTOP)
            logs.trim("api")
            assert path.stat().st_size == 0
            kept = (tmp_path / "api.stderr.log.1").read_bytes()
            assert len(kept) == 5242
            numbers = [int(number) for number in re.findall(rb"line (\d{8})\n", kept)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert numbers[0] > seen
            seen = numbers[-1]
            os.kill(writer.pid, signal.SIGCONT)
        while not logs.tail("api"):
            assert time.monotonic() < deadline
            time.sleep(0.001)
    finally:
        writer.kill()
        writer.wait(timeout=5)
    assert path.read_bytes().startswith(b"line ")  # the server writes at the beginning again, without a hole


def test_error_output_that_is_small_or_missing_is_left_alone(logs: Logs, tmp_path: Path) -> None:
    logs.trim("api")
    assert list((tmp_path / "logs").iterdir()) == []
    logs.stderr_of("api").write_text("small\n", encoding="utf-8")
    logs.trim("api")
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["api.stderr.log"]


def test_error_output_that_cannot_be_trimmed_is_logged(tmp_path: Path) -> None:
    logs = Logs(tmp_path, megabytes=0.0001)
    logs.stderr_of("api").write_text("x" * 200, encoding="utf-8")
    (tmp_path / "api.stderr.log.1").mkdir()
    logs.trim("api")
    logs.close()
    (line,) = lines(tmp_path / "supervisor.jsonl")
    assert (line["event"], line["level"]) == ("log_not_trimmed", "warning")
    assert "Is a directory" in line["reason"]


def test_the_tail_holds_the_last_lines_without_secrets(logs: Logs) -> None:
    assert logs.tail("api") == ""
    logs.stderr_of("api").write_bytes(
        b"".join(b"line %d\n" % number for number in range(5000)) + f"key {KEY}\n".encode() + b"\xff last\n"
    )
    assert logs.tail("api", lines=3) == f"line 4999\nkey {GONE}\n\ufffd last"
    assert len(logs.tail("api").splitlines()) == 12
