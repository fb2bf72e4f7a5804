"""Only this user may use the control socket."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from supervisor.domain import event as ev
from supervisor.errors import SupervisorHangs
from supervisor.runtime.daemon import loop
from supervisor.runtime.daemon.control_socket import OPEN_AT_ONCE, REFUSED_AT_ONCE, REFUSED_LIMIT
from supervisor.runtime.workspace import make_private
from supervisor.shell import control_client
from tests.runtime.daemon.control.harness import LIMIT, Supervisor

pytestmark = pytest.mark.timeout(10)


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


# ── who may use it ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("sockets private")
def test_the_socket_is_ours_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Supervisor(tmp_path) as supervisor:
            assert mode(supervisor.socket) == 0o600
            assert mode(supervisor.socket.parent) == 0o700
            assert mode(supervisor.socket.parent.parent) == 0o700
            assert mode(supervisor.workspace.ledger) == 0o600
            assert mode(supervisor.workspace.state) == 0o700
    finally:
        after = os.umask(before)
    assert after == 0


STRANGER = """
import os, socket, sys
folder, name = os.path.split(sys.argv[1])
os.chdir(folder)  # what is above it is not what the test is about
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(5)
try:
    connection.connect(name)
    connection.sendall(b'{"id":1,"method":"down","params":{"now":true}}\\n')
    print(repr(connection.recv(1000)))
except OSError as error:
    print(type(error).__name__)
"""


def stranger(path: Path) -> str:
    """What a client of another user can read."""
    ran = subprocess.run([sys.executable, "-c", STRANGER, path], capture_output=True, text=True, timeout=LIMIT)
    return ran.stdout.strip() or ran.stderr


@pytest.mark.promise("sockets private")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_is_kept_out_by_the_folder_and_behind_it_by_the_socket(supervisor: Supervisor) -> None:
    assert stranger(supervisor.socket) == "PermissionError"
    for folder in (supervisor.socket.parent.parent.parent, supervisor.socket.parent.parent, supervisor.socket.parent):
        folder.chmod(0o755)
    assert stranger(supervisor.socket) == "PermissionError"
    supervisor.socket.chmod(0o666)
    assert "this supervisor belongs to ada, and answers to no other user" in stranger(supervisor.socket)
    with supervisor.client() as client:
        assert client.call("status")["supervisor"]["state"] == "up"
    assert [type(event) for event in supervisor.recorded()] == [ev.SupervisorStarted]


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    make_private(supervisor.workspace.runtime_dir)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(supervisor.socket))
    with supervisor, supervisor.client() as client:
        assert client.call("status")["children"] == []


def test_refused_callers_that_send_nothing_leave_room_for_the_person(supervisor: Supervisor) -> None:
    supervisor.refuses = True
    with ExitStack() as stack:
        idle = [stack.enter_context(supervisor.raw()) for _ in range(REFUSED_AT_ONCE + 20)]
        assert [one.recv(1) for one in idle[REFUSED_AT_ONCE:]] == [b""] * 20, "they are cut off at once"
        supervisor.refuses = False
        with supervisor.client() as client:
            assert client.call("status")["supervisor"]["state"] == "up"
        assert [one.recv(1) for one in idle] == [b""] * len(idle), "and the others soon after"


# ── floods ───────────────────────────────────────────────────────────────────────────────────────


def test_connections_that_ask_nothing_take_no_room_from_who_asks(supervisor: Supervisor) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(supervisor.raw()) for _ in range(OPEN_AT_ONCE)]
        asking = stack.enter_context(supervisor.client())
        assert idle[0].recv(1) == b"", "whoever asked nothing for longest is cut off"
        assert asking.call("ping") == {}
        idle += [stack.enter_context(supervisor.raw()) for _ in range(OPEN_AT_ONCE // 2)]
        assert asking.call("ping") == {}, "it asked later than those that were cut off"
    with supervisor.client() as last:
        assert last.call("ping") == {}, "all before it have been taken in"


def test_a_connection_that_asks_on_and_on_is_answered_in_order_with_pauses(supervisor: Supervisor) -> None:
    with supervisor.raw() as connection, supervisor.client() as other:
        connection.sendall(b"".join(b'{"id":%d,"method":"ping"}\n' % number for number in range(50)))
        assert other.call("ping") == {}
        answers = b""
        while answers.count(b"\n") < 50:
            answers += connection.recv(65536)
    assert [line.split(b",")[0] for line in answers.splitlines()] == [b'{"id":%d' % number for number in range(50)]


def test_a_refused_caller_that_sends_without_end_is_cut_off(supervisor: Supervisor) -> None:
    supervisor.refuses = True
    with supervisor.raw() as connection:
        end = b""
        try:
            connection.sendall(b"x" * (REFUSED_LIMIT * 8))
            end = connection.recv(10)
        except ConnectionError:
            pass
        assert end == b""


def test_more_watchers_than_may_wait_are_answered_at_once(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "WATCHING_AT_ONCE", 0)
    with supervisor.client() as client:
        version = client.watch(-1, 0).version
        assert client.watch(version, 3600).version == version


def test_a_client_waits_for_a_place_in_a_full_queue_and_says_so_if_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        monkeypatch.setattr(control_client, "QUEUE_TIMEOUT", 0.05)
        with pytest.raises(SupervisorHangs, match=r"busy: no room for a connection within 0\.05 s"):
            control_client.ControlClient(path)
        monkeypatch.setattr(control_client, "QUEUE_TIMEOUT", LIMIT)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(control_client.ControlClient, path)
            listener.accept()[0].close()
            waiting.result(LIMIT).close()
