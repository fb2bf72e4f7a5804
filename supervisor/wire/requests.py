"""What a server asks in the middle of a turn, and the answer in the form that it expects.

Every request is answered: one that we do not know is declined, for an unanswered one blocks its turn for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from supervisor.domain.ask import Answer, AskKind, Request, RequestKey
from supervisor.wire.jsonrpc import Call

Params = Mapping[str, Any]

_APPROVAL = ("accept", "decline")


def read_request(call: Call, *, child: str, pid: int, items: Mapping[str, Params]) -> Request | None:
    """The request behind a call; None if it is of a kind that we do not know. `items` are those under way, by id."""
    build = _KINDS.get(call.method)
    if build is None:
        return None
    kind, text, detail, questions = build(call.params, items)
    facts = _facts(call, items) if kind is AskKind.APPROVAL else {}
    return Request(
        key=RequestKey(child, pid, json.dumps(call.id)),
        method=call.method,
        thread=str(call.params.get("threadId", "")),
        turn=str(call.params["turnId"]) if call.params.get("turnId") else None,
        kind=kind,
        text=text,
        detail=detail,
        choices=_APPROVAL if kind is AskKind.APPROVAL else (),
        questions=questions,
        **facts,
    )


def _facts(call: Call, items: Mapping[str, Params]) -> dict[str, Any]:
    """What rules go by. Paths are as Codex names them; what it does not say here is not guessed."""
    params = call.params
    match call.method:
        case "item/commandExecution/requestApproval":
            others = ("networkApprovalContext", "additionalPermissions")
            beyond = any(params.get(name) for name in others) or params.get("kind", "command") != "command"
            return {"command": _text(params.get("command")), "folder": _text(params.get("cwd")), "beyond": beyond}
        case "item/fileChange/requestApproval":
            rows = _rows(items.get(str(params.get("itemId")), {}).get("changes"))
            kinds = [row["kind"] if isinstance(row.get("kind"), dict) else {} for row in rows]
            named = [_text(row.get("path")) for row in rows]
            moved = [_text(kind.get("move_path")) for kind in kinds if kind.get("move_path") is not None]
            paths = tuple(path for path in (*named, *moved) if path)
            whole = len(paths) == len(named) + len(moved)
            return {"paths": paths, "beyond": bool(params.get("grantRoot")) or not whole}
        case "mcpServer/elicitation/request":
            meta = params.get("_meta")
            if not isinstance(meta, dict) or meta.get("codex_approval_kind") != "mcp_tool_call":
                return {}
            server = _text(params.get("serverName"))
            tool = _text(meta.get("tool_name")) or _tool_at_work(server, items)
            return {"tool": f"{server}/{tool}" if server and tool and "/" not in server else ""}
    return {}


def reply(request: Request, answer: Answer, params: Params) -> Any:
    """The human's answer as the result of the call. `params` are those of the call."""
    accepted = answer.decision == "accept"
    match request.method:
        case "item/commandExecution/requestApproval" | "item/fileChange/requestApproval":
            if accepted:
                return {"decision": "acceptForSession" if answer.for_session else "accept"}
            return {"decision": "decline"}
        case "item/permissions/requestApproval":
            asked = params.get("permissions")
            granted = (
                {key: value for key, value in asked.items() if value} if isinstance(asked, dict) and accepted else {}
            )
            return {"permissions": granted, "scope": "session" if answer.for_session else "turn"}
        case "mcpServer/elicitation/request":
            return _elicited(answer, accepted)
        case "item/tool/requestUserInput":
            return {"answers": {question: {"answers": [_picked(answer, question)]} for question in request.questions}}
    raise AssertionError(f"{request.method} is read but has no reply")


def same_request(key: RequestKey, request: object) -> bool:
    """Whether `serverRequest/resolved` with this request id speaks of `key`."""
    return key.request == json.dumps(request)


def _elicited(answer: Answer, accepted: bool) -> Params:
    if answer.decision == "decline":
        return {"action": "decline", "content": None, "_meta": None}
    content: Any = {}
    if not accepted:
        try:
            content = json.loads(answer.text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            content = {"answer": answer.text}
    meta = {"persist": "session"} if answer.for_session else None
    return {"action": "accept", "content": content, "_meta": meta}


def _picked(answer: Answer, question: str) -> str:
    """The line `QUESTION=ANSWER` if the human answered by question, else all of the answer."""
    text = answer.text or {"accept": "yes", "decline": "no"}.get(answer.decision, "")
    for line in text.splitlines():
        name, found, value = line.partition("=")
        if found and name.strip() == question:
            return value.strip()
    return text


Built = tuple[AskKind, str, str, tuple[str, ...]]


def _command(params: Params, items: Mapping[str, Params]) -> Built:
    item = items.get(str(params.get("itemId")), {})
    command = params.get("command") or item.get("command") or "(a command that codex did not name)"
    network = params.get("networkApprovalContext")
    lines = [f"Command: {_code(str(command))}", f"Folder: {_code(str(params.get('cwd') or item.get('cwd') or '?'))}"]
    if isinstance(network, dict):
        lines.append(f"Network: {network.get('protocol')} {network.get('host')}")
    return AskKind.APPROVAL, f"May it run this command? {_reason(params)}", "\n\n".join(lines), ()


def _files(params: Params, items: Mapping[str, Params]) -> Built:
    rows = _rows(items.get(str(params.get("itemId")), {}).get("changes"))
    shown = "\n\n".join(f"File: {_code(str(row.get('path')))}\n\n{_indented(str(row.get('diff', '')))}" for row in rows)
    root = f"\n\nIt asks for write access to {_code(str(params['grantRoot']))}." if params.get("grantRoot") else ""
    return (
        AskKind.APPROVAL,
        f"May it change these files? {_reason(params)}",
        (shown or "(codex named no file)") + root,
        (),
    )


def _permissions(params: Params, items: Mapping[str, Params]) -> Built:
    wanted = _indented(json.dumps(params.get("permissions"), indent=2))
    return AskKind.APPROVAL, f"May it have these permissions? {_reason(params)}", wanted, ()


def _elicitation(params: Params, items: Mapping[str, Params]) -> Built:
    meta = params.get("_meta")
    message = str(params.get("message") or "The tool asks for something.")
    server = f"MCP server: {_code(str(params.get('serverName')))}"
    if isinstance(meta, dict) and meta.get("codex_approval_kind") == "mcp_tool_call":
        name = _text(meta.get("tool_name")) or _tool_at_work(_text(params.get("serverName")), items) or "?"
        tool = f"Tool: {_code(name)}\n\n{_indented(json.dumps(meta.get('tool_params'), indent=2))}"
        return AskKind.APPROVAL, message, f"{server}\n\n{tool}", ()
    if params.get("url"):
        return AskKind.APPROVAL, message, f"{server}\n\nOpen: {params['url']}", ()
    schema = params.get("requestedSchema")
    asked = _indented(json.dumps(schema.get("properties") if isinstance(schema, dict) else schema, indent=2))
    return AskKind.QUESTION, message, f"{server}\n\nAnswer with a JSON object of these properties:\n\n{asked}", ()


def _user_input(params: Params, items: Mapping[str, Params]) -> Built:
    questions = _rows(params.get("questions"))
    ids = tuple(str(one.get("id")) for one in questions)
    text = "\n\n".join(str(one.get("question") or one.get("header") or "") for one in questions)
    lines = []
    for one in questions:
        options = _rows(one.get("options"))
        lines += [f"- {option.get('label')}: {option.get('description') or ''}".rstrip(": ") for option in options]
    if len(ids) > 1:
        lines.append("Answer each in a line of its own: " + ", ".join(f"`{one}=...`" for one in ids))
    return AskKind.QUESTION, text, "\n".join(lines), ids


def _tool_at_work(server: str, items: Mapping[str, Params]) -> str:
    """The tool of this server that is being called, where a request does not name it; "" if that is not sure."""
    calls = (item for item in items.values() if item.get("type") == "mcpToolCall" and item.get("server") == server)
    tools = {_text(item.get("tool")) for item in calls}
    return tools.pop() if len(tools) == 1 else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _rows(value: Any) -> list[Params]:
    """The objects in a list; none if it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _reason(params: Params) -> str:
    reason = params.get("reason")
    return f"Its reason: {reason}" if reason else "It gives no reason."


def _code(text: str) -> str:
    fence = "`" * (text.count("`") + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


_KINDS: Mapping[str, Callable[[Params, Mapping[str, Params]], Built]] = {
    "item/commandExecution/requestApproval": _command,
    "item/fileChange/requestApproval": _files,
    "item/permissions/requestApproval": _permissions,
    "mcpServer/elicitation/request": _elicitation,
    "item/tool/requestUserInput": _user_input,
}
