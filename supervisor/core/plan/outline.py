"""Split plan.md into lines, headings and sections, before any of them is interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import dropwhile, pairwise, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.plan.diagnostics import Diagnostic
from supervisor.core.text.markdown import UnparsableText, blocks
from supervisor.regex import regex

if TYPE_CHECKING:
    from markdown_it.token import Token

# An id may contain hyphens, so a hyphen separates only next to a space: `T-1 — x`, `T1 - x`.
ENTRY_TITLE = regex(r"([A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?)\s*(?:(?:[—–:]|-+(?=\s|$)|(?<=\s)-+)\s*(.*))?")
"""The text of the heading of a task or contract: its id, and its title if there is one."""


class PlanHeading(Struct, frozen=True):
    """A heading outside of lists and quotes."""

    level: int
    text: str
    line: int  # from 1
    start: int  # index of the first line below it
    end: int  # index of the next heading of level 3 or less, or of the end
    underlined: bool = False  # by `---` or `===`, which may have been meant as a rule


class Block(Struct, frozen=True):
    """A paragraph, heading, code or HTML block, wherever it stands."""

    kind: str  # the type of its markdown-it token
    start: int  # index of its first line
    end: int  # index of the first line after it
    within: str  # what it stands in: "list item", "quote" or nothing


class Outline(Struct, frozen=True):
    """plan.md as lines and headings."""

    lines: Sequence[str]
    headings: Sequence[PlanHeading]
    verbatim: frozenset[int]  # indexes of lines in code and HTML blocks: they contain no fields or marks
    examples: frozenset[int]  # indexes of lines in closed code blocks between fences, and in comments
    blocks: Sequence[Block]  # in the order of the file
    front: int = 0  # how many lines at the top are front matter
    apart: bool = False  # what is between two headings was understood on its own
    left_out: Sequence[range] = ()  # lines that are known to be in order, of which headings and blocks are not here

    def without(self, parts: Sequence[range]) -> Outline:
        """Return the outline without the headings and blocks of these parts, which are in the order of the file."""
        lines = frozenset(at for part in parts for at in part)
        headings = [heading for heading in self.headings if heading.line - 1 not in lines]
        blocks = [block for block in self.blocks if block.start not in lines]
        return replace(self, headings=headings, blocks=blocks, left_out=parts)

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Return the lines with their indexes, but for those that are left out."""
        start = 0
        for part in (*self.left_out, range(len(self.lines), len(self.lines))):
            yield from enumerate(self.lines[start : part.start], start)
            start = part.stop

    def code(self) -> frozenset[int]:
        """Return the indexes of lines in code and comments, also of such as HTML knows (`<pre>`)."""
        code = (
            block
            for block in self.blocks
            if block.kind in ("fence", "code_block")
            or (block.kind == "html_block" and _HTML.match(self.lines[block.start]))
        )
        return self.examples.union(*(range(block.start, block.end) for block in code))

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
    front = _front_matter(lines)
    parts = in_parts(lines, front)
    apart = parts is not None
    if parts is None:
        tokens = blocks("\n".join([*[""] * front, *lines[front:]]))
        if isinstance(tokens, UnparsableText):
            return None, [*_control_characters(lines), Diagnostic(tokens.line + 1, tokens.why)]
        parts = [(0, _part_of(tokens, lines))]
    verbatim, examples = set(range(front)), set(range(front))
    leaves: list[Block] = []
    diagnostics = [*_control_characters(lines)] if _CONTROL.search(text) else []
    for shift, part in parts:
        verbatim.update(shift + at for at in part.verbatim)
        examples.update(shift + at for at in part.examples)
        leaves += (Block(one.kind, one.start + shift, one.end + shift, one.within) for one in part.blocks)
        diagnostics += (replace(one, line=one.line + shift) for one in part.diagnostics)
    headings = _headings(parts, len(lines))
    page = Outline(lines, headings, frozenset(verbatim), frozenset(examples), leaves, front, apart)
    return page, diagnostics


class _Part(Struct, frozen=True):
    """Lines of plan.md with what is in them, counted from the first of them."""

    headings: Sequence[tuple[int, str, int, int, bool]]  # level, text, first line, first line below, underlined
    verbatim: Sequence[int]
    examples: Sequence[int]
    blocks: Sequence[Block]
    diagnostics: Sequence[Diagnostic]
    steps: int = 0


def in_parts(lines: Sequence[str], front: int) -> list[tuple[int, _Part]] | None:
    """Parse what is between two headings on its own, so that an edit has only its own part parsed again: in a plan of
    2,000 tasks, that is half of the time. Return the parts with their first lines.

    None if the parts depend on each other: code or HTML may go on beyond a heading.
    """
    firsts = [front, *(at for at in range(front + 1, len(lines)) if _HEADING.match(lines[at]))]
    found = [(first, _part("\n".join(lines[first:end]))) for first, end in pairwise((*firsts, len(lines)))]
    parts = [(first, part) for first, part in found if part is not None]
    steps = sum(part.steps for _, part in parts)
    return parts if len(parts) == len(found) and steps <= _MOST_STEPS else None


_MOST_STEPS = 100_000  # of all parts; a file with more is parsed as a whole, which ends when they are too many
_HEADING = regex(r"#{1,6}(?:[ \t]|$)")


@lru_cache(maxsize=4096)
def _part(text: str) -> _Part | None:
    """Parse lines that a heading or the end follows. None if they cannot be parsed, or may go on beyond it."""
    tokens = blocks(text, env := {"steps": 0})
    if isinstance(tokens, UnparsableText):
        return None
    lines = text.split("\n")
    last = tokens[-1] if tokens and tokens[-1].level == 0 else None
    if last is not None and (last.type == "html_block" or (last.type == "fence" and not _is_closed(last, lines))):
        return None
    return replace(_part_of(tokens, lines), steps=env["steps"])


def _part_of(tokens: Sequence[Token], lines: Sequence[str]) -> _Part:
    return _Part(
        tuple(_titles(tokens)),
        tuple(line for token in tokens if token.type in _VERBATIM for line in range(*_lines_of(token))),
        tuple(at for token in tokens for at in _examples(token, lines)),
        tuple(_blocks(tokens)),
        tuple(_unclosed(tokens, lines)),
    )


_VERBATIM = ("fence", "code_block", "html_block")
_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_HTML = regex(r"\s*(<!--|<\?|<!\[cdata\[|<(?:pre|script|style|textarea)(?=[\s>]))", re.IGNORECASE)
_HTML_ENDS = {"<!--": "-->", "<?": "?>", "<![cdata[": "]]>"}


def _titles(tokens: Sequence[Token]) -> Iterator[tuple[int, str, int, int, bool]]:
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0:
            underlined = not opening.markup.startswith("#")
            yield int(opening.tag[1:]), " ".join(content.content.split()), *_lines_of(opening), underlined


def _headings(parts: Sequence[tuple[int, _Part]], end: int) -> list[PlanHeading]:
    headings: list[PlanHeading] = []
    for shift, part in reversed(parts):
        for level, title, first, start, underlined in reversed(part.headings):
            headings.append(PlanHeading(level, title, shift + first + 1, shift + start, end, underlined))
            end = shift + first if level <= 3 else end
    return headings[::-1]


def _front_matter(lines: Sequence[str]) -> int:
    """Return how many lines at the top are front matter: settings of other programs between lines `---` or `+++`."""
    ends, setting = _FRONT_MATTER.get(lines[0].rstrip(), ((), _SETTING))
    for at, line in enumerate(lines[1:_LONGEST_FRONT_MATTER], start=1):
        if line.rstrip() in ends:
            return at + 1 if at > 1 else 0
        if not setting.match(line):
            return 0
    return 0


_LONGEST_FRONT_MATTER = 200
_SETTING = regex(r"[ \t]*(?:$|#(?!#)|- |-$|[\]})]|[\w\"'./ -]+:(?:\s|$))|[ \t]+\S")
_FRONT_MATTER = {
    "---": (("---", "..."), _SETTING),
    "+++": (("+++",), regex(r"[ \t]*(?:$|#(?!#)|\[|\]|[\w.\"'-]+ *=|\S+,$)")),
}


def _blocks(tokens: Sequence[Token]) -> list[Block]:
    found: list[Block] = []
    within = ""
    for token in tokens:
        if token.level == 0:
            within = _CONTAINERS.get(token.type, "")
        if token.type in _LEAVES:
            found.append(Block(token.type, *_lines_of(token), within if token.level else ""))
    return found


_CONTAINERS = {"bullet_list_open": "list item", "ordered_list_open": "list item", "blockquote_open": "quote"}
_LEAVES = (*_VERBATIM, "heading_open", "paragraph_open")


def _examples(token: Token, lines: Sequence[str]) -> Iterator[int]:
    """Return the lines of a token that nobody takes for parts of the plan."""
    first, end = _lines_of(token)
    if token.type == "fence" and _is_closed(token, lines):
        if first and not token.info and _fence_mark(lines[first - 1]):
            return  # two marks in a row: one of them is left over, and this block may be what stands between two others
        marks = [at for at in range(first + 1, end - 1) if _fence_mark(lines[at])]
        like = [at for at in marks if _fence_mark(lines[at]) >= len(token.markup) and token.markup[0] in lines[at]]
        # A mark that could end the block, or one without its pair: what follows it may be no example.
        yield from range(first, min([*like[:1], *marks[: len(marks) % 2], end - 1]) + 1)
    elif token.type == "html_block":
        inside = False
        for at in range(first, end):
            opened, closed = lines[at].rfind("<!--"), lines[at].rfind("-->")
            if inside and (closed < 0 or not lines[at][closed + 3 :].strip()):
                yield at
            inside = opened > closed or (inside and closed < 0)


def _is_closed(token: Token, lines: Sequence[str]) -> bool:
    first, end = _lines_of(token)
    last = lines[end - 1].lstrip(" \t>" if token.level else " \t")
    return end - 1 > first and _ends_fence(last, token.markup)


def _ends_fence(line: str, markup: str) -> bool:
    """Whether a line below this opening mark, outside of lists and quotes, ends its block."""
    mark = line.strip(" \t")
    return len(line) - len(line.lstrip(" ")) < 4 and len(mark) >= len(markup) and set(mark) == {markup[0]}


def _fence_mark(line: str) -> int:
    """Return the length of the marks of a fence at the start of a line, 0 without."""
    mark = _FENCE.match(line)
    return len(mark[1]) if mark else 0


_FENCE = regex(r"[ \t>]*(```+|~~~+)")


def _control_characters(lines: Sequence[str]) -> Iterator[Diagnostic]:
    for number, line in enumerate(lines, start=1):
        if found := _CONTROL.search(line):
            yield Diagnostic(number, f"the line contains the control character U+{ord(found[0]):04X}: remove it")


def _unclosed(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Diagnostic]:
    """Find unclosed blocks: CommonMark takes the rest of the file for code or HTML, and its tasks would be retired."""
    for token in tokens:
        first, end = _lines_of(token)
        if token.type == "fence" and not _is_closed(token, lines):
            if token.level == 0:
                yield Diagnostic(first + 1, f"this code block is never closed: end it with a line {token.markup}")
            elif end < len(lines) and _fence_mark(lines[end]):
                why = f"line {end + 1}, at another indent, does not close it but begins another one"
                yield Diagnostic(first + 1, f"this code block is never closed: {why}: indent both lines alike")
        elif token.level == 0 and token.type == "html_block" and (opener := _HTML.match(token.content)):
            tag = opener[1].lower()
            closer = _HTML_ENDS.get(tag, f"</{tag[1:]}>")
            if closer not in token.content.lower():
                yield Diagnostic(first + 1, f"`{tag}` is never closed: end it with `{closer}`")

        elif token.type in ("html_block", "inline") and "<!--" in token.content:
            text = _CODE.sub("", token.content) if token.type == "inline" else token.content
            if text.rfind("<!--") > text.rfind("-->"):
                at = first + token.content[: token.content.rfind("<!--")].count("\n")
                why = "the comment that begins here ends at the empty line or heading below"
                yield Diagnostic(at + 1, f"{why}: begin its line with `<!--`, and end it with `-->`")


_CODE = regex(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


def _lines_of(token: Token) -> tuple[int, int]:
    return (token.map[0], token.map[1]) if token.map else (0, 0)
