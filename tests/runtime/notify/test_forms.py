"""What each way of delivery gets: arguments, a desktop, ntfy, Slack; and many notices as one."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.domain.action import Notify
from supervisor.domain.event import Event, NoticeFailed
from supervisor.runtime.config.model import NotifySettings
from supervisor.runtime.logs import Logs
from supervisor.runtime.notify import notifier
from supervisor.runtime.notify.notice import filled, notice_json, together
from supervisor.runtime.notify.notifier import Notifier
from supervisor.runtime.notify.webhook import post_webhook
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from tests.runtime.notify.delivering import ASK, NOON, deliver
from tests.runtime.notify.web import Heard, listening

CONTENT = notice_json(ASK, "/ws", NOON)
BLOCKED = Notify("blocked T2", "blocked", "T2 is blocked: x", "why", "orch go T2", "api", "T2", None, why="")
END = Notify("end", "end", "all tasks are settled: 1 done", "T1 done", "orch status", None, None, None, why="")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (("say",), ["say", "A1 waits", 'May it?\n`rm "x"`']),
        (("say", "-v", "--"), ["say", "-v", "--", "A1 waits", 'May it?\n`rm "x"`']),
        (("say", "{title}"), ["say", "A1 waits"]),
        (("say", "--body={text} ({next})"), ["say", '--body=May it?\n`rm "x"` (orch answer A1 accept)']),
        (("say", "{unknown}", "$1", "{}"), ["say", "{unknown}", "$1", "{}", "A1 waits", 'May it?\n`rm "x"`']),
        (("{title}", "{task}"), ["{title}", "T1"]),
    ],
)
def test_a_command_gets_title_and_text_as_arguments_or_in_its_template(
    command: tuple[str, ...], arguments: list[str]
) -> None:
    assert filled(command, CONTENT) == arguments


def test_what_a_child_wrote_is_never_an_option_or_a_template_of_its_own() -> None:
    evil = {**CONTENT, "title": "--help", "text": "-o/etc/x {title}"}
    assert filled(("say",), evil) == ["say", " --help", " -o/etc/x {title}"]
    assert filled(("say", "{title}", "-t{text}"), evil) == ["say", " --help", "-t-o/etc/x {title}"]


def test_what_would_command_a_screen_is_a_sign_of_its_own_in_each_form(workspace: WorkspacePaths) -> None:
    evil = replace(ASK, title="A1 \x1b]0;x\x07 [T1]", text="<b>\u202eevil\r\n\ud800 Gerät", next_step="orch\x00 asks")
    content = notice_json(evil, "/ws", NOON)
    assert [content[name] for name in ("title", "text", "next")] == [
        *("A1 \ufffd]0;x\ufffd [T1]", "<b>\ufffdevil\r\n\ufffd Gerät", "orch\ufffd asks"),
    ]
    posted, _ = deliver(workspace, NotifySettings(("asks",), ("sh", "-c", 'printf "%s|" "$@" > got', "x")), evil)
    assert posted == []
    got = (workspace.root / "got").read_bytes().decode()
    assert got == "A1 \ufffd]0;x\ufffd [T1]|<b>\ufffdevil\r\n\ufffd Gerät|"


def test_ntfy_gets_the_text_as_body_and_the_rest_as_headers() -> None:
    with listening() as web:
        assert post_webhook(web.url, {**CONTENT, "title": "Gerät\n€ 🚀"}, "ntfy") is None
        assert post_webhook(web.url, {**CONTENT, "kind": "end", "text": "ü" * 5000}, "ntfy") is None
    first, second = web.heard
    assert first.body.decode() == 'May it?\n`rm "x"`\n\norch answer A1 accept'
    assert (first.headers["Title"], first.headers["Priority"]) == ("=?UTF-8?B?R2Vyw6R0IOKCrCDwn5qA?=", "high")
    assert (second.headers["Title"], second.headers["Priority"]) == ("A1 waits", "default")
    assert len(second.body) == 4000


def test_slack_gets_one_text_without_its_own_signs() -> None:
    with listening() as web:
        assert post_webhook(web.url, {**CONTENT, "text": "<!channel> & <http://x|y>"}, "slack") is None
    assert json.loads(web.heard[0].body) == {
        "text": "*A1 waits*\n&lt;!channel&gt; &amp; &lt;http://x|y&gt;\n`orch answer A1 accept`"
    }


def test_the_form_in_the_config_reaches_the_address(workspace: WorkspacePaths) -> None:
    with listening() as web:
        posted, _ = deliver(workspace, NotifySettings(("asks",), (), web.url, form="slack"), ASK)
    assert (posted, list(json.loads(web.heard[0].body))) == ([], ["text"])


def test_the_desktop_gets_it_as_text_and_not_as_options_or_markup(
    workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open('{tmp_path}/shown', 'w'))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    settings = NotifySettings(("asks",), desktop=True)
    posted, log = deliver(workspace, settings, replace(ASK, title="--help", text="<b>bold</b>"))
    assert (posted, log[0]["way"]) == ([], "desktop")
    assert json.loads((tmp_path / "shown").read_text(encoding="utf-8")) == [
        "--app-name=orch",
        "--urgency=critical",
        "--",
        "--help",
        "&lt;b&gt;bold&lt;/b&gt;\norch answer A1 accept",
    ]
    program.write_text("#!/bin/sh\necho no such service >&2; exit 1\n", encoding="utf-8")
    posted, _ = deliver(workspace, settings, ASK)
    assert posted == [
        NoticeFailed(NOON, "ask A1", "the desktop exited with 1: was refused: no such service"),
    ]
    program.unlink()
    posted, _ = deliver(workspace, settings, ASK)
    assert "found no notify-send: install libnotify" in str(posted)


def test_several_are_told_as_one_with_the_count() -> None:
    assert together([ASK]) is ASK
    one = together([ASK, BLOCKED, END, replace(ASK, key="ask A2", title="A2 waits")])
    assert (one.kind, one.title) == (
        "asks",
        "4 notices: 2 asks, 1 task blocked, 1 end of all tasks",
    )
    assert one.text.splitlines()[:2] == ["A1 waits (orch answer A1 accept)", "T2 is blocked: x (orch go T2)"]
    assert (one.next_step, one.child, one.task) == ("orch asks", None, None)
    assert together([BLOCKED, replace(BLOCKED, key="x")]).task == "T2"


def run_for(workspace: WorkspacePaths, settings: NotifySettings, until: int, web: Heard, *late: Notify) -> list[Event]:
    """Enqueue notices, the `late` ones once the first was heard; return once `until` calls were; 0: end in order."""
    posted: list[Event] = []
    logs = Logs(workspace.logs, megabytes=1)

    async def main() -> None:
        with suppress(BaseExceptionGroup):
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                made = Notifier(
                    settings, workspace=workspace, logs=logs, group=group, post=posted.append, now=lambda: NOON
                )
                made.enqueue(ASK)
                await asyncio.to_thread(web.wait_for, 1)
                for notice in late:
                    made.enqueue(notice)
                if not until:
                    await made.finish()
                await asyncio.to_thread(web.wait_for, until)
                raise KeyError

    asyncio.run(main())
    logs.close()
    return posted


def test_after_a_notice_there_is_a_pause_and_what_came_up_in_it_is_one(workspace: WorkspacePaths) -> None:
    with listening() as web:
        began = time.monotonic()
        settings = NotifySettings(("asks",), (), web.url, pause_seconds=3.0)
        assert run_for(workspace, settings, 2, web, BLOCKED, END) == []
        assert time.monotonic() - began >= 3.0
    told: list[dict[str, Any]] = [json.loads(one.body) for one in web.heard]
    assert [(one["count"], one["kind"], one["key"]) for one in told] == [
        (1, "asks", "ask A1"),
        (2, "blocked", "blocked T2; end"),
    ]


def test_what_waits_for_the_end_of_a_pause_goes_out_when_the_supervisor_ends(workspace: WorkspacePaths) -> None:
    with listening() as web:
        settings = NotifySettings(("asks",), (), web.url, pause_seconds=3600.0)
        assert run_for(workspace, settings, 0, web, BLOCKED, END) == []
    told: list[dict[str, Any]] = [json.loads(one.body) for one in web.heard]
    assert [(one["count"], one["key"]) for one in told] == [(1, "ask A1"), (2, "blocked T2; end")]


def test_an_end_waits_for_no_notice_that_hangs(workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "LAST", 0.3)

    async def main() -> None:
        with suppress(BaseExceptionGroup):
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                made = Notifier(
                    NotifySettings(("asks",), ("sh", "-c", "echo $$ > pid; sleep 60")),
                    workspace=workspace,
                    logs=logs,
                    group=group,
                    post=posted.append,
                    now=lambda: NOON,
                )
                await made.finish()
                made.enqueue(ASK)
                await made.finish()
                raise KeyError

    posted: list[Event] = []
    logs = Logs(workspace.logs, megabytes=1)
    began = time.monotonic()
    asyncio.run(main())
    logs.close()
    ended = time.monotonic()
    assert ended - began < 20
    while process.marked(workspace.mark("notify")):  # what it started is killed, and gone a moment later
        assert time.monotonic() < ended + 20, "the command and what it started are killed"
        time.sleep(0.01)
