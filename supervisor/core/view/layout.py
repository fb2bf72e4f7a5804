"""Format moments, lists and paragraphs for runs.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from supervisor.core.text.escape import block, inline


def utc(moment: datetime | None) -> str:
    """Format a moment in UTC; "?" for None."""
    if moment is None:
        return "?"
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:  # within a day of the first or the last year
        return moment.isoformat(" ", "seconds")
    return moment.replace(tzinfo=None).isoformat(" ", "seconds") + " UTC"


def rfc3339(moment: datetime | None) -> str | None:
    """Write a UTC time with milliseconds and `Z`; None stays None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def paragraphs(parts: Iterable[str]) -> str:
    """Join what is not empty, with a blank line between."""
    return "\n\n".join(part for part in parts if part)


def bullets(rows: Iterable[str]) -> str:
    """Write a Markdown list, an item each."""
    return "\n".join(f"- {row}" for row in rows)


def labelled(label: str, text: str) -> str:
    """Format somebody's words: on one line if they are short and plain, else as they are in a block."""
    plain = len(text) <= 200 and inline(text, 200) == text
    return (f"**{label}:** {text}" if plain else f"**{label}:**\n\n{block(text)}") if text.strip() else ""


def id_list(ids: Sequence[str]) -> str:
    """Join ids with commas, escaped for Markdown."""
    return ", ".join(inline(name, 70) for name in ids)
