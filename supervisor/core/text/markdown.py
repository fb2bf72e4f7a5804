"""CommonMark as this system reads it: block tokens with line numbers, and inline tokens, apart from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it.token import Token


class UnparsableText(Struct, frozen=True):
    """Text that cannot be read as a whole, from `line` (counted from 0) on, and what to do about it."""

    line: int
    why: str


def blocks(text: str) -> list[Token] | UnparsableText:
    """The block tokens of `text`; an `inline` token holds its source in `content` and has no children."""
    from supervisor.core.text.commonmark import BLOCKS, MAX_NESTING, TooManySteps  # 20 ms: servers are started before

    try:
        tokens = BLOCKS.parse(text)
    except TooManySteps as error:
        return UnparsableText(
            error.line, "quotes and other text alternate too often here: put empty lines between them"
        )
    for token in tokens:
        if token.type in ("blockquote_open", "list_item_open") and token.level >= MAX_NESTING - 1:
            line = token.map[0] if token.map else 0
            return UnparsableText(
                line, f"lists and quotes stand more than {MAX_NESTING} levels deep here: make them flatter"
            )
    return tokens


def inline(text: str) -> list[Token]:
    """The inline tokens of one paragraph's or one heading's source."""
    from supervisor.core.text.commonmark import INLINE

    return [child for token in INLINE.parseInline(text) for child in token.children or ()]
