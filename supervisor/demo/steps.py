"""The steps that the scripted model can take in one response."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from supervisor.demo.request import ModelRequest


@dataclass(frozen=True, slots=True)
class Say:
    """Send one whole message. The last message of a turn is its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Stream:
    """Send one message word by word, `delay` seconds apart."""

    text: str
    delay: float


@dataclass(frozen=True, slots=True)
class Run:
    """Run a shell command."""

    cmd: str
    escalate: str | None = None  # the reason to run it outside the sandbox, which asks for an approval
    yield_ms: int = 30_000  # 250 to 30,000; a command that takes longer continues as a background terminal


@dataclass(frozen=True, slots=True)
class Patch:
    """Edit files with Codex's own apply_patch."""

    text: str  # from `*** Begin Patch` to `*** End Patch`


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Call any other tool."""

    namespace: str  # `mcp__SERVER` for a tool of an MCP server, "" for a plain one
    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskUser:
    """Ask the user, with Codex's request_user_input."""

    questions: Sequence[Mapping[str, object]]  # one to three, each with `id`, `header`, `question` and `options`


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until the gate with this name is open, the client hangs up or the model is closed."""

    gate: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with an HTTP error instead of a response. Of the steps before it, only the waits are performed."""

    status: int
    body: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """End the response with `response.failed`, for example `rate_limit_exceeded` or `context_length_exceeded`."""

    code: str
    message: str = "the script says so"


@dataclass(frozen=True, slots=True)
class Used:
    """Say with the response how much of the account's limit is used. It is sent before all other steps."""

    percent: float
    minutes: int  # of the limit's window
    resets_in: float  # seconds until the limit is reset


@dataclass(frozen=True, slots=True)
class Cut:
    """Hang up before `response.completed`."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Send nothing more until the client hangs up or the model is closed."""


Step = Say | Stream | Run | Patch | ToolCall | AskUser | Wait | Fail | Failed | Used | Cut | Silence
Script = Callable[[ModelRequest], Sequence[Step]]
ToolStep = Run | Patch | ToolCall | AskUser


@dataclass(frozen=True, slots=True)
class FinalReport:
    """The report with which a delegated turn ends."""

    EMPTY: ClassVar[Mapping[str, object]] = {
        "outcome": "done",
        "summary": "ok",
        "changes": [],
        "contracts": [],
        "checks": [],
        "ask": None,
        "learned": [],
    }

    fields: Mapping[str, object] = field(default_factory=dict)

    def json(self) -> str:
        """Encode the report with every field that its schema requires.

        Missing fields are empty, except the outcome ("done") and the summary ("ok").
        """
        return json.dumps({**self.EMPTY, **self.fields}, ensure_ascii=False)


def add_file(path: str, content: str) -> Patch:
    """Make a patch that writes a whole file, whether or not it exists."""
    lines = "".join(f"+{line}\n" for line in content.removesuffix("\n").split("\n"))
    return Patch(f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n")
