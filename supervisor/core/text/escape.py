"""Escaping of others' texts (of children, repos, plans, humans), so that they stay data in our Markdown.

Secrets are cut out before: behind a backslash, or in a quote, no rule would find them any more.
"""

from __future__ import annotations

import re

from supervisor.core.text.redact import redact
from supervisor.regex import regex

MAX_BLOCK = 50_000  # characters of one block; the middle of a longer one is replaced by a note


def inline(text: str, limit: int) -> str:
    """Return `text` as one line of plain Markdown, cut at `limit` characters. Fit for headings and table cells."""
    line = " ".join(harmless(redact(text)).split())
    if len(line) > limit:
        line = line[: max(limit - 1, 0)].rstrip() + "…"
    return _LEADING.sub(r"\g<before>\\\g<mark>", _SPECIAL.sub(r"\\\g<0>", line).replace("<", "&lt;"))


def block(text: str) -> str:
    """Return `text` in a code fence that nothing in it can end. Control characters become U+FFFD."""
    shown = "\n".join(harmless(redact(text)).splitlines()).strip("\n")
    if (more := len(shown) - MAX_BLOCK) > 0:
        half = MAX_BLOCK // 2
        shown = f"{shown[:half]}\n[... {more} characters omitted ...]\n{shown[-half:]}"
    fence = "`" * max(3, _longest_backticks(shown) + 1)
    return f"{fence}text\n{shown or '(nothing)'}\n{fence}"


def code(text: str) -> str:
    """Return `text` as one code span, for commands and paths. Not for table cells: a `|` would end the cell."""
    line = " ".join(harmless(redact(text)).splitlines())
    fence = "`" * (_longest_backticks(line) + 1)
    pad = " " if "`" in (line[:1], line[-1:]) or line[:1] == line[-1:] == " " else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line.strip() else "(empty)"


def block_quote(text: str) -> str:
    """Return `text` as a block quote, line by line, so that nothing in it can end the quote."""
    return "\n".join(f"> {line}" for line in redact(text).splitlines()) or "> (nothing)"


def without_colour(text: str) -> str:
    """Return the output of a command without the escape sequences that color it."""
    return _COLOUR.sub("", text)


# C0 and C1 controls, lone surrogates, and invisible characters: direction marks, zero-width marks, tags.
# `re` compiles it when it is first used (1 ms), for no start has to wait for it, and keeps it.
_CONTROL = (
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_COLOUR = regex("(?:\x1b\\[|\x9b)[0-9;:]*[mK]")
_SPECIAL = regex(r"[\\`*\[\]|#~>]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_LEADING = regex(r"^(?P<before>\d*)(?P<mark>[-+=.)])")


def harmless(text: str) -> str:
    """Return `text` with U+FFFD in place of what is a command to a screen: control characters, marks of direction."""
    return re.sub(_CONTROL, "\ufffd", text)


def _longest_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
