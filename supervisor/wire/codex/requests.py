"""The requests that a server sends in the middle of a turn, and how a human sees them.

Every request gets an answer, because an unanswered one blocks its turn for ever: orch declines those that it does not
know or cannot decode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from supervisor.domain.ask import AskKind, AskPart, Request, RequestKey
from supervisor.domain.json_value import JsonObject
from supervisor.regex import regex
from supervisor.wire.codex.decode import NotUnderstood, decoded
from supervisor.wire.codex.items import CommandExecution, FileChange, FileUpdate, Item, McpToolCall
from supervisor.wire.jsonrpc import Call

COMMAND = "item/commandExecution/requestApproval"
FILES = "item/fileChange/requestApproval"
PERMISSIONS = "item/permissions/requestApproval"
ELICITATION = "mcpServer/elicitation/request"
USER_INPUT = "item/tool/requestUserInput"

LABEL = 80  # characters of an answer on a button
OFFERED = 8  # answers on buttons, each of which has a key, too
RESERVED = frozenset({"accept", "accept amount", "decline", "reply", "reply text"})
"""What an ask is answered with in any case: an answer of the same name could be taken for it."""

_APPROVAL = ("accept", "decline")
_NAME = regex(r"[\w.-]{1,40}", re.ASCII)  # of a question that is answered in a line NAME=ANSWER
Items = Mapping[str, Item]


class NetworkContext(Struct, frozen=True):
    """The host that a command would reach."""

    protocol: str = ""
    host: str = ""


class CommandApproval(Struct, frozen=True, rename="camel"):
    """A request to run this command."""

    thread_id: str = ""
    turn_id: str | None = None
    item_id: str = ""
    command: str | None = None
    cwd: str | None = None
    reason: str | None = None
    kind: str | None = "command"
    network_approval_context: NetworkContext | None = None
    additional_permissions: object = None


class FilesApproval(Struct, frozen=True, rename="camel"):
    """A request to change these files."""

    thread_id: str = ""
    turn_id: str | None = None
    item_id: str = ""
    reason: str | None = None
    grant_root: str | None = None


class PermissionsApproval(Struct, frozen=True, rename="camel"):
    """A request for these permissions."""

    thread_id: str = ""
    turn_id: str | None = None
    reason: str | None = None
    permissions: object = None


class Elicitation(Struct, frozen=True, rename="camel"):
    """A request of an MCP server for input. Codex also asks this way whether it may call a tool; `meta` says which."""

    thread_id: str = ""
    turn_id: str | None = None
    server_name: str = ""
    message: str = ""
    url: str | None = None
    requested_schema: object = None
    meta: object = field(default=None, name="_meta")

    @property
    def tool_call(self) -> Mapping[str, object] | None:
        """Return what Codex says about the tool that it wants to call; None if this is a request for input."""
        meta = self.meta
        return meta if isinstance(meta, dict) and meta.get("codex_approval_kind") == "mcp_tool_call" else None

    def tool(self, items: Items) -> str:
        """Return the tool that it wants to call, or the only one of this server that is being called; "" if unclear."""
        named = (self.tool_call or {}).get("tool_name")
        if isinstance(named, str) and named:
            return named
        calls = {one.tool for one in items.values() if isinstance(one, McpToolCall) and one.server == self.server_name}
        return calls.pop() if len(calls) == 1 else ""


class Choice(Struct, frozen=True):
    """One of the offered answers."""

    label: str = ""
    description: str | None = None


class InputQuestion(Struct, frozen=True):
    """One question of the model to the user."""

    id: str = ""
    question: str | None = None
    header: str | None = None
    options: tuple[Choice, ...] | None = None


class UserInputRequest(Struct, frozen=True, rename="camel"):
    """A request of the model for answers from the user."""

    thread_id: str = ""
    turn_id: str | None = None
    questions: tuple[InputQuestion, ...] = ()


Asked = CommandApproval | FilesApproval | PermissionsApproval | Elicitation | UserInputRequest

ASKED: Mapping[str, type[Asked]] = {
    COMMAND: CommandApproval,
    FILES: FilesApproval,
    PERMISSIONS: PermissionsApproval,
    ELICITATION: Elicitation,
    USER_INPUT: UserInputRequest,
}


class _Shown(NamedTuple):
    """A request as text for the human, and the fields that rules match (see `Request`)."""

    kind: AskKind
    text: str
    detail: str
    questions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    parts: tuple[AskPart, ...] = ()
    command: str = ""
    folder: str = ""
    paths: tuple[str, ...] = ()
    tool: str = ""
    beyond: bool = False


def read_request(call: Call, *, child: str, pid: int, items: Items) -> Request | NotUnderstood | None:
    """Decode a request; None for a method that we do not know. `items` are the items under way, by id."""
    if call.method not in ASKED:
        return None
    asked = decoded(ASKED[call.method], call.params, f"codex's {call.method}")
    if isinstance(asked, NotUnderstood):
        return asked
    shown = _shown(asked, items)
    return Request(
        key=RequestKey(child, pid, json.dumps(call.id)),
        method=call.method,
        thread=asked.thread_id,
        turn=asked.turn_id or None,
        kind=shown.kind,
        text=shown.text,
        detail=shown.detail,
        choices=_APPROVAL if shown.kind is AskKind.APPROVAL else shown.choices,
        questions=shown.questions,
        parts=shown.parts,
        command=shown.command,
        folder=shown.folder,
        paths=shown.paths,
        tool=shown.tool,
        beyond=shown.beyond,
    )


def same_request(key: RequestKey, request: int | str) -> bool:
    """Whether `serverRequest/resolved` with this request id refers to `key`."""
    return key.request == json.dumps(request)


def _shown(asked: Asked, items: Items) -> _Shown:
    match asked:
        case CommandApproval():
            return _command(asked, items)
        case FilesApproval():
            return _files(asked, items)
        case PermissionsApproval():
            wanted = _indented(json.dumps(asked.permissions, indent=2))
            return _Shown(AskKind.APPROVAL, f"May it have these permissions? {_reason(asked.reason)}", wanted)
        case Elicitation():
            return _elicitation(asked, items)
        case UserInputRequest():
            return _user_input(asked)


OUTSIDE = "It would run outside of the sandbox, where it can do whatever you can: also in your files and terminals."


def _command(asked: CommandApproval, items: Items) -> _Shown:
    """Keep paths as Codex names them. Rules match only what this request itself names, never a guess."""
    item = items.get(asked.item_id)
    known = item if isinstance(item, CommandExecution) else CommandExecution("")
    command = asked.command or known.command or "(a command that codex did not name)"
    network = asked.network_approval_context
    lines = [f"Command: {_code(command)}", f"Folder: {_code(asked.cwd or known.cwd or '?')}"]
    lines.append(OUTSIDE if network is None else f"Network: {network.protocol} {network.host}")
    return _Shown(
        AskKind.APPROVAL,
        f"May it run this command? {_reason(asked.reason)}",
        "\n\n".join(lines),
        command=asked.command or "",
        folder=asked.cwd or "",
        beyond=network is not None or bool(asked.additional_permissions) or asked.kind != "command",
    )


def _files(asked: FilesApproval, items: Items) -> _Shown:
    item = items.get(asked.item_id)
    changes: tuple[FileUpdate, ...] = item.changes if isinstance(item, FileChange) else ()
    shown = "\n\n".join(f"File: {_code(one.path)}\n\n{_indented(one.diff)}" for one in changes)
    root = f"\n\nIt asks for write access to {_code(asked.grant_root)}." if asked.grant_root else ""
    moved = [one.kind.move_path for one in changes if one.kind.move_path is not None]
    written = [*(one.path for one in changes), *moved]
    return _Shown(
        AskKind.APPROVAL,
        f"May it change these files? {_reason(asked.reason)}",
        (shown or "(codex named no file)") + root,
        paths=tuple(path for path in written if path),
        beyond=bool(asked.grant_root) or not all(written),
    )


def tool_arguments(call: Call) -> JsonObject:
    """The arguments of the tool call that an elicitation is about; empty if it is about none."""
    meta = call.params.get("_meta")
    arguments = meta.get("tool_params") if isinstance(meta, dict) else None
    return arguments if isinstance(arguments, dict) else {}


def _elicitation(asked: Elicitation, items: Items) -> _Shown:
    message = asked.message or "The tool asks for something."
    server = f"MCP server: {_code(asked.server_name)}"
    call = asked.tool_call
    if call is not None:
        name = asked.tool(items)
        tool = f"Tool: {_code(name or '?')}\n\n{_indented(json.dumps(call.get('tool_params'), indent=2))}"
        sure = asked.server_name and name and "/" not in asked.server_name
        whole = f"{asked.server_name}/{name}" if sure else ""
        return _Shown(AskKind.APPROVAL, message, f"{server}\n\n{tool}", tool=whole)
    if asked.url:
        return _Shown(AskKind.APPROVAL, message, f"{server}\n\nOpen: {asked.url}")
    schema = asked.requested_schema
    wanted = _indented(json.dumps(schema.get("properties") if isinstance(schema, dict) else schema, indent=2))
    return _Shown(AskKind.QUESTION, message, f"{server}\n\nAnswer with a JSON object of these properties:\n\n{wanted}")


def _user_input(asked: UserInputRequest) -> _Shown:
    ids = tuple(one.id for one in asked.questions)
    text = "\n\n".join(one.question or one.header or "" for one in asked.questions)
    if len(ids) <= 1:
        single = asked.questions[0] if asked.questions else InputQuestion()
        return _Shown(AskKind.QUESTION, text, "\n".join(_options(single)), ids, _offered(single))
    lines = [line for one in asked.questions for line in (f"`{one.id}`: {_title(one)}", *_options(one))]
    lines.append("Answer each in a line of its own: " + ", ".join(f"`{one}=...`" for one in ids))
    return _Shown(AskKind.QUESTION, text, "\n".join(lines), ids, parts=_parts(asked.questions))


def _title(question: InputQuestion) -> str:
    return " ".join((question.question or question.header or "").split())


def _options(question: InputQuestion) -> Iterator[str]:
    for choice in question.options or ():
        more = choice.description if choice.description not in (None, choice.label) else ""
        yield f"- {choice.label}: {more}".rstrip(": ")


def _parts(questions: Sequence[InputQuestion]) -> tuple[AskPart, ...]:
    """Return the questions one by one, if each has a name that its answer can be told by."""
    parts = tuple(AskPart(one.id, one.question or one.header or "", _offered(one)) for one in questions)
    clear = len({one.name for one in parts}) == len(parts) <= OFFERED
    return parts if clear and all(_NAME.fullmatch(one.name) and one.text.strip() for one in parts) else ()


def _offered(question: InputQuestion) -> tuple[str, ...]:
    """Return the answers that a question offers, if each can stand on a button; a model may write anything."""
    labels = tuple(one.label.strip() for one in question.options or ())
    fit = all(0 < len(label) <= LABEL and label.isprintable() and label[0] != "-" for label in labels)
    clear = len({label.casefold() for label in labels} - RESERVED) == len(labels) <= OFFERED
    return labels if fit and clear else ()


def _reason(reason: str | None) -> str:
    return f"Its reason: {reason}" if reason else "It gives no reason."


def _code(text: str) -> str:
    fence = "`" * (text.count("`") + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
