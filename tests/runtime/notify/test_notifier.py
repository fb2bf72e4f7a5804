"""Deliver notices with real commands and a real web server."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from supervisor.domain.event import NoticeFailed
from supervisor.runtime.config.model import NotifySettings
from supervisor.runtime.notify import notifier
from supervisor.runtime.workspace import WorkspacePaths
from tests.runtime.notify.delivering import ASK, NOON, deliver
from tests.runtime.notify.hook import Hook

CONTENT = {
    "key": "ask A1",
    "kind": "asks",
    "title": "A1 waits",
    "text": 'May it?\n`rm "x"`',
    "next": "orch answer A1 accept",
    "child": "api",
    "task": "T1",
    "ask": "A1",
    "count": 1,
    "workspace": "WS",
    "at": "2026-03-01T12:00:00.000Z",
}


def test_a_command_gets_the_notice_as_json_and_as_variables(workspace: WorkspacePaths) -> None:
    script = (
        "import json, os, sys; json.dump([json.load(sys.stdin), "
        "{k: v for k, v in os.environ.items() if k.startswith('ORCH_NOTICE')}], open('notice.json', 'w'))"
    )
    posted, log = deliver(workspace, NotifySettings(("asks",), (sys.executable, "-c", script)), ASK)
    stdin, variables = json.loads((workspace.root / "notice.json").read_text(encoding="utf-8"))
    expected = {**CONTENT, "workspace": str(workspace.root)}
    assert stdin == expected
    assert variables == {f"ORCH_NOTICE_{name.upper()}": str(value) for name, value in expected.items()}
    assert (posted, [line["event"] for line in log]) == ([], ["notice_sent"])


@pytest.mark.promise("no secret written")
def test_a_notice_holds_no_secret(workspace: WorkspacePaths) -> None:
    token = "gh" + "p_" + "Zq3r" * 9
    script = "import os, sys; open('notice', 'w').write(sys.stdin.read() + str(os.environ))"
    notice = replace(ASK, title=f"Use {token}", text=f"password: {token[4:20]}")
    deliver(workspace, NotifySettings(("asks",), (sys.executable, "-c", script)), notice)
    text = (workspace.root / "notice").read_text(encoding="utf-8")
    assert token[4:20] not in text
    assert "Use [redacted]" in text


def test_no_shell_reads_the_command_or_the_notice(workspace: WorkspacePaths) -> None:
    command = ("touch", "a; touch b", "$(touch c)", "{title}")
    posted, _ = deliver(workspace, NotifySettings(("asks",), command), replace(ASK, title="`touch d`"))
    assert posted == []
    assert sorted(one.name for one in workspace.root.iterdir() if one.is_file()) == [
        "$(touch c)",
        "`touch d`",
        "a; touch b",
    ]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("no-such-program",), "the command cannot be run (No such file or directory)"),
        (("sh", "-c", "echo oh no >&2; exit 3", "{task}"), "the command exited with 3: oh no"),
        (("sh", "-c", "kill -9 $$"), "the command exited with -9"),
        (("a\0b",), "the command cannot be run (ValueError)"),
    ],
)
def test_a_command_that_fails_is_reported_and_stops_nothing(
    workspace: WorkspacePaths, command: tuple[str, ...], reason: str
) -> None:
    posted, _ = deliver(workspace, NotifySettings(("asks",), command), ASK, ASK)
    assert posted == [NoticeFailed(NOON, "ask A1", reason)] * 2


def test_a_command_that_takes_too_long_is_killed_with_all_that_it_started(
    workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "WITHIN", 0.3)
    begun = time.monotonic()
    posted, _ = deliver(workspace, NotifySettings(("asks",), ("sh", "-c", "sleep 60 & echo $! > pid; wait")), ASK)
    assert posted == [NoticeFailed(NOON, "ask A1", "the command took longer than 0.3 s")]
    assert time.monotonic() - begun < 20
    left = int((workspace.root / "pid").read_text(encoding="utf-8"))
    state = Path(f"/proc/{left}/stat")
    deadline = time.monotonic() + 5
    while state.exists() and state.read_text(encoding="utf-8").split()[2] != "Z" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z"


def test_a_webhook_gets_the_same_json(workspace: WorkspacePaths, hook: Hook) -> None:
    posted, log = deliver(workspace, NotifySettings(("asks",), (), hook.url), ASK)
    assert hook.next() == ("/hook/secret?token=secret", {**CONTENT, "workspace": str(workspace.root)})
    assert (posted, log[0]["way"]) == ([], "webhook")
    assert "secret" not in json.dumps(log)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_is_reported_without_its_address(workspace: WorkspacePaths, status: int) -> None:
    other = Hook()
    hook = Hook(status, Location=other.url)
    try:
        posted, _ = deliver(workspace, NotifySettings(("asks",), (), hook.url), ASK)
    finally:
        hook.close()
        other.close()
    assert posted == [NoticeFailed(NOON, "ask A1", f"the webhook exited with 1: the answer was {status}")]
    assert other.got.empty()


def test_a_webhook_that_nobody_serves_is_reported_without_its_address(workspace: WorkspacePaths, hook: Hook) -> None:
    hook.close()
    posted, log = deliver(workspace, NotifySettings(("asks",), (), hook.url), ASK)
    reason = "the webhook exited with 1: the server could not be reached (ConnectionRefusedError)"
    assert posted == [NoticeFailed(NOON, "ask A1", reason)]
    assert "secret" not in json.dumps(log)


def test_the_webhook_is_called_even_if_the_command_fails(workspace: WorkspacePaths, hook: Hook) -> None:
    posted, log = deliver(workspace, NotifySettings(("asks",), ("false",), hook.url), ASK)
    assert (len(posted), len(log), hook.got.qsize()) == (1, 1, 1)
