"""Find what a person takes for the heading of a task and Markdown does not: its task would be lost without a word."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.outline import ENTRY_TITLE, Block, Outline
from supervisor.regex import regex

LINES_KNOWN = 4096
"""Lines of which it is remembered what they look like: an edit leaves most lines of a plan as they were, and each is
looked at several times."""


class Names(Struct, frozen=True):
    """The ids that decide what looks like a task."""

    read: Collection[str]  # of the tasks and contracts of this file
    tasks: Collection[str]  # of its tasks
    known: Collection[str]  # of the tasks of the revision in force

    def missing(self, entry_id: str) -> bool:
        """Return whether the id stood for a task, and no longer does."""
        return entry_id in self.known and entry_id not in self.tasks

    def shapes(self) -> frozenset[str]:
        """Return what ids look like here: `T1` and `T23` are alike."""
        return frozenset(map(shape, (*_USUAL, *self.read, *self.known)))


def suspects(
    page: Outline,
    names: Names,
    sections: Sequence[range],
    interpreted: Collection[int],
    reported: Collection[int],
) -> Iterator[Diagnostic]:
    """Find lines that look like the heading of a task or contract but are none.

    `sections`: the lines (indexes) in which headings are entries; elsewhere, only what is certainly meant as one
    counts. `interpreted`: line numbers to leave out. `reported`: line numbers that have a diagnostic already. Takes
    time linear in the length of the file.
    """
    shapes = names.shapes()
    inside = frozenset(at for section in sections for at in section)
    block_of = {at: block for block in page.blocks for at in range(block.start, block.end)}
    for at, line in page.numbered():
        if at in page.examples:
            continue
        block = block_of.get(at)
        real = block is not None and block.kind == "heading_open" and not block.within  # parse.py decides
        told = at + 1 in interpreted or (block is not None and block.start + 1 in reported)
        left_out = real or told
        if real and not told and not ENTRY_TITLE.fullmatch(line.strip(" #")):  # else misplaced.py says what is wrong
            left = _left(line)
            if left and left.title and names.missing(left.id):
                yield Diagnostic(at + 1, _message(left, line, block, names))
                continue
        for piece in () if left_out else _BREAK.split(line):
            seen = _seen(piece)
            if seen and _is_suspect(seen, page, at, block, names, shapes, inside=at in inside):
                yield Diagnostic(at + 1, _message(seen, piece, block, names))
                break
            if (left := _left(piece)) and left.title and names.missing(left.id):
                yield Diagnostic(at + 1, _message(left, piece, block, names))
                break
        else:
            if "##" in line and (real or not left_out) and not (block and block.kind in ("code_block", "fence")):
                yield from _glued(page, at, names, shapes, inside=at in inside, real=real)


def headings(
    page: Outline,
    sections: Sequence[range],
    usual: Collection[str],
    absent: Collection[str],
    reported: Collection[int],
) -> Iterator[Diagnostic]:
    """Find lines that look like the heading of a section but are none: what is below stays in the section above.

    `sections`: the lines (indexes) whose text counts, where any such line is found. Elsewhere, it needs one of the
    names `usual` (folded). `absent`: names of sections that the file lacks; between the title and the first section,
    bold text and other levels look like these, too.
    """
    inside = frozenset(at for section in sections for at in section)
    lacking = {name.casefold(): name for name in absent}
    first = next((heading.line for heading in page.headings if heading.level == 2), 0)
    for block in page.blocks:
        if block.within or block.kind == "fence":
            continue
        real = block.kind == "heading_open"
        for at in range(block.start, block.end):
            if block.kind == "code_block" and at > first and at not in inside:
                continue  # an example in prose
            match = None if at in page.examples or at + 1 in reported else _SECTION.match(plain(page.lines[at]))
            if match is None:
                continue
            mark, name = match["mark"], match["name"].strip(" *_#:").casefold()
            if name in lacking and ((mark == "##" and not real) or (mark != "##" and at < first)):
                rule = f"write {quoted(f'## {lacking[name]}')} at the start of a line"
                yield Diagnostic(at + 1, f"the section `{lacking[name]}` has no heading but this line: {rule}")
            elif real or mark[0] != "#" or block.kind == "code_block":
                continue
            elif name in usual or (at in inside and len(mark) in (2, 3) and block.kind == "paragraph_open"):
                seen = _Seen("", mark, not match["gap"], name, "")
                cause, remedy = _cause(seen, page.lines[at], block)
                why = f"{quoted(match[0].strip())} looks like a heading but is none: {cause}"
                yield Diagnostic(
                    at + 1,
                    f"{why}: {remedy or 'write an ordinary space between `##` and the title, at the start of a line'}",
                )


def _glued(
    page: Outline, at: int, names: Names, shapes: Collection[str], *, inside: bool, real: bool
) -> Iterator[Diagnostic]:
    """Find the heading of a task that stands behind other text: the line feed before it is gone."""
    line = _NOT_SHOWN.sub(lambda found: "x" * len(found[0]), page.lines[at][:_LOOKED_AT_WITHIN])
    for match in _WITHIN.finditer(line):
        title, before = _TITLE.match(match["rest"]), line[: match.start()]
        if title is None or not before.strip("# \t>"):
            continue
        entry_id = match["id"]
        lost = inside and shape(entry_id) in shapes and entry_id not in names.read
        if (
            names.missing(entry_id)
            or (lost and (real or not before[-1].isspace()))
            or (inside and not real and _has_fields(page.lines, at, _CHILD))
        ):
            why = "looks like the heading of a task but is none: it stands behind other text"
            right = quoted(f"### {entry_id} — {title['title'].strip(' *_#|=')}")
            yield Diagnostic(at + 1, f"{quoted(match[0].strip())} {why}: write {right} on a line of its own")
            return


_LOOKED_AT_WITHIN = 2000  # characters of a line
_NOT_SHOWN = regex(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|<!--.*?-->")
_WITHIN = regex(
    r"(?<![#\\])(?:#{2,6}\s+|#{3,6})[*_]{0,3}(?P<id>[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,80}[A-Za-z0-9_])?)[*_]{0,3}\s*"
    r"(?P<rest>[^#]*)"
)
_SECTION = regex(r"\s*(?P<mark>#+|\*\*|__)(?P<gap>\s*)(?P<name>\w.*)", re.DOTALL)


def looks_like_task(text: str, names: Names) -> bool:
    """Return whether the text of a heading has the id and the title of a task that is not read."""
    seen = _seen(f"## {text}")
    if seen is None:
        return False
    if seen.title and names.missing(seen.id):
        return True
    return seen.id not in names.read and shape(seen.id) in names.shapes()


@lru_cache(LINES_KNOWN)
def shape(entry_id: str) -> str:
    """Return what an id looks like: `T1` and `T23` are alike; without a digit, only the id itself is."""
    return re.sub(r"[0-9]+", "0", entry_id) if re.search(r"[0-9]", entry_id) else f"={entry_id}"


@lru_cache(LINES_KNOWN)
def plain(line: str) -> str:
    """Return the start of a line as a person sees it: letters of any width as ASCII, nothing that has no width."""
    head = _ESCAPED.sub(lambda found: found[0].replace("\\", ""), line[:_LOOKED_AT])
    head = _ENTITY.sub(_character, head) if "&" in head else head
    if head.isascii():
        return head
    head = unicodedata.normalize("NFKC", head).translate(_NUMBER_SIGNS)
    return "".join(
        mark for mark in head if mark not in _NOT_SEEN and unicodedata.category(mark) not in ("Cf", "Mn", "Me")
    )


def _character(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    if name:
        return _ENTITIES.get(name, entity[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if 32 <= number < sys.maxunicode else entity[0]


_ENTITY = regex(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,12}));")
_ENTITIES = {
    "num": "#",
    "ast": "*",
    "lowbar": "_",
    "colon": ":",
    "mdash": "\u2014",
    "ndash": "\u2013",
    "vert": "|",
    "nbsp": "\u00a0",
    "ensp": "\u2002",
    "emsp": "\u2003",
    "thinsp": "\u2009",
    "Tab": "\t",
    "shy": "\u00ad",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "lrm": "\u200e",
    "rlm": "\u200f",
}


class _Seen(Struct, frozen=True):
    """A line that may be taken for a heading."""

    foreign: str  # what stands before the mark and is not Markdown's: `|`, `//`, `[^1]:`
    mark: str  # what stands before the id: `###`, `**`, or nothing
    close: bool  # whether the id touches the mark
    id: str
    title: str  # "" without a separator


_LOOKED_AT = 240  # characters of a line
_NOT_SEEN = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
_BREAK = regex("[\u2028\u2029]")  # editors show these as the end of a line; Markdown does not
_ESCAPED = regex(r"(?:\\#){2,}")  # editors escape each mark; one before all of them is a way to write about headings
_NUMBER_SIGNS = str.maketrans({"\u266f": "#", "\u2317": "#", "\u22d5": "#"})
_LINE = regex(
    r"(?:[\s>]|[-*+\u2022\u25e6\u2023\u25aa\u00b7](?=\s)|\d{1,9}[.)](?=\s)|\[[ xX]\](?=\s)|-->"
    r"|</?(?!h[1-6]\b|b>|strong>)[A-Za-z][^<>]{0,99}>|<!--[^<>]{0,99}-->)*"
    r"(?P<foreign>(?:\[[^\]\n]{1,20}\]:|\(?\d{1,9}[.)]|[^\w\s#<>*]{1,9})\s*(?=#{2,7}[\s\w])|)"
    r"(?P<mark>[*_]{0,3}#+|={2,6}(?=[\s\w])|\*{1,3}|_{2,3}|_(?=\w)|h[1-6]\.(?=\s)"
    r"|<h[1-6][^<>]{0,40}>(?:<\w{1,6}(?:\s[^<>]{0,60})?>)*|<b>|<strong>|)"
    r"(?P<gap>[\s*`\[(]*)(?:[Tt]ask\s+(?=[A-Za-z_-]{0,20}[0-9]))?"
    r"(?P<id>[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,80}[A-Za-z0-9_])?)"
    r"(?:[*_`\])]|</\w+>)*\s*"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_MARKED = regex(
    r"[\s#*>_+-]*(?:(?:\d{1,9}[.)]|\[[ xX]\])[\s#*>_+-]*){0,3}(?P<id>[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,80}[A-Za-z0-9_])?)"
    r"[*_`]*\s*(?P<rest>.*)",
    re.DOTALL,
)
_TITLE = regex(r"(?:[\u2014\u2013\u2015\u2012\u2212\uff5e~:|]|-+(?=\s|$)|-+)\s*(?P<title>(?!//)\S.*)", re.DOTALL)
_REST = regex(r"\]\([^()]*\)\s*$|</\w{1,9}>\s*$")  # of a link, or of HTML
_FIELD = regex(
    r"[\s>]*(?:[-*+\u2022\u25e6\u2023\u25aa\u00b7]|\d{1,9}[.)])?\s*[*_`]{0,3}([A-Za-z][\w-]{0,30})[*_`]{0,3}\s*:"
)
_OWN_FIELD = regex(
    r"[\s>]*(?:[-*+\u2022\u25e6\u2023\u25aa\u00b7]|\d{1,9}[.)])?\s*[*_`]{0,3}(?:child[*_`]{0,3}\s*:[\s*_`]*[\w-]*[\s*_`]*$|between\b)",
    re.IGNORECASE,
)
_CHILD = regex(r"[\s>]*[-*+]\s+[*_`]{0,3}child[*_`]{0,3}\s*:[\s*_`]*[\w-]+[\s*_`]*$", re.IGNORECASE)
_QUOTES = frozenset("\\`\"'\u201c\u201d\u2018\u2019\u00ab\u00bb")  # around a heading that is only mentioned
_USUAL = ("T1", "T-1", "T_1", "t1", "TASK1", "TASK-1", "Task1", "Task-1", "task1", "task-1")
_MOST_FIELDS = 14  # lines below a heading that are searched for its fields


@lru_cache(LINES_KNOWN)
def _seen(line: str) -> _Seen | None:
    match = _LINE.match(plain(line))
    if match is None:
        return None
    title = _TITLE.match(match["rest"])
    mark, entry_id = match["mark"], match["id"]
    if mark.startswith("_"):
        entry_id = entry_id.strip("_") or entry_id
    return _Seen(
        match["foreign"].strip(),
        mark,
        not match["gap"],
        entry_id,
        _REST.sub("", title["title"]).strip(" *_#|=") if title else "",
    )


@lru_cache(LINES_KNOWN)
def _left(line: str) -> _Seen | None:
    """Return the id and title behind any mix of marks and spaces, which is where a heading would stand."""
    match = _MARKED.match(plain(line))
    title = _TITLE.match(match["rest"]) if match else None
    return _Seen("", "", close=False, id=match["id"], title=title["title"].strip(" *_#|=")) if match and title else None


def _is_suspect(
    seen: _Seen, page: Outline, at: int, block: Block | None, names: Names, shapes: Collection[str], *, inside: bool
) -> bool:
    if seen.title and names.missing(seen.id):
        return True
    alike = shape(seen.id) in shapes
    lost = inside and alike and bool(seen.title) and seen.id not in names.read
    if not seen.mark:
        return lost and (block is None or block.kind == "paragraph_open") and _has_fields(page.lines, at, _CHILD)
    if seen.foreign:
        return (lost and not set(seen.foreign) & _QUOTES) or (inside and _has_fields(page.lines, at))
    hashes = seen.mark.count("#")
    if hashes == 1 and seen.close and seen.id.isdigit():
        return False  # `#12: ...` is an issue of a tracker
    if inside and hashes and not (hashes == 1 and seen.id in names.read):  # `# T2: build` is a comment in a script, too
        if (hashes == 3 and seen.title) or (alike and (hashes > 1 or seen.title)):
            return True
    elif lost:
        return block is None or block.kind != "code_block"
    elif hashes > 1 and alike and seen.id not in names.read and (block is None or block.kind == "paragraph_open"):
        return not (block and block.within)
    in_code = block is not None and block.kind == "code_block"
    return (inside or not in_code) and _has_fields(page.lines, at)


def _has_fields(lines: Sequence[str], at: int, wanted: re.Pattern[str] = _OWN_FIELD) -> bool:
    """Return whether the fields of a task or contract stand below a line."""
    return any(wanted.match(plain(lines[below])) for below in fields_below(lines, at))


def fields_below(lines: Sequence[str], at: int) -> Iterator[int]:
    """Return the indexes of the lines below `at` that look like its fields, at most `_MOST_FIELDS`."""
    at += 1
    while at < len(lines) and not lines[at].strip(" \t>"):
        at += 1
    for below in range(at, min(at + _MOST_FIELDS, len(lines))):
        if not _FIELD.match(plain(lines[below])):
            return
        yield below


def _message(seen: _Seen, line: str, block: Block | None, names: Names) -> str:
    shown = quoted(" ".join(plain(line).split()))
    what = f"{shown} looks like the heading of a task but is none"
    right = f"### {seen.id} — {seen.title or 'title'}"
    if not seen.mark and names.missing(seen.id):
        what = f"{seen.id} is a task of the revision in force, and has no heading any more but this line"
        return f"{what}: write {quoted(right)} to keep it, or begin the line with other words"
    cause, remedy = _cause(seen, line, block)
    return f"{what}: {cause}: {remedy or f'write {quoted(right)} at the start of a line'}"


def _cause(seen: _Seen, line: str, block: Block | None) -> tuple[str, str]:
    """Return why Markdown does not read the line as a heading, and what to do if that is not to write it anew."""
    kind = block.kind if block else ""
    if block and kind == "html_block":
        return f"the HTML block above, from line {block.start + 1} on, swallows it", "leave an empty line above it"
    if block and kind == "fence":
        why = f"the code block from line {block.start + 1} on swallows it"
        return why, "end that block with a line of its own marks only, indented as its first line"
    if kind == "code_block":
        why = "it is indented by a tab or four spaces, which makes it code"
        return why, "write it at the start of a line, or put an example between lines ```"
    if block and block.within:
        return f"it stands in a {block.within}", ""
    if "=" in seen.mark[:1] or seen.mark[:1] == "h":
        return f"{seen.mark} makes no heading here", ""
    if "#" not in seen.mark:
        return ("bold text is no heading" if seen.mark else "it has no `###`"), ""
    return _cause_at_marks(seen, line), ""


def _cause_at_marks(seen: _Seen, line: str) -> str:
    if (entity := _ENTITY.search(line, 0, _LOOKED_AT)) and _character(entity) != entity[0]:
        return f"{quoted(entity[0])} is text to Markdown"
    parts = _AT_MARKS.match(line)
    start, marks, after = (parts[1], parts[2], parts[3]) if parts else ("", "#", "")
    strange = next((mark for mark in start if mark not in " \t"), None)
    if strange is not None:
        return f"{name_of(strange)} stands before its `#`"
    if foreign := next((mark for mark in marks if mark != "#"), None):
        return f"{quoted(foreign)} is {name_of(foreign)}, not `#`"
    if start:
        return "it is indented by a tab or four spaces"
    if len(marks) > 6:
        return "a heading has at most six `#`"
    if after and after not in " \t" and not (after.isalnum() or after in "_*`[("):
        return f"the space after {marks} is {name_of(after)}"
    return f"there is no space after {marks}"


_AT_MARKS = regex(r"([^#\uff03\ufe5f\u266f\u2317\u22d5]*)([#\uff03\ufe5f\u266f\u2317\u22d5]+)(.?)", re.DOTALL)


def name_of(mark: str) -> str:
    """Return the name of a character with its number."""
    name = unicodedata.name(mark, f"U+{ord(mark):04X}").lower()
    if mark in "*_-+>|/\\":
        return quoted(mark)
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name} (U+{ord(mark):04X})"
