"""What we say to an app-server, and what its messages mean to us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain import event as ev
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.wire import codex
from supervisor.wire.codex import (
    NOT_WANTED,
    NotificationReader,
    activity,
    command_exec,
    initialize,
    is_waiting,
    login_problem,
    sandbox_policy,
    server_version,
    thread_resume,
    thread_start,
    turn_seen,
    turn_start,
    turn_steer,
    turns_of,
    version_of,
)
from tests.wire.values import anything, objects

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUNNING, DONE = TurnStatus.IN_PROGRESS, TurnStatus.COMPLETED


# ── what we say ──────────────────────────────────────────────────────────────────────────────────


def test_it_introduces_itself_and_opts_out_of_the_floods() -> None:
    assert initialize("1.2.3") == {
        "clientInfo": {"name": "orch", "title": "orch supervisor", "version": "1.2.3"},
        "capabilities": {
            "experimentalApi": True,
            "requestAttestation": False,
            "optOutNotificationMethods": list(NOT_WANTED),
        },
    }


def test_a_thread_starts_with_approvals_by_the_user_and_the_defaults_of_the_codex_config() -> None:
    assert thread_start("/api", None, None, "read-only", instructions="You are api.") == {
        "cwd": "/api",
        "approvalPolicy": "on-request",
        "approvalsReviewer": "user",
        "sandbox": "read-only",
        "developerInstructions": "You are api.",
        "serviceName": "orch",
        "threadSource": "orch",
    }


def test_a_thread_is_resumed_with_the_same_settings_and_without_its_history() -> None:
    assert thread_resume("/api", "gpt-5.5", "high", "workspace-write", thread="t") == {
        "cwd": "/api",
        "approvalPolicy": "on-request",
        "approvalsReviewer": "user",
        "sandbox": "workspace-write",
        "model": "gpt-5.5",
        "config": {"model_reasoning_effort": "high"},
        "threadId": "t",
        "excludeTurns": True,
    }


def test_a_turn_is_started_with_its_message_id_the_report_schema_and_its_sandbox() -> None:
    common = {"thread": "t", "message": "m", "text": "Do it.", "schema": {"type": "object"}}
    common |= {"sandbox": "read-only", "network": True}
    started = {
        "threadId": "t",
        "clientUserMessageId": "m",
        "input": [{"type": "text", "text": "Do it."}],
        "outputSchema": {"type": "object"},
        "sandboxPolicy": {"type": "readOnly", "networkAccess": True},
        "approvalPolicy": "on-request",
        "approvalsReviewer": "user",
        "turnTrigger": "orch",
    }
    assert turn_start(**common, model=None, effort=None) == started
    assert turn_start(**common, model="gpt-5.5", effort="low") == {**started, "model": "gpt-5.5", "effort": "low"}


def test_a_child_that_may_not_ask_is_started_so() -> None:
    common = {"thread": "t", "message": "m", "text": "x", "schema": {}, "model": None, "effort": None}
    started = turn_start(**common, sandbox="workspace-write", network=False, approvals="never")
    resumed = thread_resume("/api", None, None, "workspace-write", "never", thread="t")
    assert [one["approvalPolicy"] for one in (started, resumed)] == ["never", "never"]


def test_who_runs_without_a_sandbox_is_not_asked_for_approvals() -> None:
    common = {"thread": "t", "message": "m", "text": "Plan.", "schema": {}, "model": None, "effort": None}
    started = turn_start(**common, sandbox="danger-full-access", network=False, skill=("plan", "/skills/plan/SKILL.md"))
    assert (started["sandboxPolicy"], started["approvalPolicy"]) == ({"type": "dangerFullAccess"}, "never")
    assert started["input"] == [
        {"type": "text", "text": "Plan."},
        {"type": "skill", "name": "plan", "path": "/skills/plan/SKILL.md"},
    ]
    opened = thread_start("/ws", None, None, "danger-full-access", instructions="", config={"mcp_servers": {}})
    assert (opened["approvalPolicy"], opened["sandbox"]) == ("never", "danger-full-access")
    assert opened["config"] == {"mcp_servers": {}}


def test_a_steer_names_the_turn_that_it_is_for() -> None:
    assert turn_steer(thread="t", turn="u", message="m", text="Not so.") == {
        "threadId": "t",
        "expectedTurnId": "u",
        "clientUserMessageId": "m",
        "input": [{"type": "text", "text": "Not so."}],
    }


def test_a_sandbox_that_may_write_has_no_other_roots() -> None:
    assert sandbox_policy("workspace-write", network=False) == {
        "type": "workspaceWrite",
        "writableRoots": [],
        "networkAccess": False,
        "excludeTmpdirEnvVar": False,
        "excludeSlashTmp": False,
    }


def test_a_command_has_a_time_limit_in_milliseconds_and_a_name() -> None:
    assert command_exec(command=("sh", "-c", "true"), cwd="/api", sandbox={}, timeout=1.5, process="p") == {
        "command": ["sh", "-c", "true"],
        "cwd": "/api",
        "sandboxPolicy": {},
        "timeoutMs": 1500,
        "processId": "p",
        "outputBytesCap": 262144,
    }


# ── what it answers ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("codex-cli 0.163.0", (0, 163, 0)),
        ("orch/0.169.0 (Debian 12.0.0; x86_64) xterm (orch; 0.1.0)", (0, 169, 0)),
        ("codex-cli 0.170.0-alpha.3", (0, 170, 0)),
        ("v1.2", None),
        ("", None),
    ],
)
def test_the_version_is_the_first_one_named(text: str, version: tuple[int, ...] | None) -> None:
    assert version_of(text) == version


def test_a_server_tells_its_version_after_our_own_name() -> None:
    assert server_version({"userAgent": "orch/0.169.0 (Debian 12.0.0; x86_64) xterm (orch; 0.1.0)"}) == "0.169.0"
    assert [server_version(answer) for answer in ({}, None, {"userAgent": 7}, {"userAgent": "0.1.0"})] == [""] * 4


def test_only_an_account_that_is_needed_and_missing_is_a_problem() -> None:
    assert login_problem({"account": None, "requiresOpenaiAuth": True}) == "codex is not logged in"
    assert login_problem({"requiresOpenaiAuth": True}) == "codex is not logged in"
    assert login_problem({"account": None, "requiresOpenaiAuth": False}) is None
    assert login_problem({"account": {"type": "apiKey"}, "requiresOpenaiAuth": True}) is None


def turn(**fields: Any) -> dict[str, Any]:
    return {"id": "u", "status": "completed", "items": [], "error": None, **fields}


def user(message: str) -> dict[str, Any]:
    return {"type": "userMessage", "id": f"i-{message}", "clientId": message, "content": []}


def agent(text: str) -> dict[str, Any]:
    return {"type": "agentMessage", "id": "a", "text": text}


def test_a_turn_tells_its_messages_and_its_last_words() -> None:
    items = [user("m1"), agent("first"), {"type": "newKind"}, user("m2"), agent("last"), agent("")]
    assert turn_seen(turn(items=items)) == TurnSeen("u", DONE, ("m1", "m2"), "last")


@pytest.mark.parametrize("status", [one.value for one in TurnStatus])
def test_a_turn_tells_its_status(status: str) -> None:
    assert turn_seen(turn(status=status)) == TurnSeen("u", TurnStatus(status))


@pytest.mark.parametrize("status", ["paused", None, 7, {"type": "completed"}])
def test_an_unknown_status_counts_as_in_progress(status: Any) -> None:
    assert turn_seen(turn(status=status)) == TurnSeen("u", RUNNING)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"message": "no", "codexErrorInfo": "usageLimitExceeded"}, Failure("usageLimitExceeded", None, "no")),
        (
            {"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 503}}},
            Failure("httpConnectionFailed", 503, "no"),
        ),
        (
            {"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": None}}},
            Failure("httpConnectionFailed", None, "no"),
        ),
        (
            {"message": "no", "codexErrorInfo": {"activeTurnNotSteerable": {"turnKind": "review"}}},
            Failure("activeTurnNotSteerable", None, "no"),
        ),
        (
            {"message": "unexpected status 429 Too Many Requests", "codexErrorInfo": "other"},
            Failure("other", 429, "unexpected status 429 Too Many Requests"),
        ),
        ({"message": "no", "codexErrorInfo": None}, Failure("other", None, "no")),
        ({"message": "no", "codexErrorInfo": {}}, Failure("other", None, "no")),
        ({"codexErrorInfo": {"new": "x"}}, Failure("new", None, "")),
        ({}, Failure("other", None, "")),
        (None, None),
        ("broken", None),
    ],
)
def test_a_failed_turn_tells_why(error: Any, failure: Failure | None) -> None:
    assert turn_seen(turn(status="failed", error=error)) == TurnSeen("u", TurnStatus.FAILED, failure=failure)


def test_the_turns_of_a_page_come_oldest_first() -> None:
    page = {"data": [turn(id="3", status="inProgress"), turn(id="2"), turn(id="1")], "nextCursor": None}
    assert turns_of(page) == (TurnSeen("1", DONE), TurnSeen("2", DONE), TurnSeen("3", RUNNING))


@pytest.mark.parametrize("page", [None, [], {}, {"data": None}, {"data": 7}, {"data": {"id": "u"}}, {"data": [7, {}]}])
def test_a_page_of_an_odd_shape_has_no_turns(page: Any) -> None:
    assert turns_of(page) == ()


@pytest.mark.parametrize(
    ("status", "waiting"),
    [
        ({"type": "active", "activeFlags": ["waitingOnApproval"]}, True),
        ({"type": "active", "activeFlags": ["new", "waitingOnUserInput"]}, True),
        ({"type": "active", "activeFlags": []}, False),
        ({"type": "active", "activeFlags": [{"waitingOnApproval": True}]}, False),
        ({"type": "active", "activeFlags": 7}, False),
        ({"type": "idle"}, False),
        (None, False),
    ],
)
def test_a_thread_tells_whether_it_waits_for_a_human(status: Any, waiting: bool) -> None:
    assert is_waiting({"id": "t", "status": status}) is waiting


# ── the ear ──────────────────────────────────────────────────────────────────────────────────────


def hear(notifications: NotificationReader, method: str, **params: Any) -> ev.Event | None:
    return notifications.hear(method, {"threadId": "t", **params}, AT)


def used(turn: str, given: Any, taken: Any) -> dict[str, Any]:
    last = {"inputTokens": given, "outputTokens": taken, "totalTokens": 0}
    return {"turnId": turn, "tokenUsage": {"last": last, "total": {"inputTokens": 900, "outputTokens": 900}}}


def test_a_turn_is_heard_from_its_beginning_to_its_end() -> None:
    notifications = NotificationReader("api")
    assert hear(notifications, "turn/started", turn=turn(status="inProgress")) == ev.TurnBegan(
        AT, "api", "t", "u", None
    )
    assert hear(notifications, "item/started", turnId="u", item=user("m1")) is None
    assert hear(notifications, "item/completed", turnId="u", item=user("m1")) == ev.TurnBegan(AT, "api", "t", "u", "m1")
    assert hear(notifications, "item/completed", turnId="u", item=agent("first")) is None
    first = ev.TokensSpent(AT, "api", "t", "u", 10, 2)
    assert hear(notifications, "thread/tokenUsage/updated", **used("u", 10, 2)) == first
    assert hear(notifications, "item/completed", turnId="u", item=user("m2")) == ev.TurnBegan(AT, "api", "t", "u", "m2")
    assert hear(notifications, "item/completed", turnId="u", item=agent("last")) is None
    more = ev.TokensSpent(AT, "api", "t", "u", 30, 5)
    assert hear(notifications, "thread/tokenUsage/updated", **used("u", 30, 5)) == more
    assert hear(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(
        AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "last", None, 40, 7)
    )


def test_what_the_end_of_a_turn_tells_itself_counts_before_what_was_heard() -> None:
    notifications = NotificationReader("api")
    hear(notifications, "item/completed", turnId="u", item=user("m1"))
    hear(notifications, "item/completed", turnId="u", item=agent("heard"))
    assert hear(
        notifications, "turn/completed", turn=turn(items=[user("m1"), user("m2"), agent("told")])
    ) == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "told"))


def test_one_turn_does_not_take_over_what_belongs_to_another() -> None:
    notifications = NotificationReader("api")
    for name in ("1", "2"):
        hear(notifications, "item/completed", turnId=name, item=agent(f"text {name}"))
        hear(notifications, "item/completed", turnId=name, item=user(f"m{name}"))
        hear(notifications, "thread/tokenUsage/updated", **used(name, int(name), 0))
    for name in ("2", "1"):
        assert hear(notifications, "turn/completed", turn=turn(id=name)) == ev.TurnEnded(
            AT, "api", "t", TurnSeen(name, DONE, (f"m{name}",), f"text {name}", None, int(name), 0)
        )
    assert hear(notifications, "turn/completed", turn=turn(id="1")) == ev.TurnEnded(AT, "api", "t", TurnSeen("1", DONE))


def test_nothing_of_a_turn_is_kept_after_its_end() -> None:
    notifications = NotificationReader("api")
    hear(notifications, "item/completed", turnId="u", item=user("m"))
    hear(notifications, "item/completed", turnId="u", item=agent("heard"))
    hear(notifications, "thread/tokenUsage/updated", **used("u", 1, 1))
    hear(notifications, "turn/completed", turn=turn(items=[agent("told")]))
    assert hear(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE))


def test_commands_and_file_changes_are_kept_while_they_are_under_way() -> None:
    notifications = NotificationReader("api")
    change = {"type": "fileChange", "id": "f", "changes": []}
    command = {"type": "commandExecution", "id": "c", "command": "ls"}
    for item in (change, command, agent("x")):
        assert hear(notifications, "item/started", turnId="u", item=item) is None
    assert notifications.items == {"f": change, "c": command}
    hear(notifications, "item/completed", turnId="u", item={**change, "status": "completed"})
    assert notifications.items == {"c": command}


def test_only_an_error_that_codex_tries_again_is_an_event() -> None:
    notifications = NotificationReader("api")
    error = {"message": "stream disconnected", "codexErrorInfo": "other"}
    assert hear(notifications, "error", turnId="u", willRetry=True, error=error) == ev.TurnRetried(
        AT, "api", "t", "u", "stream disconnected"
    )
    assert hear(notifications, "error", turnId="u", willRetry=True, error={}) == ev.TurnRetried(
        AT, "api", "t", "u", "no reason given"
    )
    assert hear(notifications, "error", turnId="u", willRetry=False, error=error) is None


def test_what_means_nothing_to_us_is_no_event() -> None:
    assert hear(NotificationReader("api"), "skills/changed") is None
    assert NotificationReader("api").hear("turn/started", {}, AT) is None


def test_what_somebody_else_says_on_a_thread_of_ours_is_heard_and_nowhere_else() -> None:
    notifications = NotificationReader("api")
    item = {"type": "userMessage", "id": "i", "clientId": None, "content": [{"type": "text", "text": "x" * 600}, 7]}
    assert hear(notifications, "item/completed", turnId="u", item=item) is None
    notifications.gave("t", {"model": "m"})
    said = ev.SaidElsewhere(AT, "api", "t", "u", "x" * 500)
    assert hear(notifications, "item/completed", turnId="u", item=item) == said
    assert hear(notifications, "item/completed", turnId="u", item={**item, "clientId": "theirs"}) == said
    ours = ev.TurnBegan(AT, "api", "t", "u", "orch-T1-1")
    assert hear(notifications, "item/completed", turnId="u", item={**item, "clientId": "orch-T1-1"}) == ours


def test_settings_that_differ_from_those_we_gave_are_told_each_once() -> None:
    notifications = NotificationReader("api")
    policy = {"type": "workspaceWrite", "networkAccess": False}
    answer = {"model": "m", "reasoningEffort": None, "approvalPolicy": "on-request", "sandbox": policy, "thread": {}}
    theirs = {
        "model": "m",
        "effort": "high",
        "approvalPolicy": "never",
        "cwd": "/api",
        "sandboxPolicy": {"type": "dangerFullAccess"},
        "collaborationMode": {"mode": "default"},
    }
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) is None
    notifications.opened("t", answer)
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) == ev.ThreadSettingsChanged(
        AT,
        "api",
        "t",
        (
            ("effort", "default", "high"),
            ("approvals", "on-request", "never"),
            ("sandbox", "workspaceWrite", "dangerFullAccess"),
        ),
    )
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) is None
    notifications.gave("t", {"approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy})
    ours = {**theirs, "approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy}
    assert hear(notifications, "thread/settings/updated", threadSettings=ours) is None


ITEM = objects("type", "id", "text", "clientId", "command", "changes", "status", "exitCode").flatmap(
    lambda item: st.sampled_from(
        ["userMessage", "agentMessage", "fileChange", "commandExecution", "plan", "reasoning", 7]
    ).map(lambda kind: {**item, "type": kind})
)
FAILURE = objects("message", "codexErrorInfo", inner=objects("other", inner=objects("httpStatusCode")))
TURN = objects("id", "status", "items", "error", inner=st.lists(ITEM | anything, max_size=3) | FAILURE)
USAGE = objects("last", inner=objects("inputTokens", "outputTokens"))
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "threadId": st.just("t") | anything,
        "threadSettings": objects("model", "effort", "sandboxPolicy", "collaborationMode") | anything,
        "turnId": anything,
        "turn": TURN | anything,
        "item": ITEM | anything,
        "tokenUsage": USAGE | anything,
        "error": FAILURE | anything,
        "willRetry": st.booleans() | anything,
        "message": anything,
        "status": anything,
    },
)
METHODS = st.sampled_from(
    [
        *("turn/started", "turn/completed", "item/started", "item/completed", "thread/tokenUsage/updated", "error"),
        *(
            "thread/settings/updated",
            "warning",
            "configWarning",
            "thread/status/changed",
            "turn/plan/updated",
            "something/else",
        ),
    ]
)


@given(st.lists(st.tuples(METHODS, PARAMS), max_size=6))
def test_nothing_that_a_server_says_breaks_the_ear(told: list[tuple[str, Mapping[str, Any]]]) -> None:
    notifications = NotificationReader("api")
    notifications.gave("t", {})
    for method, params in told:
        event = notifications.hear(method, params, AT)
        assert event is None or event.at == AT


@given(METHODS, PARAMS)
def test_nothing_that_a_server_says_breaks_its_log(method: str, params: Mapping[str, Any]) -> None:
    line = activity(method, params)
    assert line is None or isinstance(json.dumps(line), str)


@given(TURN | anything)
def test_nothing_that_a_server_answers_breaks_its_reading(value: Any) -> None:
    turns_of({"data": [value]})
    turns_of({"data": value})
    turns_of(value)
    is_waiting({"status": value})
    is_waiting({"status": {"activeFlags": value}})
    is_waiting(value)
    login_problem(value)


# ── the log of a child's doings ──────────────────────────────────────────────────────────────────

WHERE = {"threadId": "t", "turnId": "u"}
TOLD = {"thread": "t", "turn": "u"}


@pytest.mark.parametrize(
    ("method", "params", "line"),
    [
        (
            "item/completed",
            {"item": {"type": "commandExecution", "command": "ls", "exitCode": 0, "status": "completed", "cwd": "/"}},
            {"event": "item_completed", "item": "commandExecution", "command": "ls", "exit_code": 0}
            | {"status": "completed"},
        ),
        (
            "item/completed",
            {"item": {"type": "fileChange", "changes": [{"path": "a.py", "diff": "+x"}, 7], "status": "completed"}},
            {"event": "item_completed", "item": "fileChange", "status": "completed", "paths": ["a.py"]},
        ),
        (
            "item/completed",
            {"item": {"type": "agentMessage", "text": "x" * 3000}},
            {"event": "item_completed", "item": "agentMessage", "text": "x" * 2000},
        ),
        (
            "item/completed",
            {"item": {"type": "mcpToolCall", "server": "lab", "tool": "act", "status": "failed"}},
            {"event": "item_completed", "item": "mcpToolCall", "status": "failed", "tool": "act", "server": "lab"},
        ),
        ("warning", {"message": "hot"}, {"event": "warning", "level": "warning", "text": "hot"}),
        (
            "deprecationNotice",
            {"summary": "old", "details": "very"},
            {"event": "deprecation_notice", "level": "warning", "text": "old"},
        ),
        (
            "error",
            {"error": {"message": "no"}, "willRetry": False},
            {"event": "codex_error", "level": "warning", "text": '{"message": "no"}'},
        ),
        (
            "thread/status/changed",
            {"status": {"type": "idle"}},
            {"event": "thread_status_changed", "level": "debug", "detail": '{"status": {"type": "idle"}}'},
        ),
        (
            "mcpServer/startupStatus/updated",
            {"name": "lab", "failureReason": None},
            {"event": "mcp_server_startup_status_updated", "level": "debug"}
            | {"detail": '{"name": "lab", "failure_reason": null}'},
        ),
    ],
)
def test_what_is_worth_a_line_is_told(method: str, params: dict[str, Any], line: dict[str, Any]) -> None:
    assert activity(method, {**WHERE, **params}) == {**line, **TOLD}


@pytest.mark.parametrize("kind", ["reasoning", "userMessage"])
def test_thoughts_and_our_own_words_are_not_worth_a_line(kind: str) -> None:
    assert activity("item/completed", {**WHERE, "item": {"type": kind, "id": "i"}}) is None
    assert activity("item/started", {**WHERE, "item": {"type": "commandExecution", "id": "i"}}) is None


def usage(given: int, taken: int) -> dict[str, Any]:
    return {"threadId": "t", "turnId": "u", "tokenUsage": {"last": {"inputTokens": given, "outputTokens": taken}}}


def test_the_tokens_of_a_turn_are_told_when_they_grew_by_a_tenth_and_all_of_them_at_its_end() -> None:
    notifications = NotificationReader("api")
    told = [notifications.hear("thread/tokenUsage/updated", usage(given, 1), AT) for given in (999, 49, 49, 49, 0)]
    assert told == [
        ev.TokensSpent(AT, "api", "t", "u", 999, 1),
        None,
        ev.TokensSpent(AT, "api", "t", "u", 98, 2),
        None,
        None,
    ]
    ended = notifications.hear("turn/completed", {"threadId": "t", "turn": {"id": "u", "status": "completed"}}, AT)
    assert isinstance(ended, ev.TurnEnded)
    assert (ended.seen.input_tokens, ended.seen.output_tokens) == (1146, 5)


@pytest.mark.parametrize(
    ("method", "params", "turn"),
    [
        ("item/started", {"turnId": "u", "item": {"type": "commandExecution"}}, "u"),
        ("thread/tokenUsage/updated", {"turnId": "u"}, "u"),
        ("error", {"turnId": "u", "willRetry": True}, "u"),
        ("item/completed", {"turnId": "u", "item": {"type": "userMessage"}}, None),
        ("thread/status/changed", {"threadId": "t"}, None),
    ],
)
def test_what_a_turn_does_is_a_sign_of_life_and_what_it_is_told_is_none(
    method: str, params: dict[str, Any], turn: str | None
) -> None:
    assert codex.sign_of(method, params) == turn


def test_limits_are_reset_when_the_last_of_those_that_are_reached_is() -> None:
    def window(used: int, at: int | None) -> dict[str, Any]:
        return {"usedPercent": used, "resetsAt": at}

    answer = {
        "rateLimits": {"primary": window(100, 1_000), "secondary": window(40, 9_000)},
        "rateLimitsByLimitId": {"codex": {"primary": window(101, 2_000), "secondary": None}, "other": None},
    }
    assert codex.resets_at(answer) == datetime.fromtimestamp(2_000, UTC)
    assert codex.resets_at({"rateLimits": {"primary": window(99, 1_000)}}) is None
    assert codex.resets_at({"rateLimits": {"primary": window(100, 10**18)}}) is None
    assert codex.resets_at(None) is None
