"""The parts of the config that let orch act, or speak, by itself: `rules:` and `notify:`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from supervisor.core.engine.asks.command_line import plain
from supervisor.core.plan.diagnostics import any_of, nearest, quoted
from supervisor.domain.ask import NOTICE_KINDS, NoticeKind
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.rule import Rule, Verdict
from supervisor.errors import ConfigError
from supervisor.runtime.config.model import NotifySettings


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class MatchPart(_Part):
    command: str | None = Field(default=None, description="The first words of a command.")
    path: str | None = Field(default=None, description="A pattern for changed files, relative to the repo or absolute.")
    tool: str | None = Field(default=None, description="A tool of an MCP server: `SERVER/TOOL`, or `SERVER/*`.")


class RulePart(_Part):
    accept: MatchPart | None = Field(default=None, description="What to accept: one of the three keys below.")
    decline: MatchPart | None = Field(default=None, description="What to decline: one of the three keys below.")
    child: str | None = Field(
        default=None, description="The child that the rule is for, or `orchestrator`. Without it, every child."
    )
    for_session: bool = Field(default=False, description="Accepts the same for the rest of the Codex session.")


class NotifyPart(_Part):
    command: str | tuple[str, ...] | None = Field(
        default=None, description="Runs without a shell and gets each notice as JSON on standard input."
    )
    webhook: str | None = Field(default=None, description="An address that gets each notice as JSON by POST.")
    on: Annotated[tuple[NoticeKind, ...], BeforeValidator(_listed)] = Field(
        default=NOTICE_KINDS, description="Which notices are sent."
    )


def rules_of(parts: Sequence[RulePart], children: Iterable[str]) -> tuple[Rule, ...]:
    """The rules as the core takes them. Raises ConfigError naming the rule by its number."""
    names = [*children, ORCHESTRATOR]
    return tuple(_rule(number, part, names) for number, part in enumerate(parts, start=1))


def notify_settings_of(part: NotifyPart | None) -> NotifySettings | None:
    """Whom to tell. Raises ConfigError for what cannot be called."""
    if part is None:
        return None
    if part.command is None and part.webhook is None:
        raise ConfigError("`notify` names neither `command` nor `webhook`", "add one, or leave `notify` out")
    try:
        command = tuple(shlex.split(part.command) if isinstance(part.command, str) else part.command or ())
    except ValueError as error:
        raise ConfigError(f"`notify.command` is no command ({error})", "mend its quotes") from error
    if part.command is not None and not (command and command[0]):
        raise ConfigError("`notify.command` is empty", "name a program, or leave it out")
    if part.webhook is not None and not _is_address(part.webhook):
        raise ConfigError("`notify.webhook` is no address", "write one that begins with https:// or http://")
    return NotifySettings(part.on, command, part.webhook)


def _rule(number: int, part: RulePart, names: Sequence[str]) -> Rule:
    def wrong(what: str, next_step: str) -> ConfigError:
        return ConfigError(f"rule {number} {what}", next_step)

    match = part.accept or part.decline
    if match is None or (part.accept and part.decline):
        raise wrong("must say either `accept` or `decline`", "for example `- accept: {command: git status}`")
    if sum(one is not None for one in (match.command, match.path, match.tool)) != 1:
        raise wrong("must name one of `command`, `path` and `tool`", "make a rule of its own for each")
    if part.child is not None and part.child not in names:
        near = nearest(part.child, names)
        hint = f"did you mean {quoted(near)}?" if near else f"use {any_of(names)}"
        raise wrong(f"speaks of a child {quoted(part.child)} that there is not", hint)
    if part.for_session and part.decline:
        raise wrong("says `for_session` but declines", "`for_session` goes with `accept`")
    command: tuple[str, ...] = ()
    if match.command is not None:
        words = plain(match.command)
        if words is None:
            raise wrong(
                f"names no plain command ({quoted(match.command)})", "write its first words, without operators or `*`"
            )
        command = words
    path = os.path.expanduser(match.path or "").removeprefix("./")
    if match.path is not None and (not path or ".." in path.split("/") or "\0" in path):
        raise wrong(f"names no path ({quoted(match.path)})", "one below the repo without `..`, or an absolute one")
    tool = match.tool or ""
    if match.tool is not None and not all(tool.partition("/")):
        raise wrong(f"names no tool ({quoted(tool)})", "write `SERVER/TOOL`, or `SERVER/*`")
    verdict: Verdict = "accept" if part.accept else "decline"
    return Rule(number, verdict, command, path, tool, part.child, part.for_session)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for one that is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
