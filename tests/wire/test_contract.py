"""Check what we send and read against the protocol that the installed codex publishes."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from inspect import getsource
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, get_args

import pytest
from msgspec import Struct
from msgspec import field as named

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, AskKind, Request
from supervisor.domain.child import Child
from supervisor.domain.plan import Sandbox
from supervisor.domain.report import Check
from supervisor.domain.task import Brief, Due
from supervisor.domain.thread import TurnStatus
from supervisor.runtime.codex import questions as child_questions
from supervisor.runtime.codex import server, session
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.config.model import Limits
from supervisor.runtime.daemon import effects
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import Identity
from supervisor.wire.codex import activity as activities
from supervisor.wire.codex import answers, child_question, notifications, reader, requests
from supervisor.wire.codex import params as ours
from supervisor.wire.codex.activity import activity
from supervisor.wire.codex.answers import (
    Account,
    CodexMethod,
    commands_in,
    login_problem,
    read_answer,
    resets_at,
    turns_of,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.notifications import BODIES, Notification, OfItem, read_notification
from supervisor.wire.codex.reader import NotificationReader
from supervisor.wire.codex.replies import reply
from supervisor.wire.codex.requests import ASKED, read_request
from supervisor.wire.codex.turns import is_waiting, standing
from supervisor.wire.jsonrpc import Call, Notice
from tests.wire.schema import Protocol, diagnostics, misread, samples

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
CONFIG = {"mcp_servers": {"orch": {"command": "orch", "args": ["mcp"]}}}
GONE = {"currentTime/read"}  # still answered: codex 0.163 asks it, and 0.171 no longer knows it
OURS = (
    ours,
    answers,
    notifications,
    reader,
    activities,
    requests,
    child_question,
    server,
    session,
    effects,
    child_questions,
)
A = TypeVar("A")


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
        ("initialize", ours.initialize("0.1.0")),
        ("server/diagnostics", {}),
        ("account/read", {}),
        ("thread/start", child_question.question_thread("/repo", "gpt-5.5", "low", instructions="Be brief.")),
        ("turn/start", child_question.question_turn(thread="t", text="Why?")),
        ("thread/unsubscribe", {"threadId": "t"}),
        ("turn/steer", ours.turn_steer(thread="t", turn="u", message="m", text="Go on.")),
        ("account/rateLimits/read", {}),
    ]
    for mode in SANDBOXES:
        for settings in (("/repo", None, None, mode), ("/repo", "gpt-5.5", "high", mode)):
            rows.append(("thread/start", ours.thread_start(*settings, instructions="Be brief.", config=CONFIG)))
            rows.append(("thread/resume", ours.thread_resume(*settings, thread="t", config=CONFIG)))
        for network in (False, True):
            policy = ours.sandbox_policy(mode, network=network)
            rows.append(
                (
                    "command/exec",
                    ours.command_exec(command=["sh", "-c", "true"], cwd="/", sandbox=policy, timeout=1.5, process="p"),
                )
            )
            for model, effort in ((None, None), ("gpt-5.5", "high")):
                params = ours.turn_start(
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
    assert [method for method in ours.NOT_WANTED if method not in protocol.notices] == []


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


WORDS = {  # a warning has its words in one of two fields
    "OfWarning: there is no field message",
    "OfWarning: there is no field summary",
    "OfWarning: there is no field threadId",
    "OfWarning: there is no field turnId",
}
ANSWERED = [method for method in answers.METHODS if method.answer is not object]


@pytest.mark.parametrize("method", ANSWERED, ids=lambda method: method.name)
def test_what_we_read_of_an_answer_is_what_codex_answers(protocol: Protocol, method: CodexMethod[object]) -> None:
    schema = protocol.result_of(method.name)
    assert misread(method.answer, schema) == []
    for answer in samples(schema, method.name, []):
        assert isinstance(read_answer(method, answer), method.answer)


@pytest.mark.parametrize("method", BODIES)
def test_what_we_read_of_a_notification_is_what_codex_sends(protocol: Protocol, method: str) -> None:
    schema = protocol.params_of(method)
    assert {*misread(BODIES[method], schema)} - WORDS == set()
    assert {type(notification.body) for notification in sent(protocol, method)} == {BODIES[method]}


@pytest.mark.parametrize("method", ASKED)
def test_what_we_read_of_a_request_is_what_codex_asks(protocol: Protocol, method: str) -> None:
    assert misread(ASKED[method], protocol.params_of(method)) == []


class OtherTurn(Struct, frozen=True, kw_only=True):
    """A turn with fields that codex has not, or not always."""

    id: str
    mood: str = ""
    error: Account | None = None
    items_view: str = named(name="itemsView")


class OtherPage(Struct, frozen=True):
    """A page of such turns."""

    data: tuple[OtherTurn, ...]


def test_a_field_that_codex_has_not_or_not_always_is_noticed(protocol: Protocol) -> None:
    assert misread(OtherPage, protocol.result_of("thread/turns/list")) == [
        "OtherPage.data[]: there is no field mood",
        "OtherPage.data[].error: there is no field account",
        "OtherPage.data[].error: there is no field requiresOpenaiAuth",
        "OtherPage.data[]: itemsView may be left out",
    ]


def sent(protocol: Protocol, method: str, missed: list[str] | None = None) -> list[Notification]:
    """The notification in every form; each is understood."""
    found = []
    for params in samples(protocol.params_of(method), method, [] if missed is None else missed):
        notification = read_notification(Notice(method, params))
        assert isinstance(notification, Notification), notification
        found.append(notification)
    return found


def unknown(missed: list[str]) -> list[str]:
    """The fields that were looked up but that codex does not have.

    Not counted: what the log looks for in every notification, and the status that one kind of error has not.
    """
    early = re.compile(r"[a-zA-Z/]+\.(threadId|turnId)|.*\.activeTurnNotSteerable\.httpStatusCode")
    return sorted(one for one in set(missed) if not early.fullmatch(one))


def test_every_notification_of_codex_is_understood_and_those_worth_a_line_are_logged(protocol: Protocol) -> None:
    missed: list[str] = []
    logged = {method for method in protocol.notices for one in sent(protocol, method, missed) if activity(one)}
    assert logged == {
        *("error", "warning", "guardianWarning", "configWarning", "deprecationNotice", "item/completed"),
        *("mcpServer/startupStatus/updated", "thread/status/changed", "thread/settings/updated", "turn/plan/updated"),
    }
    assert unknown(missed) == []


def test_the_notifications_that_are_events_are_those_of_codex(protocol: Protocol) -> None:
    wanted = {"turn/started", "turn/completed", "item/started", "item/completed", "error", "thread/tokenUsage/updated"}
    for method in wanted:
        notifications = NotificationReader("api")
        assert any(notifications.hear(one, AT) or notifications.items for one in sent(protocol, method)), method


def test_the_values_that_we_compare_with_are_those_of_codex(protocol: Protocol) -> None:
    types = protocol.params_of("turn/completed")["definitions"]
    assert {str(one) for one in TurnStatus} == set(types["TurnStatus"]["enum"])
    assert {"waitingOnApproval", "waitingOnUserInput"} == set(types["ThreadActiveFlag"]["enum"])
    items = {one["properties"]["type"]["enum"][0] for one in types["ThreadItem"]["oneOf"]}
    assert {"userMessage", "agentMessage", "commandExecution", "fileChange", "reasoning", "plan"} - items == set()


def test_every_form_of_an_answer_is_understood(protocol: Protocol) -> None:
    def each(method: CodexMethod[A]) -> list[A]:
        read = [read_answer(method, one) for one in samples(protocol.result_of(method.name), method.name, [])]
        assert not any(isinstance(one, NotUnderstood) for one in read)
        return [one for one in read if not isinstance(one, NotUnderstood)]

    assert all(len(turns_of(page)) == len(page.data) for page in each(answers.LIST_TURNS))
    assert {is_waiting(opened.thread) for opened in each(answers.RESUME_THREAD)} == {False, True}
    assert {standing(read.thread) == "unknown" for read in each(answers.READ_THREAD)} == {False}
    assert all(len(commands_in(listed)) == len(listed.data) for listed in each(answers.LIST_TERMINALS))
    assert {resets_at(limits) for limits in each(answers.READ_LIMITS)} == {None}  # 7 per cent are used in each
    assert {report.process.id for report in each(answers.DIAGNOSTICS)} == {7}


def test_no_login_is_seen_and_a_provider_without_one_is_fine(protocol: Protocol) -> None:
    for needed, problem in ((True, "codex is not logged in"), (False, None)):
        answer = {"account": None, "requiresOpenaiAuth": needed}
        assert diagnostics(protocol.result_of("account/read"), answer) == []
        assert login_problem(Account(account=None, requires_openai_auth=needed)) == problem


# ── requests to us ──────────────────────────────────────────────────────────────────────────────

ANSWERS = [
    Answer(decision, text, for_session)
    for decision, text in (("accept", ""), ("decline", ""), ("text", "yes"), ("text", '{"size": 3}'))
    for for_session in (False, True)
]


@pytest.mark.parametrize("method", ASKED)
def test_a_request_is_read_and_answered_as_codex_wants_it(protocol: Protocol, method: str) -> None:
    missed: list[str] = []
    bodies = [one.body for one in sent(protocol, "item/started")]
    items = [body.item for body in bodies if isinstance(body, OfItem)]
    results: dict[str, Any] = {}
    for params in samples(protocol.params_of(method), method, missed):
        for item in items:
            request = read_request(Call(0, method, params), child="api", pid=7, items={"word": item})
            assert isinstance(request, Request), request
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
    asked: list[str] = field(default_factory=list)
    diagnostics: list[str] = field(default_factory=list)
    session: Any = field(default_factory=lambda: SimpleNamespace(notifications=NotificationReader("api"), **SESSION))
    interrupt = server.ServerClient.interrupt

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
                workspace=WorkspacePaths(tmp_path),
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
    assert client.diagnostics == []
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
