"""A tool call covers the request that the tool makes, with the same words, and nothing else."""

from __future__ import annotations

import hashlib

import pytest

from supervisor.core.guard.tool_calls import PendingCall, covers

TEXT = "# Plan: x\n"
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
TWO = {"questions": [{"child": "api", "question": "Which port?"}, {"child": "app", "question": "Which URL?"}]}


@pytest.mark.parametrize(
    ("tool", "arguments", "method", "params"),
    [
        ("note", {"text": "8080"}, "note", {"text": "8080", "source": "orchestrator"}),
        ("hold", {}, "hold", {}),
        ("go", {}, "go", {"task": None, "source": "orchestrator"}),
        ("go", {"task": "T1"}, "go", {"task": "T1", "source": "orchestrator"}),
        ("write_plan", {"text": TEXT, "version": "1-ab"}, "plan_written", {"digest": SHA}),
        ("ask_child", {"child": "api", "question": "Why?"}, "ask_child", {"child": "api", "question": "Why?"}),
        ("ask_children", TWO, "ask_child", {"child": "app", "question": "Which URL?"}),
        (
            "answer",
            {"ask": "A1", "decision": "accept"},
            "answer",
            {"ask": "A1", "decision": "accept", "text": "", "for_session": False},
        ),
    ],
)
def test_a_tool_call_covers_the_request_that_the_tool_makes(
    tool: str, arguments: dict[str, object], method: str, params: dict[str, object]
) -> None:
    assert covers(PendingCall("1", tool, arguments), method, params)


@pytest.mark.parametrize(
    ("tool", "arguments", "method", "params"),
    [
        ("note", {"text": "8080"}, "note", {"text": "8081", "source": "orchestrator"}),
        ("note", {"text": "8080"}, "hold", {}),
        ("go", {}, "go", {"task": "T1", "source": "orchestrator"}),
        ("go", {}, "go", {"task": None}),
        ("go", {}, "go", {"task": None, "source": "human"}),
        ("note", {"text": "8080"}, "note", {"text": "8080"}),
        ("write_plan", {"text": TEXT}, "plan_written", {"digest": "0" * 64}),
        ("write_plan", {"text": 7}, "plan_written", {"digest": SHA}),
        ("ask_children", TWO, "ask_child", {"child": "api", "question": "Which URL?"}),
        ("ask_children", {"questions": "?"}, "ask_child", {"child": "api", "question": "?"}),
        ("answer", {"ask": "A1", "decision": "decline"}, "answer", {"ask": "A1", "decision": "accept"}),
        ("answer", {"ask": "A1", "decision": "accept"}, "answer", {"ask": "A2", "decision": "accept"}),
        ("status", {}, "down", {"now": True}),
        ("note", {"text": "8080"}, "note", {"text": "8080", "source": "human"}),
        (
            "answer",
            {"ask": "A1", "decision": "accept"},
            "answer",
            {"ask": "A1", "decision": "accept", "text": "", "for_session": True},
        ),
    ],
)
def test_it_covers_nothing_else(
    tool: str, arguments: dict[str, object], method: str, params: dict[str, object]
) -> None:
    assert not covers(PendingCall("1", tool, arguments), method, params)
