"""A notice as JSON and as environment variables, and the programs that deliver it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from supervisor.core.text.escape import harmless
from supervisor.domain.action import Notify
from supervisor.domain.ask import NOTICE_KINDS, NoticeKind
from supervisor.regex import regex
from supervisor.runtime.config.model import NotifySettings


class Way(NamedTuple):
    """One way to deliver a notice."""

    name: str
    arguments: Sequence[str]  # the program and its arguments
    stdin: str


def ways(settings: NotifySettings | None, content: Mapping[str, object]) -> list[Way]:
    """List the ways to deliver a notice, whose `content` is that of `notice_json`."""
    found: list[Way] = []
    if settings is None:
        return found
    if settings.desktop:
        found.append(Way("desktop", _ours("desktop"), json.dumps({"notice": content})))
    if settings.command:
        found.append(Way("command", filled(settings.command, content), json.dumps(content)))
    if settings.webhook:
        call = {"url": settings.webhook, "form": settings.form, "notice": content}
        found.append(Way("webhook", _ours("webhook"), json.dumps(call)))
    return found


def filled(command: Sequence[str], content: Mapping[str, object]) -> list[str]:
    """Return a command with title and text in place of `{title}` and `{text}`, else as its last two arguments.

    The program is never replaced, and what comes from a notice never begins like an option.
    """
    program, *words = command
    placed = [_PLACE.sub(lambda found: _value(content, found[1]), word) for word in words]
    if any(_PLACE.search(word) for word in words):
        return [program, *map(_no_option, words, placed)]
    return [program, *words, *(_no_option("", _value(content, name)) for name in ("title", "text"))]


def together(notices: Sequence[Notify]) -> Notify:
    """Return one notice that tells all of these."""
    if len(notices) == 1:
        return notices[0]
    kinds = [notice.kind for notice in notices]
    counts = [(kind, kinds.count(kind)) for kind in NOTICE_KINDS if kind in kinds]
    words = ", ".join(f"{count} {_NOUNS[kind][count > 1]}" for kind, count in counts)
    lines = [f"{notice.title} ({notice.next_step})" for notice in notices]
    children, tasks, asks = ({getattr(one, name) for one in notices} for name in ("child", "task", "ask"))
    return Notify(
        key="; ".join(notice.key for notice in notices),
        kind=counts[0][0],
        title=f"{len(notices)} notices: {words}",
        text="\n".join(lines)[:LONGEST],
        next_step="orch asks" if "asks" in kinds else "orch status",
        child=_same(children),
        task=_same(tasks),
        ask=_same(asks),
        why="they came up within a pause",
    )


def _same(values: set[str | None]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _ours(name: str) -> Sequence[str]:
    return sys.executable, "-m", f"supervisor.runtime.notify.{name}"


def _value(content: Mapping[str, object], name: str) -> str:
    return str(content.get(name) or "").replace("\0", "")


def _no_option(word: str, placed: str) -> str:
    """Return what became of a word; with a space before it if only the notice makes it begin like an option."""
    return f" {placed}" if placed.startswith("-") and not word.startswith("-") else placed


_PLACE = regex(r"\{(title|text|next|kind|child|task|ask|workspace)\}")
_NOUNS: dict[NoticeKind, tuple[str, str]] = {
    "asks": ("ask", "asks"),
    "blocked": ("task blocked", "tasks blocked"),
    "paused": ("pause", "pauses"),
    "end": ("end of all tasks", "ends of all tasks"),
}
LONGEST = 4000  # characters of a text that tells several


def notice_json(notice: Notify, workspace: str, at: datetime, count: int = 1) -> dict[str, object]:
    """The object that a command reads and a webhook receives, without control characters. `count`: how many notices it
    tells."""
    return {
        "key": notice.key,
        "kind": notice.kind,
        "title": harmless(notice.title),
        "text": harmless(notice.text),
        "next": harmless(notice.next_step),
        "child": notice.child,
        "task": notice.task,
        "ask": notice.ask,
        "count": count,
        "workspace": workspace,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def environment_of(content: Mapping[str, object]) -> dict[str, str]:
    """The same object as variables: ORCH_NOTICE_KIND, ORCH_NOTICE_TITLE, ... ("" for a missing value)."""
    clean = {name: str(value or "").replace("\0", "") for name, value in content.items()}
    return {f"ORCH_NOTICE_{name.upper()}": value for name, value in clean.items()}
