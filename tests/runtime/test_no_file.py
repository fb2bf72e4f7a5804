"""What stands in the place of a file of ours and is no file is neither waited for nor read without end."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from supervisor.errors import OrchError, StoreError
from supervisor.regular_file import open_regular, read_regular
from supervisor.runtime.change.journal import read_journal
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import launch
from supervisor.runtime.last_status import last_known
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.prefix.process import PrefixProcess
from supervisor.shell.process import spawn

pytestmark = [pytest.mark.timeout(20), pytest.mark.promise("any input")]
KINDS = ["pipe", "device", "socket", "folder"]


def put(kind: str, path: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(os.path.relpath(path))
        case _:
            path.mkdir()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkspacePaths:
    monkeypatch.chdir(tmp_path)
    made = WorkspacePaths(tmp_path)
    made.logs.mkdir(parents=True)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_regular_file_is_read(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(kind, tmp_path / "it")
    with pytest.raises(OSError, match="Is a directory" if kind == "folder" else "it is not a regular file"):
        open_regular(tmp_path / "it")
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"text"


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_keep_is_taken_for_missing(kind: str, workspace: WorkspacePaths) -> None:
    for path in (workspace.registry, workspace.last_status, workspace.plan):
        put(kind, path)
    assert Registry(workspace.registry).all() == {}
    assert last_known(workspace)["supervisor"]["state"] == "down"
    put(kind, workspace.operations)
    with pytest.raises(StoreError, match="cannot be read"):
        read_journal(workspace.operations)


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_that_is_no_file_keeps_nobody_and_the_others_go_on(kind: str, workspace: WorkspacePaths) -> None:
    put(kind, workspace.logs / "api.jsonl")
    put(kind, workspace.logs / "api.stderr.log")
    logs = Logs(workspace.logs, megabytes=1)
    logs.say("first", child="api")
    assert logs.tail("api") == ""
    logs.trim("api")
    logs.say("second")
    logs.close()
    lines = (workspace.logs / "supervisor.jsonl").read_text(encoding="utf-8").splitlines()
    unmasked = ["log_not_masked"]
    assert [json.loads(line)["event"] for line in lines] == [*unmasked, "second", *unmasked]


@pytest.mark.parametrize("kind", KINDS)
def test_what_would_take_error_output_is_named_with_the_remedy(kind: str, workspace: WorkspacePaths) -> None:
    path = workspace.logs / "supervisor.stderr.log"
    put(kind, path)
    what = "Is a directory" if kind == "folder" else "it is not a regular file"
    remedy = ("make the folder writable" if kind == "folder" else "remove it") + " and try again"
    for start in (
        lambda: spawn(["true"], cwd=workspace.root, env=None, mark="", stdout_path=path, stderr_path=path),
        lambda: PrefixProcess(["true"], mark="", cwd=workspace.root, errors=path),
    ):
        with pytest.raises(StoreError) as raised:
            start()
        assert (raised.value.what, raised.value.next_step) == (f"cannot open {path}: {what}", remedy)
    with pytest.raises(OrchError) as refused:
        launch.begin(workspace)
    assert str(refused.value) == (
        f"{workspace.state} cannot be written (Is a directory): make the workspace writable, then run `orch up`"
        if kind == "folder"
        else f"{path} is not a regular file: remove it, then run `orch up`"
    )


def test_a_log_that_was_replaced_or_whose_folder_is_gone_begins_anew(workspace: WorkspacePaths) -> None:
    logs = Logs(workspace.logs, megabytes=1)
    path = workspace.logs / "supervisor.jsonl"
    events = []
    for number in range(4):
        logs.say(f"event_{number}")
        logs.close()
        events.append([json.loads(line)["event"] for line in path.read_text(encoding="utf-8").splitlines()])
        if number == 1:
            path.unlink()
        if number == 2:
            path.unlink()
            path.parent.rmdir()
    assert events == [["event_0"], ["event_0", "event_1"], ["event_2"], ["event_3"]]
