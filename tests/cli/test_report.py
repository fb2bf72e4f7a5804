"""`orch report`: where the page goes, with and without a supervisor."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, status_json, task


def test_the_page_goes_into_a_file_or_to_the_standard_output(
    orch: Orch, standin: Callable[..., Standin], workspace: WorkspacePaths, tmp_path: Path
) -> None:
    standin(
        status_json(tasks=(task("T1", "done", summary="It is <done>."), task("T2", after=("T1",))), asks=(ask("A1"),))
    )
    ran = orch("report", "-o", str(tmp_path / "out.html"))
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert (ran.code, ran.out, "open it in a browser" in ran.err) == (0, "", True)
    assert page.startswith("<!doctype html>")
    assert "It is &lt;done&gt;." in page
    assert "1 of 2 done" in page
    assert "orch answer A1 reply TEXT" in page
    shown = orch("report", "-o", "-").out
    assert (shown.startswith("<!doctype html>"), "<title>A plan — orch</title>" in shown) == (True, True)
    assert orch("report").code == 0
    told = json.loads(orch("report", "--json").out)
    assert told == {"file": str(workspace.root / "run.html"), "bytes": (workspace.root / "run.html").stat().st_size}
    assert orch("report", "--json", "-o", "-").code == 2
    assert (workspace.root / "run.html").is_file()


def test_it_needs_no_supervisor_and_says_what_cannot_be_read(orch: Orch, workspace: WorkspacePaths) -> None:
    workspace.ledger.parent.mkdir()
    lines = [
        {"seq": 1, "ts": "2026-11-23T10:00:00.000000Z", "level": "info", "event": "hold_set"},
        {"seq": 2, "ts": "2026-11-23T10:00:01.000000Z", "level": "info", "event": "of_a_newer_version"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"seq": 3, "torn'
    workspace.ledger.write_text(text, encoding="utf-8")
    ran = orch("report", "-o", "-")
    assert ran.code == 0
    assert "No plan yet" in ran.out
    assert "1 line of the ledger could not be read" in ran.out
    assert workspace.ledger.read_text(encoding="utf-8") == text


def test_a_page_is_no_text_for_a_terminal(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ran = orch("report", "-o", "-")
    assert (ran.code, "write it to a file" in ran.err) == (2, True)


def test_a_place_that_cannot_be_written_is_named_and_a_device_stays_one(orch: Orch, tmp_path: Path) -> None:
    ran = orch("report", "-o", str(tmp_path / "gone" / "run.html"))
    assert (ran.code, "cannot be written" in ran.err, "-o" in ran.err) == (1, True, True)
    assert orch("report", "-o", str(tmp_path)).code == 1
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert orch("report", "-o", str(pipe)).code == 0
        assert os.read(reader, 15) == b"<!doctype html>"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
