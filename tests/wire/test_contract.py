"""Check what we send and read against the protocol that the installed codex publishes."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from inspect import getsource
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, AskKind
from supervisor.domain.child import Child
from supervisor.domain.plan import Sandbox
from supervisor.domain.report import Check
from supervisor.domain.task import Brief, Due
from supervisor.domain.thread import TurnStatus
from supervisor.runtime.codex import questions as child_questions
from supervisor.runtime.codex import server
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.config.model import Limits
from supervisor.runtime.daemon import effects
from supervisor.runtime.workspace import Workspace
from supervisor.shell.process import Identity
from supervisor.wire import child_question, codex, requests
from supervisor.wire.jsonrpc import Call
from supervisor.wire.requests import read_request, reply
from tests.wire.schema import Protocol, diagnostics, samples

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
CONFIG = {"mcp_servers": {"orch": {"command": "orch", "args": ["mcp"]}}}
GONE = {"currentTime/read"}  # still answered: codex 0.163 asks it, and 0.171 no longer knows it
OURS = (codex, requests, child_question, server, effects, child_questions)


@pytest.fixture(scope="session")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Protocol:
    folder = tmp_path_factory.mktemp("schema")
    home = tmp_path_factory.mktemp("codex-home")
    command = [locate(None), "app-server", "generate-json-schema", "--experimental", "--out", folder]
    subprocess.run(command, env={**os.environ, "CODEX_HOME": str(home)}, check=True, timeout=30)
    return Protocol(folder)


# ── what we say ──────────────────────────────────────────────────────────────────────────────────


def requests_of_ours() -> list[tuple[str, dict[str, Any]]]:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("initialize", codex.initialize("0.1.0")),
        ("server/diagnostics", {}),
        ("account/read", {}),
        ("thread/start", child_question.question_thread("/repo", "gpt-5.5", "low", instructions="Be brief.")),
        ("turn/start", child_question.question_turn(thread="t", text="Why?")),
        ("thread/unsubscribe", {"threadId": "t"}),
        ("turn/steer", codex.turn_steer(thread="t", turn="u", message="m", text="Go on.")),
        ("account/rateLimits/read", {}),
    ]
    for mode in SANDBOXES:
        for settings in (("/repo", None, None, mode), ("/repo", "gpt-5.5", "high", mode)):
            rows.append(("thread/start", codex.thread_start(*settings, instructions="Be brief.", config=CONFIG)))
            rows.append(("thread/resume", codex.thread_resume(*settings, thread="t", config=CONFIG)))
        for network in (False, True):
            policy = codex.sandbox_policy(mode, network=network)
            rows.append(
                (
                    "command/exec",
                    codex.command_exec(command=["sh", "-c", "true"], cwd="/", sandbox=policy, timeout=1.5, process="p"),
                )
            )
            for model, effort in ((None, None), ("gpt-5.5", "high")):
                params = codex.turn_start(
                    thread="t",
                    message="m",
                    text="Do it.",
                    schema=REPORT_SCHEMA,
                    model=model,
                    effort=effort,
                    sandbox=mode,
                    network=network,
                    skill=("plan", "/skills/plan/SKILL.md") if network else None,
                )
                rows.append(("turn/start", params))
    return rows


@pytest.mark.parametrize(("method", "params"), requests_of_ours())
def test_codex_knows_every_request_and_every_field_of_it(
    protocol: Protocol, method: str, params: dict[str, Any]
) -> None:
    assert diagnostics(protocol.params_of(method), params) == []


def test_what_we_opt_out_of_exists(protocol: Protocol) -> None:
    assert [method for method in codex.NOT_WANTED if method not in protocol.notices] == []


def test_every_method_that_our_code_names_is_one_of_codex(protocol: Protocol) -> None:
    named = {
        node.value
        for module in OURS
        for node in ast.walk(ast.parse(getsource(module)))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-zA-Z]+(/[a-zA-Z]+)+", node.value)
    }
    assert {"turn/start", "serverRequest/resolved", "currentTime/read", "item/completed"} <= named
    assert named - {*protocol.calls, *protocol.server_calls, *protocol.notices, *GONE} == set()


# ── what we read ─────────────────────────────────────────────────────────────────────────────────


def handled(protocol: Protocol, methods: set[str], use: Callable[[str, dict[str, Any]], object]) -> set[str]:
    """The notifications that `use` handles, given each in every form. Fails if it looks up an unknown field."""
    missed: list[str] = []
    given = {
        method
        for method in methods
        for params in samples(protocol.params_of(method), method, missed)
        if use(method, params) is not None
    }
    assert unknown(missed) == []
    return given


def unknown(missed: list[str]) -> list[str]:
    """The fields that were looked up but that codex does not have.

    Not counted: fields that are looked up in every notification before its method is known, the status, which one kind
    of error lacks, and the text of a warning, which has another name in each.
    """
    early = re.compile(r"[a-zA-Z/]+\.(threadId|turnId|turn|item)|.*\.activeTurnNotSteerable\.httpStatusCode")
    words = {"configWarning.message", "deprecationNotice.message"}
    return sorted(one for one in set(missed) - words if not early.fullmatch(one))


def test_the_notification_reader_uses_only_fields_that_exist(protocol: Protocol) -> None:
    def hear(method: str, params: dict[str, Any]) -> object:
        notifications = codex.NotificationReader("api")
        event = notifications.hear(method, params, AT)
        return event or notifications.items or None

    wanted = {"turn/started", "turn/completed", "item/started", "item/completed", "error", "thread/tokenUsage/updated"}
    assert handled(protocol, wanted, hear) == wanted


def test_the_activity_log_uses_only_fields_that_exist(protocol: Protocol) -> None:
    wanted = {
        *("error", "warning", "guardianWarning", "configWarning", "deprecationNotice", "item/completed"),
        *("mcpServer/startupStatus/updated", "thread/status/changed", "thread/settings/updated", "turn/plan/updated"),
    }
    assert handled(protocol, wanted, codex.activity) == wanted
    assert {method for method in protocol.notices if codex.activity(method, {"item": {"type": "x"}})} == wanted


def test_a_resolved_request_has_its_id(protocol: Protocol) -> None:
    assert {"requestId", "threadId"} <= set(required(protocol.params_of("serverRequest/resolved")))


def test_the_values_that_we_compare_with_are_those_of_codex(protocol: Protocol) -> None:
    types = protocol.params_of("turn/completed")["definitions"]
    assert {str(one) for one in TurnStatus} == set(types["TurnStatus"]["enum"])
    assert {"waitingOnApproval", "waitingOnUserInput"} == set(types["ThreadActiveFlag"]["enum"])
    items = {one["properties"]["type"]["enum"][0] for one in types["ThreadItem"]["oneOf"]}
    assert {"userMessage", "agentMessage", "commandExecution", "fileChange", "reasoning", "plan"} - items == set()


def test_every_answer_that_we_read_has_what_we_read(protocol: Protocol) -> None:
    missed: list[str] = []
    for page in samples(protocol.result_of("thread/turns/list"), "thread/turns/list", missed):
        turns = codex.turns_of(page)
        assert len(turns) == len(page["data"])
    for opened in samples(protocol.result_of("thread/resume"), "thread/resume", missed):
        codex.is_waiting(opened["thread"])
    for account in samples(protocol.result_of("account/read"), "account/read", missed):
        codex.login_problem(account)
    for read in samples(protocol.result_of("thread/read"), "thread/read", missed):
        assert codex.standing(read["thread"]) != "unknown"
    terminals = "thread/backgroundTerminals/list"
    for listed in samples(protocol.result_of(terminals), terminals, missed):
        assert len(codex.commands_in(listed)) == len(listed["data"])
    for limits in samples(protocol.result_of("account/rateLimits/read"), "account/rateLimits/read", missed):
        codex.resets_at(limits)
    for report in samples(protocol.result_of("server/diagnostics"), "server/diagnostics", missed):
        assert int(report["process"]["id"]) == 7
    assert unknown(missed) == []


def test_no_login_is_seen_and_a_provider_without_one_is_fine(protocol: Protocol) -> None:
    schema = protocol.result_of("account/read")
    none, free = ({"account": None, "requiresOpenaiAuth": needed} for needed in (True, False))
    assert (diagnostics(schema, none), diagnostics(schema, free)) == ([], [])
    assert (codex.login_problem(none), codex.login_problem(free)) == ("codex is not logged in", None)


def required(schema: dict[str, Any]) -> list[str]:
    found: list[str] = schema["definitions"][schema["$ref"].rsplit("/", 1)[-1]]["required"]
    return found


# ── requests to us ──────────────────────────────────────────────────────────────────────────────

ASKED = (
    "item/commandExecution/requestApproval",
    "item/fileChange/requestApproval",
    "item/permissions/requestApproval",
    "item/tool/requestUserInput",
    "mcpServer/elicitation/request",
)
ANSWERS = [
    Answer(decision, text, for_session)
    for decision, text in (("accept", ""), ("decline", ""), ("text", "yes"), ("text", '{"size": 3}'))
    for for_session in (False, True)
]


@pytest.mark.parametrize("method", ASKED)
def test_a_request_is_read_and_answered_as_codex_wants_it(protocol: Protocol, method: str) -> None:
    missed: list[str] = []
    items: list[dict[str, Any]] = [{}]
    for started in samples(protocol.params_of("item/started"), "item/started", missed):
        if started["item"]["type"] in ("fileChange", "commandExecution"):
            items.append(started["item"])
    results: dict[str, Any] = {}
    for params in samples(protocol.params_of(method), method, missed):
        for item in items:
            request = read_request(Call(0, method, params), child="api", pid=7, items={"word": item})
            assert request is not None
            for answer in ANSWERS:
                if answer.decision in request.choices or request.kind is not AskKind.APPROVAL:
                    result = reply(request, answer, params)
                    results[json.dumps(result)] = result
    assert [
        diagnostic for result in results.values() for diagnostic in diagnostics(protocol.result_of(method), result)
    ] == []
    assert unknown(missed) == []


def test_every_request_of_codex_is_known_to_be_answered_or_declined(protocol: Protocol) -> None:
    declined = {
        *("account/chatgptAuthTokens/refresh", "applyPatchApproval", "attestation/generate"),
        *("execCommandApproval", "item/tool/call"),
    }
    assert set(protocol.server_calls) - GONE == {*ASKED, *declined}
    for method in GONE & set(protocol.server_calls):
        assert diagnostics(protocol.result_of(method), {"currentTimeAt": int(AT.timestamp())}) == []


# ── the effects ──────────────────────────────────────────────────────────────────────────────────


SESSION: dict[str, Any] = {"pid": 7, "asked": {}, "awaited": {}, "signs": {}, "identity": Identity(0, 0, "")}


@dataclass
class ClientStandin:
    """A client whose server answers every request as its schema says."""

    child: Child
    protocol: Protocol
    missed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    diagnostics: list[str] = field(default_factory=list)
    session: Any = field(
        default_factory=lambda: SimpleNamespace(notifications=codex.NotificationReader("api"), **SESSION)
    )
    interrupt = server.ServerClient.interrupt

    async def request(self, method: str, params: dict[str, Any], timeout: float | None = None) -> Any:
        self.asked.append(method)
        self.diagnostics += diagnostics(self.protocol.params_of(method), params)
        if method == "turn/interrupt":
            self.session.awaited[params["turnId"]].set()
        return samples(self.protocol.result_of(method), method, self.missed)[0]

    def give_up(self, reason: str) -> None:
        self.diagnostics.append(reason)


class Quiet:
    def say(self, event: str, **fields: Any) -> None:
        raise AssertionError(f"{event}: {fields}")


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
                workspace=Workspace(tmp_path),
                limits=Limits(),
                logs=Quiet(),  # type: ignore[arg-type]
                group=group,
                post=post,
                now=lambda: AT,
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
    assert (client.diagnostics, unknown(client.missed)) == ([], [])
    beside = {"thread/read", "thread/backgroundTerminals/list", "command/exec"}
    assert beside <= set(client.asked)
    assert [one for one in client.asked if one not in beside] == [
        *("thread/start", "thread/name/set", "thread/resume", "thread/turns/list", "turn/start", "turn/steer"),
        *("turn/interrupt", "thread/backgroundTerminals/clean", "account/rateLimits/read"),
    ]
    assert [type(one) for one in events if not isinstance(one, ev.ChecksFinished | ev.TurnLooked)] == [
        *(ev.ThreadOpened, ev.ThreadOpened, ev.TurnBegan, ev.SteerArrived, ev.LimitsRead)
    ]
    assert ev.ChecksFinished(AT, "api", "T1", 1, (Check("true", 7, "word\nword"),), ()) in events


class Over(Exception):
    """Ends a task group from inside."""
