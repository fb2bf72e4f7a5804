"""Texts of others (children, repos, plans, humans) as Markdown in which they stay data."""

from __future__ import annotations

import re

MAX_BLOCK = 50_000  # characters of one block; more is cut out of its middle, and told


def inline(text: str, limit: int) -> str:
    """`text` as one line of plain Markdown text, fit for a heading and a table cell; cut at `limit` characters."""
    line = " ".join(_harmless(text).split())
    if len(line) > limit:
        line = line[: max(limit - 1, 0)].rstrip() + "…"
    return _LEADING.sub(r"\g<before>\\\g<mark>", _SPECIAL.sub(r"\\\g<0>", line).replace("<", "&lt;"))


def block(text: str) -> str:
    """`text` word for word in a fence that nothing in it can end; control characters become U+FFFD."""
    shown = "\n".join(_harmless(text).splitlines()).strip("\n")
    if (more := len(shown) - MAX_BLOCK) > 0:
        half = MAX_BLOCK // 2
        shown = f"{shown[:half]}\n[... {more} characters are left out here ...]\n{shown[-half:]}"
    fence = "`" * max(3, _longest_backticks(shown) + 1)
    return f"{fence}text\n{shown or '(nothing)'}\n{fence}"


def code(text: str) -> str:
    """`text` as one code span, for commands and paths. Not for a table cell, which a `|` would end."""
    line = " ".join(_harmless(text).splitlines())
    fence = "`" * (_longest_backticks(line) + 1)
    pad = " " if "`" in (line[:1], line[-1:]) or line[:1] == line[-1:] == " " else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line.strip() else "(empty)"


def without_colour(text: str) -> str:
    """The output of a command without the escape sequences that colour it."""
    return _COLOUR.sub("", text)


# Controls of C0 and C1, lone surrogates, and what is read but not seen: direction marks, zero-width marks, tags.
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_COLOUR = re.compile("(?:\x1b\\[|\x9b)[0-9;:]*[mK]")
_SPECIAL = re.compile(r"[\\`*\[\]|#~>]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_LEADING = re.compile(r"^(?P<before>\d*)(?P<mark>[-+=.)])")


def _harmless(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


def _longest_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
