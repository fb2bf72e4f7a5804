"""The items of a turn: messages, commands, changes, tool calls."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Item:
    """An item of a turn; the base of the kinds that we use."""

    __slots__ = ()
    type: str
    id: str


class UserInput(Struct, frozen=True):
    """A part of a user message. Only a text part has `text`."""

    text: str | None = None


class UserMessage(Item, Struct, frozen=True, rename="camel"):
    """A message to a thread. `client_id` is the message id that its sender chose."""

    type: str
    id: str = ""
    client_id: str | None = None
    content: tuple[UserInput, ...] = ()


class AgentMessage(Item, Struct, frozen=True):
    """A message of the model."""

    type: str
    id: str = ""
    text: str = ""


class PlanText(Item, Struct, frozen=True):
    """The model's own plan."""

    type: str
    id: str = ""
    text: str = ""


class CommandAction(Struct, frozen=True):
    """Codex's classification of a part of a command: `read`, `search`, ..."""

    type: str = ""


class CommandExecution(Item, Struct, frozen=True, rename="camel"):
    """A command that the model runs."""

    type: str
    id: str = ""
    command: str = ""
    cwd: str | None = None
    status: str | None = None
    exit_code: int | None = None
    duration_ms: float | None = None
    command_actions: tuple[CommandAction, ...] = ()


class ChangeKind(Struct, frozen=True):
    """How a file changes: `add`, `delete`, or `update`, which may move it."""

    type: str = ""
    move_path: str | None = None


class FileUpdate(Struct, frozen=True):
    """A change of one file."""

    path: str = ""
    kind: ChangeKind = ChangeKind()
    diff: str = ""


class FileChange(Item, Struct, frozen=True):
    """A patch that the model applies."""

    type: str
    id: str = ""
    changes: tuple[FileUpdate, ...] = ()
    status: str | None = None


class McpToolCall(Item, Struct, frozen=True):
    """A call of a tool of an MCP server."""

    type: str
    id: str = ""
    server: str = ""
    tool: str = ""
    arguments: object = None
    status: str | None = None


class OtherItem(Item, Struct, frozen=True, rename="camel"):
    """An item of a kind that we do not use. The log shows these fields, if it has them."""

    type: str = ""
    id: str = ""
    command: object = None
    exit_code: object = None
    status: object = None
    tool: object = None
    server: object = None
    query: object = None


KINDS: Mapping[str, type[Item]] = {
    "userMessage": UserMessage,
    "agentMessage": AgentMessage,
    "plan": PlanText,
    "commandExecution": CommandExecution,
    "fileChange": FileChange,
    "mcpToolCall": McpToolCall,
}
