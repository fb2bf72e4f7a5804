"""The config keys that let orch settle approvals and notify people by itself: `rules:` and `notify:`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import urlsplit

from supervisor.core.engine.asks.command_line import plain
from supervisor.core.plan.diagnostics import any_of, nearest, quoted
from supervisor.domain.ask import NOTICE_KINDS, Rule, Verdict
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.runtime.config.mistakes import Mistake, path_at
from supervisor.runtime.config.model import NotifySettings, WebhookForm
from supervisor.runtime.config.schema import NotifyPart, RulePart, is_yes


def rules_of(parts: Sequence[RulePart], children: Iterable[str]) -> tuple[Rule, ...]:
    """Convert the rules for the core. Raises Mistake naming the rule by its number."""
    names = [*children, ORCHESTRATOR]
    return tuple(_rule(number, part, names) for number, part in enumerate(parts, start=1))


def notify_settings_of(part: NotifyPart | Literal["desktop"] | None) -> NotifySettings | None:
    """Convert `notify:`. Raises Mistake for a command or an address that cannot be called."""
    if part is None:
        return None
    if isinstance(part, str):
        return NotifySettings(NOTICE_KINDS, desktop=True)
    desktop = is_yes(part.desktop)
    if part.command is None and part.webhook is None and not desktop:
        what = "`notify` names neither `command` nor `webhook` nor `desktop`"
        raise Mistake(("notify",), what, "add one, or remove `notify`")
    try:
        command = tuple(shlex.split(part.command) if isinstance(part.command, str) else part.command or ())
    except ValueError as error:
        raise Mistake(("notify",), f"`notify.command` is not a command ({error})", "correct its quotes") from error
    if part.command is not None and not (command and command[0]):
        raise Mistake(("notify",), "`notify.command` is empty", "name a program, or remove it")
    if part.webhook is not None and not _is_address(part.webhook):
        raise Mistake(
            ("notify",), "`notify.webhook` is not an address", "write one that begins with https:// or http://"
        )
    if part.form is not None and part.webhook is None:
        raise Mistake(("notify",), "`notify.form` is the form of a webhook, and there is none", "add `webhook`")
    on = (part.on,) if isinstance(part.on, str) else part.on
    form = part.form or _FORMS.get(urlsplit(part.webhook or "").hostname or "", "json")
    return NotifySettings(on, command, part.webhook, desktop, form, part.pause_seconds)


_FORMS: dict[str, WebhookForm] = {"ntfy.sh": "ntfy", "hooks.slack.com": "slack"}


def _rule(number: int, part: RulePart, names: Sequence[str]) -> Rule:
    def wrong(what: str, next_step: str) -> Mistake:
        return Mistake(("rules", number - 1), f"rule {number} {what}", next_step)

    match = part.accept or part.decline
    if match is None or (part.accept and part.decline):
        raise wrong("must say either `accept` or `decline`", "for example `- accept: {command: git status}`")
    if sum(one is not None for one in (match.command, match.path, match.tool)) != 1:
        raise wrong("must name one of `command`, `path` and `tool`", "make a rule of its own for each")
    if part.child is not None and part.child not in names:
        near = nearest(part.child, names)
        hint = f"did you mean {quoted(near)}?" if near else f"use {any_of(names)}"
        raise wrong(f"names the child {quoted(part.child)}, which does not exist", hint)
    for_session = is_yes(part.for_session)
    if for_session and part.decline:
        raise wrong("says `for_session` but declines", "`for_session` goes with `accept`")
    command: tuple[str, ...] = ()
    if match.command is not None:
        words = plain(match.command)
        if words is None:
            raise wrong(
                f"names no plain command ({quoted(match.command)})", "write its first words, without operators or `*`"
            )
        command = words
    path = os.path.expanduser(path_at(("rules", number - 1), match.path or "")).removeprefix("./")
    if match.path is not None and (not path or ".." in path.split("/") or "\0" in path):
        raise wrong(f"names no path ({quoted(match.path)})", "one below the repo without `..`, or an absolute one")
    tool = match.tool or ""
    if match.tool is not None and not all(tool.partition("/")):
        raise wrong(f"names no tool ({quoted(tool)})", "write `SERVER/TOOL`, or `SERVER/*`")
    verdict: Verdict = "accept" if part.accept else "decline"
    return Rule(number, verdict, command, path, tool, part.child, for_session)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for an invalid port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
