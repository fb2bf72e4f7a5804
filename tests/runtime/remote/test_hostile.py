"""A machine that is hostile: what it says is bounded, named, and harms its own child only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supervisor.domain.child import Runner
from supervisor.errors import OrchError
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.prefix import conversation
from supervisor.shell.process import marked

WITHIN = 60.0  # seconds for an answer: a bound
DRIP = 2.0  # seconds that are given to a machine that never ends a line
HOST = r"""
import os, sys, time
tag = b""
while not tag.startswith(b"tag="):
    tag = sys.stdin.buffer.readline()
tag = tag[4:].split(b";")[0].strip()
def say(*parts):
    data = memoryview(b"".join(parts))
    while data:
        data = data[os.write(1, data):]
def answer(*words):
    say(b"\n", tag, b" hello\n")
    say(b"\n", tag, b" ", b" ".join(words), b"\n")
    time.sleep(600)
"""
HOSTS = {  # what the machine does, once it knows the tag, and what is said of it
    "prints without end": ("while True: say(b'x' * 65536)", "lab prints so much that orch finds no answer in it"),
    "prints lines without end": ("while True: say(b'\\n' * 65536)", "lab prints so much that orch finds no answer"),
    "prints hello without end": ("while True: say(b'\\n', tag, b' hello')", "lab says what orch does not understand"),
    "drips": ("while True: say(b'x'); time.sleep(0.01)", f"lab is out of reach (no answer within {DRIP:g} s)"),
    "long line": ("answer(b'no', b'disk', b'x' * 900000)", "the state folder at lab cannot be written: xxx"),
    "long word": ("answer(b'y' * 900000)", "lab says what orch does not understand"),
    "control": ("answer(b'no', b'disk', b'\\x1b]0;owned\\x07 \\xe2\\x80\\xae')", "the state folder at lab cannot be"),
    "no UTF-8": ("answer(b'no', b'codex', b'\\xff\\xfe\\x00')", "there is no `codex` on the PATH at lab"),
    "format": ("answer(b'no', b'root', b'{at.__class__} %s {0}')", "is not the root of its repo"),
    "unknown": ("answer(b'no', b'trespass', b'there')", "lab says what orch does not understand"),
    "huge pid": ("answer(b'ready', b'b', b'9' * 400, b'1', b'adopted', b'/s')", "lab says what orch does not"),
    "our pid": ("answer(b'ready', b'b', b'-1', b'1', b'adopted', b'/s')", "lab says what orch does not"),
    "socket": ("answer(b'ready', b'b', b'1', b'1', b'adopted', b'/s\\x00/../x')", "lab says what orch does not"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    made = WorkspacePaths(tmp_path / "workspace")
    made.logs.mkdir(parents=True)
    return made


def at(workspace: WorkspacePaths, does: str) -> ChildPlace:
    program = workspace.root / "host.py"
    program.write_text(HOST + does, encoding="utf-8")
    words = (sys.executable, str(program), "--")
    return ChildPlace(workspace, "firmware", Runner("lab", words), "/repo")


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_hostile_machine_says_of_its_server_is_bounded_and_named(workspace: WorkspacePaths, host: str) -> None:
    does, said = HOSTS[host]
    place, seconds = at(workspace, does), DRIP if host == "drips" else WITHIN
    begun: list[None] = []
    with pytest.raises(OrchError) as caught:
        place.open([], lambda: begun.append(None), seconds, anew=False, filters_off=False)
    found = str(caught.value)
    assert (said in found, len(found) < 1000, found.isprintable()) == (True, True, True), found[:1000]
    assert marked(workspace.mark()) == []


@pytest.mark.parametrize("host", ["prints without end", "prints lines without end", "drips"])
def test_what_a_hostile_machine_says_to_a_question_is_bounded_and_named(
    workspace: WorkspacePaths, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "OUTPUT_LIMIT", 1 << 20)
    does, said = HOSTS[host]
    with pytest.raises(OrchError) as caught:
        at(workspace, does).ask(lambda script: script.system(), DRIP if host == "drips" else WITHIN)
    assert said in str(caught.value)
    assert marked(workspace.mark()) == []
