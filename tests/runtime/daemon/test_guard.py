"""The guard refuses what it cannot look at, and carries out each tool call, and each confirmation, once."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.core.guard.permits import KEEPERLESS
from supervisor.core.guard.standing import Refusal, Standing
from supervisor.domain.ask import Answer, Ask, AskKind, AskState, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.process import Caller, UnseenCaller
from supervisor.domain.world import World
from supervisor.runtime.codex.registry import RecordElsewhere, Registry
from supervisor.runtime.config.model import Config, Limits
from supervisor.runtime.daemon import guard as module
from supervisor.runtime.daemon.guard import Guard
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import identity_of
from supervisor.wire.codex.items import McpToolCall
from tests import CHECKOUT
from tests.counting import calls

KEY = RequestKey("orchestrator", 7, "1")
ARGUMENTS = {"ask": "A1", "decision": "accept", "text": ""}
REQUEST = {**ARGUMENTS, "for_session": False}


class Stage:
    """A guard, the session of its orchestrator, and what it logs."""

    def __init__(self, folder: Path) -> None:
        self.items: dict[str, McpToolCall] = {}
        self.session: Any = SimpleNamespace(notifications=SimpleNamespace(items=self.items), confirmations={KEY: "1"})
        self.catch_ups = 0
        self.logged: list[dict[str, object]] = []
        self.world = World()
        config = Config((), Child("orchestrator", str(folder)), None, Limits())
        self.keeperless: str | None = None
        self.registry = Registry(folder / "children.json")
        self.new_guard = lambda: Guard(WorkspacePaths(folder), config, self.registry, self, self, self)  # type: ignore[arg-type]
        self.guard = self.new_guard()

    async def catch_up(self) -> None:
        self.catch_ups += 1

    def say(self, event: str, **fields: object) -> None:
        self.logged.append({"event": event, **fields})

    def call(self, number: int) -> None:
        """Codex begins a call of `answer`."""
        self.items[str(number)] = McpToolCall("mcpToolCall", str(number), "orch", "answer", ARGUMENTS)

    def settle(self, decision: str, *, external: bool = False) -> None:
        """Somebody answers the request to confirm it: the person with `orch answer`, or a window of the session."""
        at, answer = datetime(2026, 7, 1, tzinfo=UTC), Answer(decision, "")
        ask = Ask("A2", AskKind.APPROVAL, at, "", "", "", (), request=KEY, state=AskState.ANSWERED, answer=answer)
        ask = replace(ask, external=external)
        self.world = World(asks={"A2": ask})

    def refused(self) -> str | None:
        found = asyncio.run(self.guard.refusal(Standing.ORCHESTRATOR, "answer", REQUEST))
        return found.what if found is not None else None


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_caller_that_the_system_says_nothing_of_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: socket.socket) -> Caller:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(module, "caller_of", fail)
    with socket.socket(socket.AF_UNIX) as connection:
        refused = stage.guard.admit(connection)
    assert isinstance(refused, Refusal)
    assert "Too many open files" in refused.what
    assert [(one["event"], one["reason"]) for one in stage.logged] == [("control_refused", refused.what)]


def test_a_flood_of_refusals_does_not_fill_the_log(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(module, "caller_of", lambda connection: UnseenCaller("it is gone"))
    with socket.socket(socket.AF_UNIX) as connection:
        for _ in range(module.LOGGED + 5):
            stage.guard.admit(connection)
        assert [one.get("more") for one in stage.logged] == [None] * module.LOGGED
        seconds[0] = module.MINUTE
        stage.guard.admit(connection)
        stage.guard.admit(connection)
    assert [one.get("more") for one in stage.logged[module.LOGGED :]] == [5, None]


def test_an_answer_is_passed_on_once_for_each_confirmation(stage: Stage) -> None:
    stage.settle("accept")
    assert stage.refused() == "no call of that tool of the orchestrator is under way"
    assert stage.catch_ups == 1, "the report of the call may be on its way"
    stage.call(1)
    assert stage.refused() is None
    assert stage.refused() == "no call of that tool of the orchestrator is under way"
    stage.call(2)
    assert stage.refused() == "the person has not confirmed this answer with `orch answer`"


@pytest.mark.parametrize("state", ["declined", "open", "elsewhere", "for another call", "not connected"])
def test_without_a_yes_of_the_person_nothing_is_passed_on(stage: Stage, state: str) -> None:
    stage.call(1)
    if state == "declined":
        stage.settle("decline")
    elif state == "elsewhere":
        stage.settle("accept", external=True)
    elif state == "for another call":
        stage.settle("accept")
        stage.session.confirmations[KEY] = "2"
    elif state == "not connected":
        stage.session = None
    assert stage.refused() == (
        "no call of that tool of the orchestrator is under way"
        if state == "not connected"
        else "the person has not confirmed this answer with `orch answer`"
    )


OF_NOBODY = """
import os, socket, sys
from pathlib import Path
from tests.runtime.daemon.test_guard import Stage
folder = Path(sys.argv[1])
os.chown(folder, 65534, 65534)
os.chdir(folder)  # what is above it belongs to root
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
guard = Stage(Path(".")).guard
listener = socket.socket(socket.AF_UNIX)
listener.bind("s")
listener.listen()
print("ready", flush=True)
connection, _ = listener.accept()
print(*guard.admit(connection), sep=": ", flush=True)
"""


@pytest.mark.promise("sockets private")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_root_is_another_user_to_the_supervisor_of_somebody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OF_NOBODY, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            assert supervisor.stdout.read() == (
                "this supervisor belongs to nobody, and answers to no other user: "
                "run it as nobody (`sudo -u nobody orch ...`)\n"
            )


class KeptServers:
    """A keeper as on another machine, whose servers are recorded as behind a runner that leads here."""

    def __init__(self, registry: Registry, count: int) -> None:
        program = (
            f"import os\nfor _ in range({count}): print(os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '600'), flush=True)\n"
        )
        words = [sys.executable, "-c", program + f"for _ in range({count}): os.wait()"]
        environ = {**os.environ, "ORCH_KEEPER": "test"}
        self.keeper = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True)
        assert self.keeper.stdout is not None
        self.servers = [int(self.keeper.stdout.readline()) for _ in range(count)]
        self.keeper.stdout.close()
        for pid in self.servers:
            identity = identity_of(pid)
            assert identity is not None
            registry.elsewhere()[str(pid)] = RecordElsewhere({"name": "box"}, "/repo", identity)

    def end(self) -> None:
        """End the servers; the keeper ends once it has reaped them."""
        for pid in self.servers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.keeper.wait(60)


@pytest.fixture
def kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], KeptServers]]:
    """Makes servers below a keeper, for a guard whose own keeper lives."""
    monkeypatch.setattr(module, "keeper", os.getppid)
    stage.guard = stage.new_guard()
    with ExitStack() as stack:

        def make(count: int) -> KeptServers:
            made = KeptServers(stage.registry, count)
            stack.callback(made.end)
            return made

        yield make


def admitted(stage: Stage) -> object:
    """Connect from a new process of the person, which has neither a server nor a keeper above it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stage.guard.admit(ours)
    return stage.keeperless


@pytest.mark.promise("nobody answers for the person")
def test_a_keeper_of_a_server_behind_a_runner_is_missed_at_once(
    stage: Stage, kept: Callable[[int], KeptServers]
) -> None:
    first, second = kept(2), kept(1)
    assert admitted(stage) is None
    os.kill(first.servers[0], signal.SIGKILL)
    assert admitted(stage) is None
    first.keeper.kill()
    first.keeper.wait(20)
    assert admitted(stage) == f"{KEEPERLESS.what}: {KEEPERLESS.next_step}"
    assert [line["event"] for line in stage.logged if line["event"] == "keeper_killed"] == ["keeper_killed"]
    assert second.keeper.poll() is None


def test_a_keeper_that_ends_with_its_server_is_not_missed(stage: Stage, kept: Callable[[int], KeptServers]) -> None:
    first, second = kept(1), kept(1)
    assert admitted(stage) is None
    first.end()
    assert admitted(stage) is None
    stage.registry.elsewhere().pop(str(first.servers[0]))
    third = kept(1)
    assert admitted(stage) is None
    third.keeper.kill()
    third.keeper.wait(20)
    assert admitted(stage) is not None
    assert second.keeper.poll() is None


def test_a_request_costs_as_much_however_many_servers_are_behind_a_runner(
    stage: Stage, kept: Callable[[int], KeptServers]
) -> None:
    kept(1)
    few = calls(lambda: admitted(stage))
    kept(30)
    assert (calls(lambda: admitted(stage)), admitted(stage)) == (few, None)
