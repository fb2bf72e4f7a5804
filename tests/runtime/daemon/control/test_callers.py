"""Whoever calls, and whatever it sends: only the person is served, and the socket goes on answering."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell.control_client import socket_name
from supervisor.wire.control import METHODS
from tests.fuzz.door import Door
from tests.fuzz.targets import SEEDS
from tests.runtime.daemon.control.harness import LIMIT

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
