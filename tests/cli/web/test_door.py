"""`orch web`: who may enter, and what is refused at the door."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, status_json, task
from tests.cli.web.served import Served, files_with

ASKED = status_json(tasks=(task("T1", "running"),), asks=(ask("A1", task="T1"),))
ANSWER = {"ask": "A1", "decision": "text", "text": "8080"}

FETCH = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1]).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.fixture
def page(standin: Callable[..., Standin], served: Callable[..., Served]) -> tuple[Standin, Served]:
    return standin(ASKED), served()


def test_a_link_opens_the_page_once_and_the_cookie_is_strict(page: tuple[Standin, Served]) -> None:
    _, web = page
    closed = web.get()
    assert (closed.status, "A plan" in closed.text, "Which port?" in closed.text) == (401, False, False)
    got = web.enter()
    assert (got.status, got.headers["location"]) == (303, "/")
    flags = {flag.strip().lower() for flag in got.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert web.cookie.startswith(f"orch-{web.port}=")
    assert web.token not in web.cookie
    shown = web.get()
    assert (shown.status, "A plan" in shown.text, "Which port?" in shown.text) == (200, True, True)
    assert web.post("/enter", {"token": web.token}).status == 403
    assert web.post("/enter", {"token": ""}).status == 403


def test_pages_allow_no_inline_script_and_no_frame_and_are_not_kept(page: tuple[Standin, Served]) -> None:
    _, web = page
    web.enter()
    for path in ("/", "/task/T1", "/plan", "/log", "/map", "/page.js", "/icon.svg", "/task/gone"):
        got = web.get(path)
        policy = got.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (got.headers["cache-control"], got.headers["x-content-type-options"]) == ("no-store", "nosniff")
        if path not in ("/page.js", "/icon.svg"):
            assert " style=" not in got.text
            assert got.text.count("<script") == 1


def test_an_answer_reaches_the_supervisor_and_says_where_it_came_from(page: tuple[Standin, Served]) -> None:
    supervisor, web = page
    web.enter()
    got = web.post("/answer", ANSWER)
    assert (got.status, got.headers["location"]) == (303, "/")
    answered = {"ask": "A1", "decision": "text", "text": "8080", "for_session": False, "by": "page"}
    assert supervisor.calls == [("answer", answered)]
    assert "H1 is done." in web.get().text
    assert "H1 is done." not in web.get().text
    assert web.post("/answer", ANSWER, accept="application/json").text == '{"ok":true,"text":"H1 is done."}'
    picked = {"ask": "A1", "decision": "word:UTC", "text": " from now on "}
    assert web.post("/answer", picked).status == 303
    assert supervisor.calls[-1] == ("answer", {**answered, "text": "UTC\nfrom now on"})


def test_several_questions_are_answered_one_by_one_and_together(
    standin: Callable[..., Standin], served: Callable[..., Served]
) -> None:
    parts = (
        {"name": "zone", "text": "Which <zone>?", "choices": ("UTC", "the viewer's own")},
        {"name": "port", "text": "Which port?", "choices": ()},
    )
    supervisor, web = standin(status_json(asks=(ask("A1", parts=parts),))), served()
    web.enter()
    shown = web.get().text
    assert "<legend>Which &lt;zone&gt;?</legend>" in shown
    assert shown.count('type="radio"') == 2
    given = {"ask": "A1", "decision": "text", "picked:zone": "UTC", "own:zone": "", "own:port": " 80\n80 "}
    assert web.post("/answer", given).status == 303
    told = {"ask": "A1", "decision": "text", "text": "zone=UTC\nport=80 80", "for_session": False, "by": "page"}
    assert supervisor.calls == [("answer", told)]
    assert web.post("/answer", {**given, "own:zone": "MST"}).status == 303
    assert supervisor.calls[-1] == ("answer", {**told, "text": "zone=MST\nport=80 80"})
    refused = web.post("/answer", {**given, "own:port": ""}, accept="application/json").text
    assert json.loads(refused) == {"ok": False, "text": "port has no answer: answer each question"}
    assert len(supervisor.calls) == 2


def test_what_another_page_could_send_answers_nothing(page: tuple[Standin, Served]) -> None:
    supervisor, web = page
    web.enter()
    sent: list[tuple[dict[str, str | None], int]] = [
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": None}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": None}, 400),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/json"}, 415),
        ({"cookie": None}, 401),
        ({"cookie": "orch-1=guess"}, 401),
    ]
    for path in ("/answer", "/hold", "/go"):
        assert [(headers, web.post(path, ANSWER, **headers).status) for headers, _ in sent] == sent
    assert supervisor.calls == []


def test_reading_is_refused_to_other_pages_and_under_other_names(page: tuple[Standin, Served]) -> None:
    _, web = page
    web.enter()
    assert web.get(sec_fetch_site="cross-site", sec_fetch_mode="cors").status == 403
    assert web.get(sec_fetch_site="same-site", sec_fetch_mode="no-cors").status == 403
    assert web.get(host=f"evil.example:{web.port}").status == 421
    assert web.get(host=f"localhost:{web.port}").status == 200
    assert web.get(cookie=None, accept="text/event-stream").status == 401
    assert web.send("PUT", "/answer").status in (403, 405)


def test_read_only_has_no_form_and_takes_none(standin: Callable[..., Standin], served: Callable[..., Served]) -> None:
    supervisor, web = standin(ASKED), served("--read-only")
    web.enter()
    shown = web.get().text
    assert ("<form" in shown, "orch answer A1 reply TEXT" in shown) == (False, True)
    for path in ("/answer", "/hold", "/go", "/confirm"):
        assert web.post(path, ANSWER, accept="application/json").status == 403
    assert supervisor.calls == []


def test_a_refusal_of_the_supervisor_is_shown(standin: Callable[..., Standin], served: Callable[..., Served]) -> None:
    standin(ASKED, refuses={"answer": ("A1 is answered already (accepted by `orch answer`)", "see `orch asks`")})
    web = served()
    web.enter()
    got = web.post("/answer", ANSWER, accept="application/json")
    assert (got.status, "answered already (accepted by `orch answer`)" in got.text) == (409, True)
    web.post("/answer", ANSWER)
    assert "answered already (accepted by" in web.get().text


@pytest.mark.promise("nobody answers for the person")
def test_the_token_stands_in_no_command_line_file_or_log(
    page: tuple[Standin, Served], workspace: WorkspacePaths
) -> None:
    _, web = page
    web.enter()
    web.get(f"/?{web.token}")
    session = web.cookie.partition("=")[2]
    for secret in (web.token, session):
        for name in ("cmdline", "environ"):
            assert secret.encode() not in Path(f"/proc/{web.process.pid}/{name}").read_bytes()
        assert files_with(workspace.root.parent, secret) == []
    assert web.errors() == ""


def test_a_program_reads_the_link_as_json(standin: Callable[..., Standin], served: Callable[..., Served]) -> None:
    standin(ASKED)
    web = served("--json", "--read-only")
    told = json.loads(web.line)
    assert told["link"].startswith(f"{told['url']}#")


def test_ctrl_c_ends_it_while_a_page_is_open(page: tuple[Standin, Served]) -> None:
    _, web = page
    web.enter()
    connection = web.connection()
    wants = {"Host": f"{web.host}:{web.port}", "Cookie": web.cookie, "Accept": "text/event-stream"}
    connection.request("GET", "/", headers=wants)
    stream = connection.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.readline() == b"retry: 2000\n"
    assert web.close() == 0
    connection.close()


def test_a_process_of_a_server_gets_nothing(page: tuple[Standin, Served], workspace: WorkspacePaths) -> None:
    _, web = page
    web.enter()
    marked = {"ORCH_SERVER": workspace.mark("backend"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, web.url], env=marked, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.startswith("403 the request comes from a process that the server of backend started")


def test_what_does_not_fit_is_refused_before_anything_is_served(orch: Orch, tmp_path: Path) -> None:
    for options in (
        ("--listen", "192.0.2.7"),
        ("--listen", "0.0.0.0", "--tls-cert", "x.pem"),
        ("--tls-key", "x.pem"),
        ("--listen", "nowhere.invalid"),
        ("--tls-cert", str(tmp_path / "no.pem"), "--tls-key", str(tmp_path / "no.pem")),
    ):
        ran = orch("web", "--no-open", *options)
        assert (ran.code, ran.out, ran.err.startswith("orch: ")) == (2, "", True), options


def test_a_port_that_is_taken_is_named(page: tuple[Standin, Served], orch: Orch) -> None:
    _, web = page
    ran = orch("web", "--no-open", "--port", str(web.port))
    assert (ran.code, f"port {web.port}" in ran.err, "--port" in ran.err) == (1, True, True)
    assert orch("web", "--no-open", "--port", "99999").code == 2
