"""Check what we send and read against the protocol that the installed codex publishes."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime
from inspect import getsource
from typing import Any, TypeVar, get_args

import pytest
from msgspec import Struct
from msgspec import field as named

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA
from supervisor.domain.ask import Answer, AskKind, Request
from supervisor.domain.plan import Sandbox
from supervisor.domain.thread import TurnStatus
from supervisor.runtime.codex import questions as child_questions
from supervisor.runtime.codex import server, session
from supervisor.runtime.daemon import effects
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
        assert any(notifications.receive(one, AT) or notifications.items for one in sent(protocol, method)), method


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
    assert {is_waiting(thread_opened.thread) for thread_opened in each(answers.RESUME_THREAD)} == {False, True}
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
