"""One Responses request that Codex sends to the model, parsed for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.regex import regex

Item = Mapping[str, Any]

# The beginnings of user messages that Codex writes itself: rules, environment, skills, notices.
_INJECTED = (
    "# AGENTS.md instructions",
    "<environment_context>",
    "<external_",
    "<hook_prompt",
    "<INSTRUCTIONS>",
    "<permissions",
    "<recommended_plugins>",
    "<skill>",
    "<skills_instructions>",
    "<subagent_notification>",
    "<turn_aborted>",
    "<user_instructions>",
    "<user_shell_command>",
)
_CWD = regex(r"<cwd>(.*?)</cwd>", re.DOTALL)
_EXIT = regex(r"^(?:Process exited with code|Exit code:) (-?\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """The output of one tool call."""

    call_id: str
    tool: str  # its name without namespace; "" if the call is no longer in the input
    text: str

    @property
    def exit_code(self) -> int | None:
        """The exit code that Codex reports for a command or a patch; None while it runs or if it never ran."""
        found = _EXIT.search(self.text)
        return int(found[1]) if found else None

    @property
    def output(self) -> str:
        """The command's own output, without the lines that Codex adds."""
        head, found, rest = self.text.partition("\nOutput:\n")
        return rest if found else head


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request for a response."""

    thread_id: str
    turn_id: str
    source: str  # why Codex made the thread: "user", "thread_title" (its terminal wants a title), or ""
    cwd: str  # "" if the request does not say
    model: str
    input: tuple[Item, ...]
    schema: Mapping[str, Any] | None  # the turn's output schema
    tools: tuple[str, ...]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> ModelRequest:
        """Parse the body of `POST /responses`. Missing fields become empty."""
        items = tuple(item for item in body.get("input") or () if isinstance(item, dict))
        metadata: Mapping[str, Any] = body.get("client_metadata") or {}
        turn = _turn_metadata(metadata)
        text: Mapping[str, Any] = body.get("text") or {}
        extra = [tool for item in items if item.get("type") == "additional_tools" for tool in item.get("tools") or ()]
        return cls(
            thread_id=str(metadata.get("thread_id") or body.get("prompt_cache_key") or ""),
            turn_id=str(metadata.get("turn_id") or turn.get("turn_id") or ""),
            source=str(turn.get("thread_source") or ""),
            cwd=_cwd(items),
            model=str(body.get("model") or ""),
            input=items,
            schema=(text.get("format") or {}).get("schema"),
            tools=tuple(_tool_names([*(body.get("tools") or ()), *extra])),
        )

    def user_texts(self) -> list[str]:
        """The real prompts of the thread, oldest first, without the messages that Codex adds itself."""
        return [text for _, text in self._prompts()]

    def last_user_text(self) -> str:
        """The newest real prompt; "" if there is none."""
        return next(reversed(self.user_texts()), "")

    def outputs_since_last_user(self) -> list[ToolOutput]:
        """The outputs of the tool calls after the newest real prompt, in order."""
        start = next((index for index, _ in reversed(self._prompts())), -1)
        names: dict[str, str] = {}
        outputs = []
        for item in self.input[start + 1 :]:
            kind, call_id = str(item.get("type")), str(item.get("call_id") or "")
            if kind.endswith("_call"):
                names[call_id] = str(item.get("name") or "")
            elif kind.endswith("_output") and call_id:  # one without a call id is context from the client
                outputs.append(ToolOutput(call_id, names.get(call_id, ""), _output_text(item.get("output"))))
        return outputs

    def _prompts(self) -> list[tuple[int, str]]:
        found = []
        for index, item in enumerate(self.input):
            if item.get("type") == "message" and item.get("role") == "user":
                parts = [text for text in _texts(item.get("content")) if not text.lstrip().startswith(_INJECTED)]
                if parts:
                    found.append((index, "\n".join(parts)))
        return found


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    if not isinstance(content, Sequence):
        return []
    return [str(part["text"]) for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _output_text(output: object) -> str:
    return "\n".join(_texts(output)) if isinstance(output, (str, list)) else json.dumps(output)


def _cwd(items: Sequence[Item]) -> str:
    for item in reversed(items):
        if item.get("role") == "user":
            for text in reversed(_texts(item.get("content"))):
                if text.lstrip().startswith("<environment_context>") and (found := _CWD.search(text)):
                    return found[1].strip()
    return ""


def _turn_metadata(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(metadata.get("x-codex-turn-metadata") or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _tool_names(tools: Sequence[Any]) -> list[str]:
    """`name` for a plain tool, `namespace/name` for one in a namespace."""
    names = []
    for tool in tools:
        if not isinstance(tool, dict):
            continue
        name = str(tool.get("name") or tool.get("type") or "")
        if tool.get("type") == "namespace":
            names += [f"{name}/{inner}" for inner in _tool_names(tool.get("tools") or ())]
        else:
            names.append(name)
    return names
