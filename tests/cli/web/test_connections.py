"""Who connects to the page is judged before the connection counts, so nobody else can keep the person out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from supervisor.cli.web.connections import LINGER
from supervisor.cli.web.serve import AT_ONCE, listen
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.scene import Standin, status_json
from tests.cli.web.served import SLOW, Served

pytestmark = pytest.mark.long

MANY = AT_ONCE + 100
HOLDS = """
import socket, sys
sent = sys.argv[3].encode().decode("unicode_escape").encode()
held = []
for _ in range(int(sys.argv[2])):
    one = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
    one.sendall(sent)
    held.append(one)
print("held", flush=True)
for one in held:
    try:
        one.settimeout(20)
        while one.recv(65536):
            pass
    except ConnectionError:
        pass
print("all closed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def web(standin: Callable[..., Standin], served: Callable[..., Served]) -> Served:
    standin(status_json())
    return served()


@contextmanager
def held_by_a_child(
    web: Served, workspace: WorkspacePaths, sent: str, many: int = MANY
) -> Iterator[subprocess.Popen[str]]:
    """Hold so many connections, in a process that a server started, each with this sent and nothing else."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(web.port), str(many), sent],
        env={**os.environ, "ORCH_SERVER": workspace.mark("backend")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
            assert process.wait(SLOW) == 0


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.parametrize(
    "sent", ["", "GET / HTTP/1.1\\r\\nHost: x", "POST /hold HTTP/1.1\\r\\ncontent-length: 9\\r\\n\\r\\n"]
)
def test_a_child_that_holds_many_connections_keeps_nobody_out(
    web: Served, workspace: WorkspacePaths, sent: str
) -> None:
    assert web.enter().status == 303
    with held_by_a_child(web, workspace, sent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert web.get().status == 200
        assert process.stdout.readline() == "all closed\n", "they are closed although the process holds them"
        assert web.get().status == 200


def test_who_is_refused_is_told_why_before_it_has_asked(web: Served, workspace: WorkspacePaths) -> None:
    code = "import socket,sys; print(socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20).makefile().read())"
    done = subprocess.run(
        [sys.executable, "-c", code, str(web.port)],
        env={**os.environ, "ORCH_SERVER": workspace.mark("backend")},
        capture_output=True,
        text=True,
        check=True,
        timeout=SLOW,
    )
    head, _, text = done.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 403 Forbidden\n")
    assert "x-content-type-options: nosniff" in head
    assert text.startswith("the request comes from a process that the server of backend started: only the person")


def test_a_request_in_pieces_is_served(web: Served) -> None:
    with socket.create_connection((web.host, web.port), SLOW) as connection:
        for piece in ("GET /icon.svg HT", f"TP/1.1\r\nHost: {web.host}:{web.port}\r\n", "Connection: close\r\n\r\n"):
            connection.sendall(piece.encode())
        assert connection.makefile().readline().startswith("HTTP/1.1 200")


def test_a_connection_that_ended_before_it_was_judged_is_forgotten(web: Served) -> None:
    for _ in range(50):
        socket.create_connection((web.host, web.port), SLOW).close()
    until = time.monotonic() + SLOW + LINGER
    while web.get("/icon.svg").status != 200:
        assert time.monotonic() < until
    assert web.errors() == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_follows_the_head_of_an_answer_is_sent_at_once(host: str) -> None:
    with listen(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
