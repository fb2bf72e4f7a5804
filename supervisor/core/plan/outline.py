"""Split plan.md into lines, headings and sections, before any of them is interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, pairwise, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from supervisor.core.plan.diagnostics import Diagnostic
from supervisor.core.text.markdown import UnparsableText, blocks

if TYPE_CHECKING:
    from markdown_it.token import Token


class PlanHeading(Struct, frozen=True):
    """A heading outside of lists and quotes."""

    level: int
    text: str
    line: int  # from 1
    start: int  # index of the first line below it
    end: int  # index of the next heading of level 3 or less, or of the end


class Outline(Struct, frozen=True):
    """plan.md as lines and headings."""

    lines: Sequence[str]
    headings: Sequence[PlanHeading]
    verbatim: frozenset[int]  # indexes of lines in code and HTML blocks: they contain no fields or marks

    def text(self, start: int, end: int) -> str:
        """Return the lines from `start` up to `end`, without the blank lines around them."""
        return trimmed(self.lines[start:end])

    def inside(self, section: PlanHeading) -> list[PlanHeading]:
        """Return the headings of level 3 in a section."""
        below = self.headings[self.headings.index(section) + 1 :]
        return [heading for heading in takewhile(lambda heading: heading.level > 2, below) if heading.level == 3]

    def section_end(self, section: PlanHeading) -> int:
        """Return the index of the first line after a section."""
        return max((heading.end for heading in self.inside(section)), default=section.end)


def trimmed(lines: Sequence[str]) -> str:
    """Join lines, without the blank ones around them. The first one keeps its indentation, which may mean code."""
    return "\n".join(dropwhile(lambda line: not line.strip(), lines)).rstrip()


def outline(text: str) -> tuple[Outline | None, list[Diagnostic]]:
    """Outline `text` (lines end in a line feed), and list what in it would mislead a reader or a terminal.

    Without an outline, there is at least one diagnostic.
    """
    lines = text.split("\n")
    tokens = blocks(text)
    if isinstance(tokens, UnparsableText):
        return None, [*_control_characters(lines), Diagnostic(tokens.line + 1, tokens.why)]
    verbatim = frozenset(line for token in tokens if token.type in _VERBATIM for line in range(*_lines_of(token)))
    diagnostics = [*_control_characters(lines), *_unclosed(tokens, lines)]
    return Outline(lines, _headings(tokens, len(lines)), verbatim), diagnostics


_VERBATIM = ("fence", "code_block", "html_block")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_HTML = re.compile(r"\s*(<!--|<\?|<!\[cdata\[|<(?:pre|script|style|textarea)(?=[\s>]))", re.IGNORECASE)
_HTML_ENDS = {"<!--": "-->", "<?": "?>", "<![cdata[": "]]>"}


def _headings(tokens: Sequence[Token], end: int) -> list[PlanHeading]:
    headings: list[PlanHeading] = []
    for opening, content in reversed(list(pairwise(tokens))):
        if opening.type == "heading_open" and opening.level == 0:
            first, start = _lines_of(opening)
            level = int(opening.tag[1:])
            headings.append(PlanHeading(level, " ".join(content.content.split()), first + 1, start, end))
            end = first if level <= 3 else end
    return headings[::-1]


def _control_characters(lines: Sequence[str]) -> Iterator[Diagnostic]:
    for number, line in enumerate(lines, start=1):
        if found := _CONTROL.search(line):
            yield Diagnostic(number, f"the line contains the control character U+{ord(found[0]):04X}: remove it")


def _unclosed(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Diagnostic]:
    """Find unclosed blocks: CommonMark takes the rest of the file for code or HTML, and its tasks would be retired."""
    for token in tokens:
        first, end = _lines_of(token)
        if token.level == 0 and token.type == "fence":
            last = lines[end - 1].strip()
            if end - 1 == first or len(last) < len(token.markup) or set(last) != {token.markup[0]}:
                yield Diagnostic(first + 1, f"this code block is never closed: end it with a line {token.markup}")
        elif token.level == 0 and token.type == "html_block" and (opener := _HTML.match(token.content)):
            tag = opener[1].lower()
            closer = _HTML_ENDS.get(tag, f"</{tag[1:]}>")
            if closer not in token.content.lower():
                yield Diagnostic(first + 1, f"`{tag}` is never closed: end it with `{closer}`")


def _lines_of(token: Token) -> tuple[int, int]:
    return (token.map[0], token.map[1]) if token.map else (0, 0)
