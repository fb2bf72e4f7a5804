"""CommonMark as this system reads it: block tokens with line numbers, and inline tokens, apart from each other."""

from __future__ import annotations

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

MAX_NESTING = 20
"""Levels that are read; a quote takes one, a list two. markdown-it drops the rest of the text below deeper ones."""


@dataclass(frozen=True, slots=True)
class Tangle:
    """Text that cannot be read as a whole, from `line` (counted from 0) on, and what to do about it."""

    line: int
    why: str


def blocks(text: str) -> list[Token] | Tangle:
    """The block tokens of `text`; an `inline` token holds its source in `content` and has no children."""
    try:
        tokens = _BLOCKS.parse(text)
    except _TooManySteps as error:
        return Tangle(error.line, "quotes and other text alternate too often here: put empty lines between them")
    for token in tokens:
        if token.type in ("blockquote_open", "list_item_open") and token.level >= MAX_NESTING - 1:
            line = token.map[0] if token.map else 0
            return Tangle(line, f"lists and quotes stand more than {MAX_NESTING} levels deep here: make them flatter")
    return tokens


def inline(text: str) -> list[Token]:
    """The inline tokens of one paragraph's or one heading's source."""
    return [child for token in _INLINE.parseInline(text) for child in token.children or ()]


class _TooManySteps(Exception):
    """Ends a parse whose cost has left all bounds."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


_MOST_STEPS = 200_000


def _count_steps(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block rule that matches nothing and counts the lines that the quote rule, which comes next, may look at.

    A quote that ends without an empty line has been looked at up to the next one, and so has each quote after it: a
    few thousand of them take minutes.
    """
    first = state.bMarks[start] + state.tShift[start]
    if state.src[first : first + 1] == ">":
        line = start
        while line < end and not state.isEmpty(line):
            line += 1
        state.env["steps"] = state.env.get("steps", 0) + line - start
        if state.env["steps"] > _MOST_STEPS:
            raise _TooManySteps(start)
    return False


class _Markdown(MarkdownIt):
    """CommonMark that keeps link targets word for word: nothing is rendered, so none of them has to be made safe."""

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


# Link definitions stay paragraphs: as tokens they would vanish, and with them a change of their targets.
_BLOCKS = _Markdown("commonmark", {"maxNesting": MAX_NESTING}).disable(["inline", "reference"])
_BLOCKS.block.ruler.before("blockquote", "count_steps", _count_steps)
_INLINE = _Markdown("commonmark", {"maxNesting": MAX_NESTING})
