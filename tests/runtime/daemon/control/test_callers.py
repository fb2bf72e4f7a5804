"""Whoever calls, and whatever it sends: only the person is served, and the socket goes on answering."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.domain import event as ev
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell.control_client import socket_name
from supervisor.wire.control import METHODS
from tests.fuzz.door import Door
from tests.fuzz.targets import SEEDS
from tests.runtime.daemon.control.harness import LIMIT, Supervisor

FLOOD = 8  # threads that connect without end
LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(sorted(METHODS)).map(lambda method: b'{"id":1,"method":"%s","params":{}}' % method.encode()),
)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    made = Door(tmp_path_factory.mktemp("door"))
    yield made
    made.close()


@pytest.mark.promise("nobody answers for the person", "any input")
@settings(max_examples=40)
@given(st.integers(0, 255), st.integers(0, 255), st.lists(LINES, max_size=6))
def test_whoever_calls_with_whatever_bytes_only_the_person_changes_anything(
    door: Door, who: int, how: int, lines: list[bytes]
) -> None:
    door.call(bytes((who, how)) + b"\n".join(lines))
    assert set(door.callers) >= {"person", "api", "orchestrator"}


def test_each_seed_of_the_fuzzer_gets_what_its_caller_may_have(door: Door) -> None:
    for who in range(len(door.callers)):
        for seed in SEEDS["control"]:
            door.call(bytes((who,)) + seed[1:])
    hold = b'{"id":1,"method":"hold","params":{}}\n'
    served = {name for name, one in door.callers.items() if b'"result"' in one.send(hold)}
    assert served == {"person"}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_who_connects_while_the_supervisor_ends_gets_an_answer_or_an_end_and_does_not_wait(
    supervisor: Supervisor,
) -> None:
    asked = threading.Barrier(FLOOD + 1)

    def call() -> bytes:
        """Ping on connection after connection, until nobody listens any more; return the last answer."""
        answer = b""
        for number in range(100_000):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(LIMIT)  # a TimeoutError is no ConnectionError
                try:
                    connection.connect(str(supervisor.socket))
                    connection.sendall(b'{"id":1,"method":"ping"}\n')
                    answer = connection.recv(1000) or answer
                except (ConnectionError, FileNotFoundError):
                    if not supervisor.socket.exists():
                        return answer
            if number == 0:
                asked.wait(LIMIT)
        raise AssertionError("it listens on and on")

    with ThreadPoolExecutor(FLOOD) as pool:
        calls = [pool.submit(call) for _ in range(FLOOD)]
        asked.wait(LIMIT)
        supervisor.post(ev.DownRequested(supervisor.loop.clock.now(), False))
        assert {one.result(2 * LIMIT) for one in calls} == {b'{"id":1,"result":{}}\n'}
    supervisor.wait()
    assert supervisor.failure is None
    gc.collect()  # what asyncio accepted last of all is closed by the end of the process, and here by this


def test_a_connection_that_comes_after_the_end_of_all_tasks_is_cut_off(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    make_private(workspace.runtime_dir)
    nobody: Any = None
    said: list[dict[str, Any]] = []

    async def connected() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
        async with asyncio.TaskGroup() as group:
            pass
        listens = asyncio.Event()
        serving = asyncio.create_task(ControlSocket(workspace, nobody, nobody, group).serve(listens))
        async with asyncio.timeout(LIMIT):
            await listens.wait()
            with socket_name(workspace.control_socket) as name:
                reader, writer = await asyncio.open_unix_connection(name)
            got = await reader.read()
            writer.close()
        serving.cancel()
        await asyncio.wait([serving])
        return got

    assert asyncio.run(connected()) == b""
    assert said == []
    assert not workspace.control_socket.exists()
