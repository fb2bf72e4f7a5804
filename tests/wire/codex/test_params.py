"""The params that we send to an app-server."""

from __future__ import annotations

from supervisor.wire.codex.params import (
    NOT_WANTED,
    command_exec,
    initialize,
    sandbox_policy,
    thread_resume,
    thread_start,
    turn_start,
    turn_steer,
)


def test_initialize_opts_out_of_high_volume_notifications() -> None:
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
    without = sandbox_policy("workspace-write", network=False, exclude_tmp=True)
    assert (without["excludeTmpdirEnvVar"], without["excludeSlashTmp"]) == (True, True)


def test_a_command_has_a_time_limit_in_milliseconds_and_a_name() -> None:
    assert command_exec(command=("sh", "-c", "true"), cwd="/api", sandbox={}, timeout=1.5, process="p") == {
        "command": ["sh", "-c", "true"],
        "cwd": "/api",
        "sandboxPolicy": {},
        "timeoutMs": 1500,
        "processId": "p",
        "streamStdoutStderr": True,
        "disableOutputCap": True,
    }
