"""Check that what the effects send is what codex knows."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.report import Check
from supervisor.domain.task import Brief, Due
from supervisor.runtime.codex import server
from supervisor.runtime.config.model import Limits
from supervisor.runtime.daemon import effects
from supervisor.runtime.remote.choose import tree_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import Identity
from supervisor.wire.codex import answers
from supervisor.wire.codex.answers import (
    CodexMethod,
    read_answer,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.reader import NotificationReader
from tests.wire.schema import Protocol, diagnostics, samples

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
A = TypeVar("A")
SESSION: dict[str, Any] = {
    "pid": 7,
    "asked": {},
    "awaited": {},
    "steers": {},
    "outputs": {},
    "signs": {},
    "identity": Identity(0, 0, ""),
}


@dataclass
class ClientStandin:
    """A client whose server answers every request as its schema says."""

    child: Child
    protocol: Protocol
    asked: list[str] = field(default_factory=list)
    diagnostics: list[str] = field(default_factory=list)
    session: Any = field(default_factory=lambda: SimpleNamespace(notifications=NotificationReader("api"), **SESSION))
    interrupt = server.ServerClient.interrupt
    shell = server.ServerClient.shell
    cpu_seconds = server.ServerClient.cpu_seconds

    async def request(self, method: CodexMethod[A], params: dict[str, Any], timeout: float | None = None) -> A:
        self.asked.append(method.name)
        self.diagnostics += diagnostics(self.protocol.params_of(method.name), params)
        if method is answers.INTERRUPT_TURN:
            self.session.awaited[params["turnId"]].set()
        answer = read_answer(method, samples(self.protocol.result_of(method.name), method.name, [])[0])
        assert not isinstance(answer, NotUnderstood), answer
        return answer

    def give_up(self, reason: str) -> None:
        self.diagnostics.append(reason)


class Quiet:
    def say(self, event: str, **fields: Any) -> None:
        assert event == "check_failed", f"{event}: {fields}"


@pytest.mark.timeout(10)
def test_the_effects_send_only_what_codex_knows(protocol: Protocol, tmp_path: Path) -> None:
    brief = Brief("k", "Do it.")
    where = ("gpt-5.5", "high", "workspace-write")
    actions: list[act.Action] = [
        act.OpenThread("api", None, "T1", *where, "w"),
        act.OpenThread("api", "t", None, *where, "w"),
        act.StartTurn("api", "T1", 1, False, "t", "m", Due.BRIEF, brief, "Do it.", *where, "w"),
        act.SteerTurn("api", "T1", "t", "u", "m", brief, "Not so.", "w"),
        act.InterruptTurn("api", "T1", "t", "u", False, "w"),
        act.EndLeftovers("api", "T1", "t", "u", "w"),
        act.ReadLimits("api", "openai", "w"),
        act.LookAtTurn("api", "T1", "t", "u", AT, "w"),
        act.RunChecks("api", "T1", 1, ("true",), None, "read-only", "w"),
    ]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    client = ClientStandin(Child("api", str(tmp_path)), protocol)
    events: list[ev.Event] = []

    async def act_on_all() -> None:
        arrived = asyncio.Event()

        def post(event: ev.Event) -> None:
            events.append(event)
            arrived.set()

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            executor = effects.Effects(
                {"api": client},  # type: ignore[dict-item]
                children=(client.child,),
                workspace=WorkspacePaths(tmp_path),
                limits=Limits(),
                logs=Quiet(),  # type: ignore[arg-type]
                group=group,
                post=post,
                now=lambda: AT,
                tree_of=lambda child: tree_of(WorkspacePaths(tmp_path), child),
            )
            for action in actions:
                executor.carry_out(action)
            while not {ev.ChecksFinished, ev.TurnLooked} <= {type(one) for one in events}:
                arrived.clear()
                await arrived.wait()
            raise Over

    with pytest.raises(ExceptionGroup) as ended:
        asyncio.run(act_on_all())
    assert [type(one) for one in ended.value.exceptions] == [Over]
    assert client.diagnostics == []
    beside = {"thread/read", "thread/backgroundTerminals/list", "command/exec"}
    assert beside <= set(client.asked)
    assert list(dict.fromkeys(one for one in client.asked if one not in beside)) == [
        *("thread/start", "thread/name/set", "thread/resume", "thread/turns/list", "turn/start", "turn/steer"),
        *("turn/interrupt", "thread/list", "thread/backgroundTerminals/clean", "account/rateLimits/read"),
    ]
    assert [type(one) for one in events if not isinstance(one, ev.ChecksFinished | ev.TurnLooked)] == [
        *(ev.ThreadOpened, ev.ThreadOpened, ev.TreeKept, ev.TurnBegan, ev.LeftoversEnded, ev.LimitsRead)
    ]
    assert ev.ChecksFinished(AT, "api", "T1", 1, (Check("true", 7, ""),), ()) in events


class Over(Exception):
    """Ends a task group from inside."""
