"""Who holds the other end of a TCP connection."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from supervisor.domain.process import Caller, UnseenCaller
from supervisor.shell.process.tcp_peer import LocalSocket, callers_of, local_socket

CONNECT = """
import socket, sys
held = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("connected", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_process_at_the_other_end_is_found(family: socket.AddressFamily, host: str) -> None:
    with closing(socket.create_server((host, 0), family=family)) as listener:
        words = [sys.executable, "-c", CONNECT, host, str(listener.getsockname()[1])]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            connection, peer = listener.accept()
            with closing(connection):
                found = local_socket((peer[0], peer[1]), (host, connection.getsockname()[1]))
                assert found is not None
                (caller,) = callers_of(found)
                assert isinstance(caller, Caller)
                assert (caller.uid, caller.lineage[0].pid, caller.lineage[1].pid) == (
                    os.getuid(),
                    other.pid,
                    os.getpid(),
                )
                other.communicate("")


def test_every_holder_counts_and_a_socket_without_one_is_not_seen() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        own = socket.create_connection(listener.getsockname())
        connection, peer = listener.accept()
        with closing(connection):
            found = local_socket(peer, connection.getsockname())
            assert found is not None
            held = [sys.executable, "-c", "import sys; sys.stdin.read()"]
            with subprocess.Popen(held, stdin=subprocess.PIPE, pass_fds=(own.fileno(),)) as other:
                pids = {one.lineage[0].pid for one in callers_of(found) if isinstance(one, Caller)}
                assert pids == {os.getpid(), other.pid}
                other.communicate(b"")
            own.close()
    assert [type(one) for one in callers_of(LocalSocket(found.inode, os.getuid()))] == [UnseenCaller]
    assert callers_of(LocalSocket(found.inode, 12345)) == [Caller(12345, ())]


def test_an_end_that_is_not_on_this_machine_is_none() -> None:
    assert local_socket(("192.0.2.7", 4000), ("192.0.2.8", 80)) is None
    assert local_socket(("2001:db8::7", 4000), ("::1", 80)) is None
