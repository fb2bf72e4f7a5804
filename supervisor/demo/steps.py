"""What the scripted model can do in one response."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from supervisor.demo.request import ModelRequest


@dataclass(frozen=True, slots=True)
class Say:
    """One whole message. The last message of a turn is its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Stream:
    """One message that arrives word by word, `delay` seconds apart."""

    text: str
    delay: float


@dataclass(frozen=True, slots=True)
class Run:
    """A shell command. `escalate` is the reason given for running it outside the sandbox: that asks for an approval.

    A command that is not done after `yield_ms` (250 to 30,000) keeps running as a background terminal.
    """

    cmd: str
    escalate: str | None = None
    yield_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Patch:
    """An edit by Codex's own apply_patch; `text` runs from `*** Begin Patch` to `*** End Patch`."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Any other tool; `namespace` is `mcp__SERVER` for an MCP server's, "" for a plain one."""

    namespace: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskUser:
    """Codex's request_user_input: one to three questions, each with `id`, `header`, `question` and `options`."""

    questions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold the response until the gate of that name is open, the client hangs up or the model is closed."""

    gate: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with this HTTP status in place of a response. Of the steps before it only the waits count."""

    status: int
    body: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """End the response with `response.failed`, for example `rate_limit_exceeded` or `context_length_exceeded`."""

    code: str
    message: str = "the script says so"


@dataclass(frozen=True, slots=True)
class Cut:
    """Hang up before `response.completed`."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Send nothing more, not even a sign of life, until the client hangs up or the model is closed."""


Step = Say | Stream | Run | Patch | ToolCall | AskUser | Wait | Fail | Failed | Cut | Silence
Script = Callable[[ModelRequest], Sequence[Step]]
ToolStep = Run | Patch | ToolCall | AskUser


@dataclass(frozen=True, slots=True)
class FinalReport:
    """The answer a delegated turn ends with; `json()` holds every field that the report's schema requires."""

    EMPTY: ClassVar[Mapping[str, Any]] = {
        "outcome": "done",
        "summary": "ok",
        "changes": [],
        "contracts": [],
        "checks": [],
        "ask": None,
        "learned": [],
    }

    fields: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """The report as JSON text; fields not given are empty, the outcome is done and the summary "ok"."""
        return json.dumps({**self.EMPTY, **self.fields}, ensure_ascii=False)


def add_file(path: str, content: str) -> Patch:
    """A patch that writes a file whole, whether or not it is there yet."""
    lines = "".join(f"+{line}\n" for line in content.removesuffix("\n").split("\n"))
    return Patch(f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n")
