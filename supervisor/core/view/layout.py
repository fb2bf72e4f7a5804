"""Pieces of runs.md: moments, lists and paragraphs as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from supervisor.core.text.escape import block, inline


def utc(moment: datetime | None) -> str:
    if moment is None:
        return "?"
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:  # within a day of the first or the last year
        return moment.isoformat(" ", "seconds")
    return moment.replace(tzinfo=None).isoformat(" ", "seconds") + " UTC"


def paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def bullets(rows: Iterable[str]) -> str:
    return "\n".join(f"- {row}" for row in rows)


def labelled(label: str, text: str) -> str:
    """What somebody said: in the line if it is short and plain, else word for word in a block."""
    plain = len(text) <= 200 and inline(text, 200) == text
    return (f"**{label}:** {text}" if plain else f"**{label}:**\n\n{block(text)}") if text.strip() else ""


def id_list(ids: Sequence[str]) -> str:
    return ", ".join(inline(one, 70) for one in ids)
