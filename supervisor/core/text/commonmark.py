"""The two parsers behind `markdown.py`. Slow to load."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MAX_NESTING = 20
"""Levels that are read; a quote takes one, a list two. markdown-it drops the rest of the text below deeper ones."""


class TooManySteps(Exception):
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
            raise TooManySteps(start)
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
BLOCKS = _Markdown("commonmark", {"maxNesting": MAX_NESTING}).disable(["inline", "reference"])
BLOCKS.block.ruler.before("blockquote", "count_steps", _count_steps)
INLINE = _Markdown("commonmark", {"maxNesting": MAX_NESTING})
