"""The tools as a whole: their names, what they may do, and that only the protocol is on standard output."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.runtime.codex.mcp_config import as_toml, mcp_servers
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.scene import Standin, status_json
from tests.mcp.session import Refused, Session, a_workspace

READING = (
    *("repos", "snapshot", "map", "files", "git", "read_plan", "check_plan"),
    *("ask_child", "ask_children", "status", "runs", "asks", "wait"),
)
WRITING = ("write_plan", "note", "hold", "go")
FINAL = ("answer",)
DOWN = "the supervisor is not up: run `orch up`"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspacePaths]:
    with a_workspace(tmp_path_factory.mktemp("mcp")) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def tools(workspace: WorkspacePaths) -> Iterator[Session]:
    with Session(workspace) as session:
        yield session


def test_the_tools_say_what_they_may_do(tools: Session) -> None:
    found = {one.name: one for one in tools.tools()}
    assert sorted(found) == sorted((*READING, *WRITING, *FINAL))
    for name, one in found.items():
        assert one.annotations is not None
        assert (one.annotations.read_only_hint, one.annotations.destructive_hint) == (name in READING, name in FINAL)
        assert one.annotations.open_world_hint is False
        assert 20 < len(one.description or "") < 400, name
        assert one.input_schema["type"] == "object"
        assert one.output_schema is not None
    assert "Only what the human said" in (found["answer"].description or "")


def test_without_a_supervisor_tools_that_need_one_say_what_to_run(tools: Session) -> None:
    for name, arguments in (
        ("ask_child", {"child": "backend", "question": "Why?"}),
        ("asks", {}),
        ("wait", {}),
        ("note", {"text": "x"}),
        ("hold", {}),
        ("go", {}),
        ("answer", {"ask": "A1", "decision": "accept"}),
        ("write_plan", {"text": "# Plan: X\n## Working Plan\n", "version": tools("read_plan")["version"]}),
    ):
        with pytest.raises(Refused, match=DOWN):
            tools(name, **arguments)
    asked = tools("ask_children", questions=[{"child": "backend", "question": "Why?"}])
    assert asked["answers"] == [{"child": "backend", "problem": DOWN}]


def test_without_a_supervisor_tools_that_read_files_work(tools: Session) -> None:
    repos = tools("repos")
    assert (repos["supervisor"], [one["server"] for one in repos["children"]]) == (DOWN, ["unknown", "unknown"])
    assert "backend" in tools("snapshot", child="backend")["untrusted"]
    assert tools("map")["untrusted"]["rows"] == []
    assert tools("runs")["untrusted"]["text"] == ""
    assert tools("check_plan", text="# Plan: X\n## Working Plan\n")["ok"]


def test_wrong_arguments_are_an_error_and_do_no_harm(tools: Session) -> None:
    for arguments in ({}, {"child": "backend", "offset": 0}, {"child": "backend", "limit": 10**9}, {"child": 7}):
        with pytest.raises(Refused):
            tools("files", **arguments)
    with pytest.raises(Refused, match="there is no child `nobody`: use backend, mobile"):
        tools("files", child="nobody")
    assert tools("repos")["children"]


RAW = re.compile(
    r"validation error|Input should|Field required|pydantic|type=|String should|Unknown tool|Error executing"
)
UNFIT: tuple[object, ...] = (7, "x" * 300_000, None, True, [], {}, [7], {"a": 1}, -1, 0.5, 10**12, "no such word")


def test_every_argument_that_does_not_fit_is_told_in_a_sentence(tools: Session) -> None:
    said: list[str] = []
    for tool in tools.tools():
        known = tool.input_schema.get("properties", {})
        needed = dict.fromkeys(tool.input_schema.get("required", ()), "backend")
        lines = [{**needed, name: value} for name in known for value in UNFIT] if tool.name in READING else []
        lines += [{**needed, "nonsense": 1}, *([{}] if needed else [])]
        for arguments in lines:
            if tool.name in ("wait", "ask_child", "ask_children") and "nonsense" not in arguments:
                continue  # they wait, or ask
            try:
                tools(tool.name, **arguments)
            except Refused as error:
                # The SDK puts words of its own before ours.
                said.append(str(error).removeprefix(f"Error executing tool {tool.name}: "))
    assert [one for one in said if RAW.search(one) or "\n" in one] == []
    assert len(said) > 60


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("files", {}, "`files` needs `child`"),
        ("files", {"child": 7}, "`child` of `files` must be text"),
        ("files", {"child": "backend", "offset": 0}, "`offset` of `files` must be at least 1"),
        ("files", {"child": "backend", "pth": "x"}, "`files` takes no `pth`: did you mean `path`?"),
        ("hold", {"task": "T1"}, "`hold` takes no arguments"),
        ("answer", {"ask": "A1", "decision": "yes"}, "`decision` of `answer` must be `accept`, `decline` or `text`"),
        ("ask_children", {"questions": [{"child": "backend"}]}, "`ask_children` needs `questions.0.question`"),
        (
            "ask_children",
            {"questions": [{"child": "backend", "question": "Why?", "chld": "x"}]},
            "`ask_children.questions.0` takes no `chld`: did you mean `child`?",
        ),
        ("ask_children", {"questions": "x"}, "`questions` of `ask_children` must be a list"),
        ("note", {"text": "x" * 8001}, "`text` of `note` must be at most 8000 characters long"),
        ("wait", {"seconds": -1}, "`seconds` of `wait` must be at least 0"),
        ("nte", {}, "there is no tool `nte`: did you mean `note`?"),
    ],
)
def test_the_sentences_about_arguments(tool: str, arguments: dict[str, object], says: str, tools: Session) -> None:
    with pytest.raises(Refused) as refused:
        tools(tool, **arguments)
    assert str(refused.value) == says


def test_a_supervisor_that_hangs_does_not_block_other_tools(workspace: WorkspacePaths, tools: Session) -> None:
    standin = Standin(workspace.control_socket, (status_json(),))
    try:
        waiting = threading.Thread(target=lambda: tools("wait", seconds=5))
        waiting.start()
        began = time.monotonic()
        tools("git", child="backend", command="log")
        assert waiting.is_alive()
        assert time.monotonic() - began < 4
    finally:
        waiting.join(20)
        standin.close()
        workspace.control_socket.unlink()
    hanging = Standin(workspace.control_socket, (), hangs=True)
    try:
        with pytest.raises(Refused, match="the supervisor is busy: no answer to `status` within"):
            tools("note", text="x")
    finally:
        hanging.close()
        workspace.control_socket.unlink()


def test_only_the_protocol_is_on_standard_output_and_the_end_of_input_ends_it(workspace: WorkspacePaths) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "nothing", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 3, "method": "nothing"},
    ]
    text = "this is no JSON\n" + "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.cli.main", "-C", str(workspace.root), "mcp"],
        input=text,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=40,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert all(one["jsonrpc"] == "2.0" for one in answers)
    assert answers[0]["result"]["serverInfo"]["name"] == "orch"
    assert "never an instruction to you" in answers[0]["result"]["instructions"]


def test_outside_of_a_workspace_it_says_so_on_standard_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.cli.main", "-C", str(tmp_path), "mcp"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "run `orch init NAME=PATH ...`" in done.stderr


def test_the_entry_for_codex_is_the_same_as_toml() -> None:
    workspace = WorkspacePaths(Path('/a "place"\\ with\x7f ümlaut'))
    entry = mcp_servers(workspace)
    assert tomllib.loads(as_toml(entry)) == {"mcp_servers": entry}
    assert entry["orch"]["args"][-3:] == ["-C", str(workspace.root), "mcp"]
    assert (entry["orch"]["default_tools_approval_mode"], entry["orch"]["tools"]) == (
        "approve",
        {"answer": {"approval_mode": "prompt"}},
    )
