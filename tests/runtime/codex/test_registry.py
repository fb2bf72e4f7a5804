"""The registry of our servers, as the next supervisor reads it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import StoreError
from supervisor.runtime.codex.registry import Record, RecordElsewhere, Registry
from supervisor.shell.process import Identity, identity_of
from tests.counting import calls


def me() -> Identity:
    identity = identity_of(os.getpid())
    assert identity is not None
    return identity


def record(identity: Identity, name: str = "api") -> Record:
    return Record(identity, f"/run/{name}.sock")


def test_a_recorded_server_is_found_by_the_next_supervisor(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    registry = Registry(path)
    assert (registry.get("api"), registry.alive()) == (None, {})
    first, second = record(Identity(7, 8, "boot")), record(me(), "app")
    registry.put("api", first)
    registry.put("app", second)
    again = Registry(path)
    assert (again.get("api"), again.get("app"), again.get("web")) == (first, second, None)
    again.put("api", second)
    again.drop("app")
    again.drop("web")
    again.save()
    assert Registry(path).get("api") == second
    assert Registry(path).get("app") is None
    assert [one.name for one in tmp_path.iterdir()] == ["children.json"]


def test_only_the_recorded_processes_count_as_alive(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "children.json")
    process = subprocess.Popen(["sleep", "60"])
    try:
        running = identity_of(process.pid)
        assert running is not None
        registry.put("api", record(running))
        registry.put("recycled", record(Identity(running.pid, running.ticks - 1, running.boot)))
        registry.put("other boot", record(Identity(running.pid, running.ticks, "another")))
        assert Registry(tmp_path / "children.json").alive() == {"api": record(running)}
    finally:
        process.kill()
        process.wait(timeout=5)
    assert registry.alive() == {}


GOOD = {"identity": {"pid": 7, "ticks": 8, "boot": "b"}, "socket": "/s"}


@pytest.mark.promise("damaged state")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"7",
        b"null",
        b"[" * 100_000,
        json.dumps({"api": 7}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": 7}}}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": 7, "ticks": 8, "boot": "b", "new": 1}}}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": "7", "ticks": 8, "boot": "b"}}}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": None, "ticks": 8, "boot": "b"}}}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": -1, "ticks": 8, "boot": "b"}}}).encode(),
        json.dumps({"api": {**GOOD, "identity": {"pid": 10**30, "ticks": 8, "boot": "b"}}}).encode(),
        json.dumps({"api": {"identity": GOOD["identity"]}}).encode(),
    ],
)
def test_an_invalid_file_names_no_live_server(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "children.json"
    path.write_bytes(content)
    registry = Registry(path)
    assert registry.alive() == {}
    registry.put("app", record(me(), "app"))
    assert Registry(path).alive() == {"app": record(me(), "app")}


def test_the_form_of_the_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    Registry(path).put("api", Record(Identity(7, 8, "b"), "/s"))
    found: Any = json.loads(path.read_text(encoding="utf-8"))
    assert found == {"api": GOOD}


@pytest.mark.promise("damaged state")
def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "gone" / "children.json")
    with pytest.raises(StoreError, match=r"children.json cannot be written \(No such file or directory\): make room"):
        registry.put("api", record(me()))


def test_a_further_server_elsewhere_costs_a_line_however_many_there_are(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "children.json")
    for number in range(500):
        registry.elsewhere()[f"c{number}"] = RecordElsewhere(
            {"name": "box"}, f"/c{number}", Identity(number, 8, "boot")
        )
    registry.save()

    def put() -> None:
        registry.put_elsewhere("last", RecordElsewhere({"name": "box"}, "/last", Identity(7, 8, "boot")))

    assert calls(put) < 1200  # two for each other line, not fifteen
    assert Registry(tmp_path / "children.json").elsewhere() == registry.elsewhere()
    assert len((tmp_path / "children.json").read_text(encoding="utf-8").splitlines()) == 503
