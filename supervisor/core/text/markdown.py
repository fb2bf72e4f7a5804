"""Parse CommonMark into block tokens, with line numbers; parse the inline tokens of one block separately."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it.token import Token


class UnparsableText(Struct, frozen=True):
    """Text that cannot be parsed."""

    line: int  # where it stops being parsable, from 0
    why: str  # the reason, and what to do about it


def blocks(text: str, env: dict[str, int] | None = None) -> list[Token] | UnparsableText:
    """Parse `text` into block tokens. An `inline` token has its source in `content` and no children.

    `env` counts in `steps` the lines that quotes had it read, some of them again and again.
    """
    parsers = _parsers()
    try:
        tokens: list[Token] = parsers.BLOCKS.parse(text, {} if env is None else env)
    except parsers.TooManySteps as error:
        return UnparsableText(
            error.line, "quotes and other text alternate too often here: put empty lines between them"
        )
    for token in tokens:
        if token.type in ("blockquote_open", "list_item_open") and token.level >= parsers.MAX_NESTING - 1:
            line = token.map[0] if token.map else 0
            return UnparsableText(
                line, f"lists and quotes are nested more than {parsers.MAX_NESTING} levels deep here: make them flatter"
            )
    return tokens


def inline(text: str) -> list[Token]:
    """Parse the source of one paragraph or heading into inline tokens."""
    return [child for token in _parsers().INLINE.parseInline(text) for child in token.children or ()]


def _parsers() -> ModuleType:
    from supervisor.core.text import commonmark  # 20 ms: servers are started first

    return commonmark
