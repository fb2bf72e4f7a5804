"""What a turn is made of: messages, commands, changes, calls of tools."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Item:
    """A part of a turn; a base for its kinds, of which we know some."""

    __slots__ = ()
    type: str
    id: str


class UserInput(Struct, frozen=True):
    """A part of what was said to a thread; only a text has one."""

    text: str | None = None


class UserMessage(Item, Struct, frozen=True, rename="camel"):
    """What was said to a thread. `client_id` is the message id that its sender gave."""

    type: str
    id: str = ""
    client_id: str | None = None
    content: tuple[UserInput, ...] = ()


class AgentMessage(Item, Struct, frozen=True):
    """What the model says."""

    type: str
    id: str = ""
    text: str = ""


class PlanText(Item, Struct, frozen=True):
    """The model's own plan."""

    type: str
    id: str = ""
    text: str = ""


class CommandAction(Struct, frozen=True):
    """What Codex takes a part of a command for: `read`, `search`, ..."""

    type: str = ""


class CommandExecution(Item, Struct, frozen=True, rename="camel"):
    """A command that the model runs."""

    type: str
    id: str = ""
    command: str = ""
    cwd: str | None = None
    status: str | None = None
    exit_code: int | None = None
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
    """An item of a kind that we have no use for; a log shows these fields, where it has them."""

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
