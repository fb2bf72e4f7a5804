"""Requests of a server during a turn: as the human sees them, and the replies that the server expects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.domain.ask import Answer, AskKind, AskPart, Request, RequestKey
from supervisor.wire.codex.decode import NotUnderstood, decoded
from supervisor.wire.codex.items import Item
from supervisor.wire.codex.replies import reply
from supervisor.wire.codex.requests import OUTSIDE, read_request, same_request
from supervisor.wire.jsonrpc import Call
from tests.wire.codex.turns import item
from tests.wire.values import anything, objects

COMMAND = "item/commandExecution/requestApproval"
FILES = "item/fileChange/requestApproval"
PERMISSIONS = "item/permissions/requestApproval"
ELICITATION = "mcpServer/elicitation/request"
INPUT = "item/tool/requestUserInput"
METHODS = (COMMAND, FILES, PERMISSIONS, ELICITATION, INPUT)
CHOICES = ("accept", "decline")
ACCEPT, DECLINE = Answer("accept", ""), Answer("decline", "")
FOR_SESSION = Answer("accept", "", for_session=True)


def read(method: str, params: dict[str, Any], items: dict[str, Any] | None = None, call_id: int | str = 3) -> Request:
    """The request as a human sees it, without the facts for rules."""
    request = read_whole(method, params, items, call_id)
    return replace(request, command="", folder="", paths=(), tool="", beyond=False)


def read_whole(
    method: str, params: dict[str, Any], items: dict[str, Any] | None = None, call_id: int | str = 3
) -> Request:
    call = Call(call_id, method, {"threadId": "t", "turnId": "u", "itemId": "i", **params})
    known = {name: item(fields) for name, fields in (items or {}).items()}
    request = read_request(call, child="api", pid=7, items=known)
    assert isinstance(request, Request), request
    return request


def approval(method: str, text: str, detail: str) -> Request:
    key = RequestKey("api", 7, "3")
    return Request(key, method, "t", "u", AskKind.APPROVAL, text, detail, CHOICES)


def question(method: str, text: str, detail: str, questions: tuple[str, ...] = ()) -> Request:
    return Request(RequestKey("api", 7, "3"), method, "t", "u", AskKind.QUESTION, text, detail, (), questions)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_a_command_is_shown_as_it_would_run() -> None:
    params = {"command": "rm -rf `pwd`", "cwd": "/api", "reason": "to tidy up"}
    assert read(COMMAND, params) == approval(
        COMMAND,
        "May it run this command? Its reason: to tidy up",
        f"Command: ``` rm -rf `pwd` ```\n\nFolder: `/api`\n\n{OUTSIDE}",
    )


def test_a_command_that_reaches_the_network_shows_where() -> None:
    params = {"command": "curl x", "cwd": "/api", "networkApprovalContext": {"host": "x", "protocol": "https"}}
    assert read(COMMAND, params) == approval(
        COMMAND,
        "May it run this command? It gives no reason.",
        "Command: `curl x`\n\nFolder: `/api`\n\nNetwork: https x",
    )


def test_a_command_that_is_not_named_is_that_of_its_item() -> None:
    items = {"i": {"type": "commandExecution", "command": "make", "cwd": "/api"}}
    text = "May it run this command? It gives no reason."
    assert read(COMMAND, {}, items) == approval(COMMAND, text, f"Command: `make`\n\nFolder: `/api`\n\n{OUTSIDE}")
    assert read(COMMAND, {}) == approval(
        COMMAND, text, f"Command: `(a command that codex did not name)`\n\nFolder: `?`\n\n{OUTSIDE}"
    )


def test_a_file_change_shows_the_diffs_of_its_item() -> None:
    items = {"i": {"type": "fileChange", "changes": [{"path": "a.py", "diff": "-x\n+y"}, {"path": "b.py"}]}}
    assert read(FILES, {"reason": None, "grantRoot": "/etc"}, items) == approval(
        FILES,
        "May it change these files? It gives no reason.",
        "File: `a.py`\n\n    -x\n    +y\n\nFile: `b.py`\n\n\n\nIt asks for write access to `/etc`.",
    )
    assert read(FILES, {}).detail == "(codex named no file)"


def test_permissions_are_shown_word_for_word() -> None:
    permissions = {"network": {"enabled": True}}
    assert read(PERMISSIONS, {"permissions": permissions, "reason": "to push"}) == approval(
        PERMISSIONS,
        "May it have these permissions? Its reason: to push",
        '    {\n      "network": {\n        "enabled": true\n      }\n    }',
    )


def test_a_tool_call_of_an_mcp_server_is_an_approval() -> None:
    meta = {"codex_approval_kind": "mcp_tool_call", "tool_name": "act", "tool_params": {"n": 1}}
    params = {"serverName": "lab", "mode": "form", "message": "Allow it?", "_meta": meta, "requestedSchema": {}}
    assert read(ELICITATION, params) == approval(
        ELICITATION, "Allow it?", 'MCP server: `lab`\n\nTool: `act`\n\n    {\n      "n": 1\n    }'
    )


def test_an_elicitation_with_an_address_is_an_approval_to_open_it() -> None:
    params = {"serverName": "lab", "mode": "url", "message": "Log in.", "url": "https://x/y"}
    assert read(ELICITATION, params) == approval(ELICITATION, "Log in.", "MCP server: `lab`\n\nOpen: https://x/y")


def test_an_elicitation_with_a_form_is_a_question() -> None:
    schema = {"type": "object", "properties": {"size": {"type": "integer"}}}
    assert read(ELICITATION, {"serverName": "lab", "message": "How big?", "requestedSchema": schema}) == question(
        ELICITATION,
        "How big?",
        "MCP server: `lab`\n\nAnswer with a JSON object of these properties:\n\n"
        '    {\n      "size": {\n        "type": "integer"\n      }\n    }',
    )


def test_an_elicitation_may_belong_to_no_turn() -> None:
    request = read(ELICITATION, {"turnId": None})
    assert (request.turn, request.text) == (None, "The tool asks for something.")


def test_questions_come_with_their_options_and_how_to_answer_each() -> None:
    questions = [
        {"id": "q1", "question": "Which?", "options": [{"label": "A", "description": "first"}, {"label": "B"}]},
        {"id": "q2", "header": "Why?", "options": None},
    ]
    both = question(
        INPUT,
        "Which?\n\nWhy?",
        "`q1`: Which?\n- A: first\n- B\n`q2`: Why?\nAnswer each in a line of its own: `q1=...`, `q2=...`",
        ("q1", "q2"),
    )
    parts = (AskPart("q1", "Which?", ("A", "B")), AskPart("q2", "Why?"))
    assert read(INPUT, {"questions": questions}) == replace(both, parts=parts)
    assert read(INPUT, {"questions": questions[1:]}) == question(INPUT, "Why?", "", ("q2",))


@pytest.mark.parametrize("names", [("q1", "q1"), ("a=b", "q2"), ("", "q2"), ("q\n1", "q2"), ("q1", "x" * 41)])
def test_questions_whose_answers_could_not_be_told_apart_are_text_only(names: tuple[str, ...]) -> None:
    assert read(INPUT, {"questions": [{"id": name, "question": "Which?"} for name in names]}).parts == ()
    assert len(read(INPUT, {"questions": [{"id": f"q{at}", "question": "Which?"} for at in range(9)]}).parts) == 0


def offering(*labels: str) -> Request:
    options = [{"label": label, "description": label} for label in labels]
    return read(INPUT, {"questions": [{"id": "q1", "question": "Which?", "options": options}]})


def test_a_single_question_offers_its_answers_as_choices() -> None:
    found = offering("UTC", " the viewer's own ")
    assert (found.choices, found.detail) == (("UTC", "the viewer's own"), "- UTC\n-  the viewer's own")
    assert reply(found, Answer("text", "UTC"), {}) == {"answers": {"q1": {"answers": ["UTC"]}}}


@pytest.mark.parametrize(
    "labels",
    [
        *((), ("",), ("accept",), ("Decline", "other"), ("reply TEXT",), ("accept AMOUNT",), ("same", "Same")),
        *(("--yes",), ("a\x1b[2Jb",), ("a\nb",), ("a\u202eb",), ("x" * 81,), tuple("abcdefghi")),
    ],
)
def test_answers_that_could_be_taken_for_something_else_are_text_only(labels: tuple[str, ...]) -> None:
    assert offering(*labels).choices == ()


def test_a_request_of_an_unknown_kind_is_not_read() -> None:
    assert read_request(Call(1, "attestation/generate", {}), child="api", pid=7, items={}) is None


@pytest.mark.parametrize("call_id", [0, 3, "3", "a"])
def test_a_resolved_notification_finds_its_request_by_id(call_id: int | str) -> None:
    request = read(FILES, {}, call_id=call_id)
    others: list[Any] = [one for one in (0, 3, "3", "a", True) if repr(one) != repr(call_id)]
    assert same_request(request.key, call_id)
    assert [one for one in others if same_request(request.key, one)] == []


# ── answering ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", [COMMAND, FILES])
def test_an_approval_is_answered_with_a_decision(method: str) -> None:
    request = read(method, {})
    assert [reply(request, answer, {}) for answer in (ACCEPT, FOR_SESSION, DECLINE, Answer("text", "sure"))] == [
        {"decision": "accept"},
        {"decision": "acceptForSession"},
        {"decision": "decline"},
        {"decision": "decline"},
    ]


def test_permissions_are_granted_as_asked_or_not_at_all() -> None:
    asked = {"permissions": {"network": {"enabled": True}, "fileSystem": None}}
    request = read(PERMISSIONS, asked)
    granted = {"network": {"enabled": True}}
    assert reply(request, ACCEPT, asked) == {"permissions": granted, "scope": "turn"}
    assert reply(request, FOR_SESSION, asked) == {"permissions": granted, "scope": "session"}
    assert reply(request, DECLINE, asked) == {"permissions": {}, "scope": "turn"}
    assert reply(request, ACCEPT, {"permissions": "all"}) == {"permissions": {}, "scope": "turn"}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (ACCEPT, {"action": "accept", "content": {}, "_meta": None}),
        (FOR_SESSION, {"action": "accept", "content": {}, "_meta": {"persist": "session"}}),
        (DECLINE, {"action": "decline", "content": None, "_meta": None}),
        (Answer("text", '{"size": 3}'), {"action": "accept", "content": {"size": 3}, "_meta": None}),
        (Answer("text", "three"), {"action": "accept", "content": {"answer": "three"}, "_meta": None}),
        (Answer("text", "3"), {"action": "accept", "content": {"answer": "3"}, "_meta": None}),
        (Answer("text", "[" * 9999), {"action": "accept", "content": {"answer": "[" * 9999}, "_meta": None}),
    ],
)
def test_an_elicitation_is_answered_with_an_action(answer: Answer, result: Any) -> None:
    assert reply(read(ELICITATION, {}), answer, {}) == result


@pytest.mark.parametrize(
    ("answer", "first", "second"),
    [
        (Answer("text", "q1=A\n q2 = B = C \n"), "A", "B = C"),
        (Answer("text", "A"), "A", "A"),
        (Answer("text", "q1=A"), "A", "q1=A"),
        (ACCEPT, "yes", "yes"),
        (DECLINE, "no", "no"),
        (Answer("decline", "not now"), "not now", "not now"),
    ],
)
def test_questions_are_answered_each_by_its_id(answer: Answer, first: str, second: str) -> None:
    request = read(INPUT, {"questions": [{"id": "q1"}, {"id": "q2"}]})
    assert reply(request, answer, {}) == {"answers": {"q1": {"answers": [first]}, "q2": {"answers": [second]}}}


def test_a_request_that_was_never_read_has_no_reply() -> None:
    request = approval("attestation/generate", "", "")
    with pytest.raises(AssertionError, match=r"attestation/generate is read but has no reply"):
        reply(request, ACCEPT, {})


# ── odd shapes ───────────────────────────────────────────────────────────────────────────────────

ROWS = st.lists(objects("id", "question", "header", "options", "path", "diff", "label", "description"), max_size=2)
PARAMS = objects(
    *("threadId", "turnId", "itemId", "command", "cwd", "reason", "permissions", "networkApprovalContext", "_meta"),
    *("grantRoot", "questions", "message", "serverName", "requestedSchema", "url", "mode"),
    inner=ROWS | objects("codex_approval_kind", "tool_name", "tool_params", "properties", "network"),
)
ANSWERS = st.builds(Answer, st.sampled_from(["accept", "decline", "text"]), st.text(), st.booleans())


@settings(max_examples=50)
@given(st.sampled_from(METHODS), PARAMS, objects("command", "cwd", "changes", inner=ROWS) | anything, ANSWERS)
def test_every_request_is_read_and_answered_or_refused_whatever_its_shape(
    method: str, params: dict[str, Any], given: Any, answer: Answer
) -> None:
    known = decoded(Item, given, "an item")
    items = {} if isinstance(known, NotUnderstood) else {str(params.get("itemId")): known}
    request = read_request(Call(0, method, params), child="api", pid=7, items=items)
    if isinstance(request, Request):
        json.dumps(reply(request, answer, params))
    else:
        assert isinstance(request, NotUnderstood)
        assert request.reason.startswith(f"codex's {method} does not fit: ")


# ── what rules go by ─────────────────────────────────────────────────────────────────────────────


def facts(request: Request) -> dict[str, Any]:
    names = ("command", "folder", "paths", "tool", "beyond")
    return {name: value for name in names if (value := getattr(request, name))}


def test_a_command_is_known_to_rules_with_its_folder() -> None:
    assert facts(read_whole(COMMAND, {"command": "make x", "cwd": "/api"})) == {"command": "make x", "folder": "/api"}
    assert facts(read_whole(COMMAND, {}, {"i": {"type": "commandExecution", "command": "make"}})) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"networkApprovalContext": {"host": "x"}},
        {"additionalPermissions": {"network": {"enabled": True}}},
        {"kind": "writeStdin"},
        {"kind": None},
    ],
)
def test_a_command_that_asks_for_more_is_known_as_such(more: dict[str, Any]) -> None:
    assert read_whole(COMMAND, {"command": "make", "cwd": "/api", **more}).beyond


def test_a_change_is_known_by_every_path_that_it_writes() -> None:
    changes = [
        {"path": "a.py", "kind": {"type": "add"}},
        {"path": "b.py", "kind": {"type": "update", "move_path": "/etc/c"}},
        {"path": "d.py", "kind": {"type": "update", "move_path": None}},
    ]
    assert facts(read_whole(FILES, {}, {"i": {"type": "fileChange", "changes": changes}})) == {
        "paths": ("a.py", "b.py", "d.py", "/etc/c")
    }


@pytest.mark.parametrize("changes", [[{"path": ""}], [{"path": "a", "kind": {"type": "update", "move_path": ""}}]])
def test_a_change_with_an_invalid_path_is_beyond_rules(changes: list[Any]) -> None:
    assert read_whole(FILES, {}, {"i": {"type": "fileChange", "changes": changes}}).beyond


def test_a_change_that_asks_for_a_whole_folder_is_beyond_rules() -> None:
    assert read_whole(FILES, {"grantRoot": "/etc"}, {"i": {"type": "fileChange", "changes": [{"path": "a"}]}}).beyond


def test_a_tool_is_known_by_its_server_and_name() -> None:
    meta = {"codex_approval_kind": "mcp_tool_call", "tool_name": "act"}
    assert facts(read_whole(ELICITATION, {"serverName": "lab", "_meta": meta})) == {"tool": "lab/act"}
    assert facts(read_whole(ELICITATION, {"serverName": "lab/x", "_meta": meta})) == {}
    assert (
        facts(read_whole(ELICITATION, {"serverName": "lab", "url": "https://x", "_meta": {"tool_name": "act"}})) == {}
    )


def test_a_tool_that_the_request_does_not_name_is_the_only_one_at_work() -> None:
    params = {"serverName": "lab", "_meta": {"codex_approval_kind": "mcp_tool_call"}}
    act = {"type": "mcpToolCall", "server": "lab", "tool": "act"}
    other = {"type": "mcpToolCall", "server": "other", "tool": "see"}
    assert facts(read_whole(ELICITATION, params, {"a": act, "b": other})) == {"tool": "lab/act"}
    assert facts(read_whole(ELICITATION, params, {"a": act, "b": {**act, "tool": "see"}})) == {}
    assert facts(read_whole(ELICITATION, params, {"b": other})) == {}
