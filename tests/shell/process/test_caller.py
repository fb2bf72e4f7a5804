"""A peer of a unix socket is seen with all that it descends from, and where it lives; one that is gone is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.domain.process import KEEPER, MARK, Caller, UnseenCaller
from supervisor.shell.process import caller
from supervisor.shell.process.caller import caller_of
from tests import CHECKOUT

pytestmark = pytest.mark.timeout(20)

CONNECT = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); sys.stdin.read()"
ORPHAN = (
    "import os, sys\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    f"        os.execve(sys.executable, [sys.executable, '-c', {CONNECT!r}, sys.argv[1]], {{}})\n"
    "    os._exit(0)\n"
    "os.wait()\n"
)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        server.settimeout(10)
        yield server


def looked_at(listener: socket.socket, script: str = CONNECT, **environ: str) -> Caller:
    """The peer that a Python with this script makes."""
    command = [sys.executable, "-c", script, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, **environ}) as process:
        connection, _ = listener.accept()
        with connection:
            peer = caller_of(connection)
        process.communicate()
    assert isinstance(peer, Caller)
    return peer


def test_a_peer_is_seen_with_its_line_up_to_this_process(listener: socket.socket) -> None:
    peer = looked_at(listener, **{MARK: "w/api"})
    assert (peer.uid, peer.foreign) == (os.getuid(), ())
    assert [(one.mark, one.keeper) for one in peer.lineage] == [("w/api", False), ("", False)]
    assert peer.lineage[-1].pid == os.getpid()


def test_a_keeper_is_known_by_what_it_was_started_with(listener: socket.socket) -> None:
    assert [one.keeper for one in looked_at(listener, **{KEEPER: "w"}).lineage] == [True, False]


def test_who_left_its_parent_and_its_environment_has_another_line(listener: socket.socket) -> None:
    peer = looked_at(listener, ORPHAN, **{MARK: "w/api"})
    assert peer.lineage[0].mark == ""
    assert os.getpid() not in [one.pid for one in peer.lineage]
    assert peer.lineage[-1].pid == 1


def test_a_peer_that_is_gone_cannot_be_looked_at(listener: socket.socket) -> None:
    script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, listener.getsockname()], check=True)
    connection, _ = listener.accept()
    with connection:
        assert caller_of(connection) == UnseenCaller("it ended before it could be looked at")


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.parametrize("kernel", ["this", "older"])
def test_a_peer_that_is_gone_is_not_seen_though_a_process_that_it_left_holds_the_connection(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    if kernel == "older":
        monkeypatch.setattr(caller, "PEERPIDFD", 9999)
    leaves = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "if os.fork() == 0:\n    os.close(1); sys.stdin.read()"
    )
    command = [sys.executable, "-c", leaves, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        process.wait()
        with connection:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
            assert caller_of(connection) == UnseenCaller("it ended before it could be looked at")
        process.communicate()


REUSED = """
import os, socket, subprocess, sys
from supervisor.shell.process import caller
if sys.argv[3] == "older":
    caller.PEERPIDFD = 9999
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
peer = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], stdin=subprocess.PIPE)
connection, _ = listener.accept()
peer.communicate()
with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
    last.write(str(peer.pid - 1))
another = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
assert another.pid == peer.pid
print(caller.caller_of(connection))
another.communicate()
"""


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.skipif(os.getuid() != 0, reason="only root may choose the next pid")
@pytest.mark.parametrize("kernel", ["this", "older"])
def test_another_process_that_has_the_pid_of_the_peer_now_is_not_taken_for_it(tmp_path: Path, kernel: str) -> None:
    inside = [
        "unshare",
        "--pid",
        "--mount-proc",
        "--fork",
        sys.executable,
        "-c",
        REUSED,
    ]  # where nobody else takes pids
    command = [*inside, str(tmp_path / "s"), CONNECT, kernel]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=15, cwd=CHECKOUT)
    assert (done.stdout.strip(), done.stderr) == (str(UnseenCaller("it ended before it could be looked at")), "")


@pytest.mark.promise("nobody answers for the person")
def test_a_peer_that_executes_another_program_without_environment_has_the_same_line(listener: socket.socket) -> None:
    connect = CONNECT.replace("sys.stdin.read()", "s.set_inheritable(True); os.execve('/bin/cat', ['cat'], {})")
    command = [sys.executable, "-c", f"import os; {connect}", listener.getsockname()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, MARK: "w/api"}
    ) as process:
        connection, _ = listener.accept()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"x")
        process.stdin.flush()
        assert process.stdout.read(1) == b"x", "it is `cat` now"
        with connection:
            peer = caller_of(connection)
        process.communicate()
    assert isinstance(peer, Caller)
    assert [(one.pid, one.mark) for one in peer.lineage] == [(process.pid, ""), (os.getpid(), "")]


def test_a_peer_in_a_namespace_of_its_own_is_told_by_its_kind(listener: socket.socket) -> None:
    made = subprocess.run(["unshare", "--user", "--map-root-user", "true"], check=False, capture_output=True)
    assert made.returncode == 0, f"this test needs user namespaces: {made.stderr.decode()}"
    command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", CONNECT, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        with connection:
            peer = caller_of(connection)
        process.communicate()
    assert isinstance(peer, Caller)
    assert peer.foreign == ("net", "user")


def test_a_line_that_is_too_long_to_be_seen_whole_is_not_taken_for_one(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "DEPTH", 2)
    deep = f"import os, sys\nif os.fork() == 0:\n    exec({CONNECT!r})\n    os._exit(0)\nos.wait()"
    command = [sys.executable, "-c", deep, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        with connection:
            assert caller_of(connection) == UnseenCaller("it has more than 2 ancestors")
        process.communicate()


@pytest.mark.parametrize("alive", [True, False])
def test_on_an_older_kernel_the_pid_is_the_peers_while_it_is_connected(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    monkeypatch.setattr(caller, "PEERPIDFD", 9999)  # an option that no kernel knows
    command = [sys.executable, "-c", CONNECT, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        if not alive:
            process.communicate()
        with connection:
            peer = caller_of(connection)
        process.communicate()
    assert isinstance(peer, Caller if alive else UnseenCaller)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_is_known_by_the_uid_alone(listener: socket.socket) -> None:
    folder, name = os.path.split(listener.getsockname())
    os.chmod(listener.getsockname(), 0o666)
    os.chmod(folder, 0o711)
    there = f"import os, socket, sys; os.chdir({folder!r}); os.setuid(65534); {CONNECT}"
    with subprocess.Popen([sys.executable, "-c", there, name], stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        with connection:
            assert caller_of(connection) == Caller(65534, ())
        process.communicate()


def test_a_line_that_cannot_be_read_in_some_tries_is_not_taken(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", CONNECT, listener.getsockname()]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        monkeypatch.setattr(caller, "TRIES", 0)
        with connection:
            assert caller_of(connection) == UnseenCaller("what it descends from ends as fast as it is looked at")
        process.communicate()
