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
