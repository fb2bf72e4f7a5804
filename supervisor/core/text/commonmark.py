"""The two markdown-it parsers behind `markdown.py`. Slow to import (20 ms)."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MAX_NESTING = 20
"""Levels that are parsed; a quote takes one, a list two. markdown-it drops the text below deeper ones."""


class TooManySteps(Exception):
    """Raised to end a parse that would take too long. `line` counts from 0."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


_MOST_STEPS = 200_000


def _count_steps(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Count the lines that the next rule, the one for quotes, may read. Matches nothing itself.

    For a quote that does not end in an empty line, markdown-it reads on to the next empty line, and does so again for
    each quote after it: a few thousand of them take minutes.
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
    """CommonMark that keeps link targets as written: nothing is rendered, so no target has to be made safe."""

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


# Link definitions stay paragraphs: parsed, they would leave no token, and a changed target would go unnoticed.
BLOCKS = _Markdown("commonmark", {"maxNesting": MAX_NESTING}).disable(["inline", "reference"])
BLOCKS.block.ruler.before("blockquote", "count_steps", _count_steps)
INLINE = _Markdown("commonmark", {"maxNesting": MAX_NESTING})
