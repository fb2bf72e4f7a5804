"""Split a document into headings, prose, list items and code. Reads Markdown, reStructuredText and AsciiDoc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from supervisor.core.text.markdown import UnparsableText, blocks
from supervisor.regex import regex

Kind = Literal["heading", "prose", "item", "row", "code"]


class Piece(Struct, frozen=True):
    """A part of a document."""

    kind: Kind
    text: str
    line: int  # where it begins, from 1
    level: int = 0  # of a heading
    note: str = ""  # the language of code; "quote" for quoted prose


def pieces(name: str, text: str) -> list[Piece] | str:
    """Split a document into pieces, in order, or return why it cannot be parsed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    ending = name.rpartition(".")[2].lower() if "." in name.rpartition("/")[2] else ""
    if ending in ("rst", "rest"):
        return list(_rst(text.split("\n")))
    if ending in ("adoc", "asciidoc"):
        return list(_adoc(text.split("\n")))
    if ending not in ("md", "markdown", "mdx", "mkd") and _UNDERLINED.search(text) and ".. " in text:
        return list(_rst(text.split("\n")))
    return _markdown(text)


def plain(text: str) -> str:
    """Return the words of a piece of markup: without images, badges, tags, link targets and emphasis marks."""
    text = _IMAGE.sub("", _REFERENCE.sub("", text[:4000]))
    text = _LINK.sub(r"\1", text)
    text = _ROLE.sub(r"\1", text)
    # Every second part is code, where `*` and `<b>` are characters, not emphasis.
    parts = [part if at % 2 else _MARKS.sub("", _TAG.sub("", part)) for at, part in enumerate(_CODE.split(text))]
    return " ".join(filter(None, (_ENTITIES.get(word, word) for word in "".join(parts).split())))


_UNDERLINED = regex(r"^\S[^\n]*\n([=~^-])\1{3,}\s*$", re.MULTILINE)
_IMAGE = regex(r"\[?!\[[^\]]{0,300}\](?:\([^)]{0,800}\)|\[[^\]]{0,100}\])(?:\](?:\([^)]{0,600}\)|\[[^\]]{0,100}\]))?")
_REFERENCE = regex(r"^ {0,3}\[[^\]\n]{1,200}\]:\s*\S+.*$|\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]", re.MULTILINE)
_LINK = regex(r"\[([^\[\]]{1,300})\](?:\([^)]{0,600}\)|\[[^\]]{0,100}\])")
_ROLE = regex(r":[a-z:]{1,40}:`([^`<]{1,200})(?:<[^>`]{0,200}>)?`|`([^`<]{1,200})\s<[^>`]{1,300}>`_{1,2}")
_TAG = regex(r"</?[A-Za-z][^<>]{0,800}>|<!--.{0,800}?-->")
_CODE = regex(r"``?([^`]{1,300})``?")
_MARKS = regex(r"\*\*|__(?=\S)|(?<=\S)__|``?|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|\|[^|\s]{1,80}\|_?")
_ENTITIES = {"&nbsp;": "", "&mdash;": "—", "&middot;": "·", "•": "·"}
_HTML_HEADING = regex(r"<h([1-6])[^>]{0,300}>(.{1,600}?)</h\1>", re.DOTALL | re.IGNORECASE)
_HTML_TEXT = regex(r"<(p|summary|strong|em|b)(?:\s[^>]{0,300})?>(.{1,1500}?)</\1>", re.DOTALL | re.IGNORECASE)
_DIRECTIVE = regex(r"\.\.\s+([\w-]+)::\s*(.*)")


def _markdown(text: str) -> list[Piece] | str:
    found, shift = [], 0
    if text.startswith("---\n") and (end := text.find("\n---\n", 3)) >= 0:
        shift = text.count("\n", 0, end + 5)  # front matter
        text = text[end + 5 :]
    tokens = blocks(text)
    if isinstance(tokens, UnparsableText):
        return f"line {tokens.line + 1 + shift}: {tokens.why}"
    level, items, quotes = 0, 0, 0
    for token in tokens:
        line = (token.map[0] if token.map else 0) + 1 + shift
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "list_item_open":
                items += 1
            case "list_item_close":
                items -= 1
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "inline" if level:
                found.append(Piece("heading", token.content, line, level))
            case "inline" if _TABLE.search(token.content):
                found += _rows(token.content, line)
            case "inline":
                note = "quote" if quotes else ""
                found.append(Piece("item" if items else "prose", token.content, line, note=note))
            case "fence":
                found.append(Piece("code", token.content, line + 1, note=(token.info.split() or [""])[0].lower()))
            case "code_block":
                found.append(Piece("code", token.content, line))
            case "html_block":
                found += _html(token.content[:20_000], line)
    return found


_TABLE = regex(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*){0,100}\|?[ \t]*$", re.MULTILINE)


def _rows(text: str, line: int) -> Iterator[Piece]:
    """Yield each row of a table by itself: its cells are no sentence. Lines above the table are prose."""
    lines = text.split("\n")
    rule = next(at for at, row in enumerate(lines) if _TABLE.match(row))
    if "|" not in lines[rule] and "|" not in lines[max(0, rule - 1)]:
        yield Piece("prose", text, line)
        return
    if above := "\n".join(lines[: max(0, rule - 1)]).strip():
        yield Piece("prose", above, line)
    for at in range(max(0, rule - 1), len(lines)):
        if at != rule:
            yield Piece("row", " | ".join(filter(None, map(str.strip, lines[at].split("|")))), line + at)


def _html(text: str, line: int) -> Iterator[Piece]:
    for match in _HTML_HEADING.finditer(text):
        if bare := plain(match[2]):
            yield Piece("heading", bare, line + text.count("\n", 0, match.start()), int(match[1]))
    for match in _HTML_TEXT.finditer(text):
        if bare := plain(match[2]):
            yield Piece("prose", bare, line + text.count("\n", 0, match.start()))


def _rst(lines: list[str]) -> Iterator[Piece]:
    levels: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if (
            line.strip()
            and _is_rule(below)
            and len(below.rstrip()) >= min(4, len(line.strip()))
            and not line[0].isspace()
        ):
            over = at > 0 and _is_rule(lines[at - 1]) and lines[at - 1][:1] == below[:1]
            yield _rst_heading(line, at, below[0] + ("'" if over else ""), levels)
            at += 2
        elif (
            _is_rule(line)
            and len(line.rstrip()) > 3
            and at + 2 < len(lines)
            and below.strip()
            and _is_rule(lines[at + 2])
        ):
            yield _rst_heading(below, at + 1, line[0] + "'", levels)
            at += 3
        elif (directive := _DIRECTIVE.match(line.strip())) is not None:
            end = _indented(lines, at + 1, _indent(line))
            if directive[1] in ("code-block", "code", "sourcecode", "prompt", "parsed-literal"):
                first = next((n for n in range(at + 1, end) if lines[n].strip() and lines[n].lstrip()[0] != ":"), end)
                yield Piece("code", "\n".join(lines[first:end]), first + 1, note=directive[2].split(" ")[0].lower())
            elif directive[1] in ("note", "warning", "important", "tip", "attention") and end > at + 1:
                yield Piece("prose", "\n".join([directive[2], *lines[at + 1 : end]]), at + 1)
            at = max(end, at + 1)
        elif line.lstrip().startswith(("|", "+--", "+==")):
            if cells := " | ".join(filter(None, map(str.strip, re.split(r"[|]|[+][-=+]+", line)))):
                yield Piece("row", cells, at + 1)
            at += 1
        elif not line.strip() or line.startswith("..") or _is_rule(line):
            at += 1
        else:
            end = at + 1
            while end < len(lines) and lines[end].strip() and not _BULLET.match(lines[end].lstrip()):
                if end + 1 < len(lines) and _is_rule(lines[end + 1]) and not lines[end][0].isspace():
                    break
                end += 1
            body = "\n".join(lines[at:end])
            bullet = _BULLET.match(body.lstrip())
            yield Piece("item" if bullet else "prose", body.lstrip()[bullet.end() if bullet else 0 :], at + 1)
            at = end
            if body.rstrip().endswith("::"):
                stop = _indented(lines, at, _indent(body))
                yield Piece("code", "\n".join(lines[at:stop]).strip("\n"), at + _blank(lines, at) + 1)
                at = max(stop, at)


def _rst_heading(text: str, at: int, style: str, levels: list[str]) -> Piece:
    if style not in levels:
        levels.append(style)
    return Piece("heading", text.strip(), at + 1, min(levels.index(style) + 1, 6))


def _adoc(lines: list[str]) -> Iterator[Piece]:
    fence, began, note = "", 0, ""
    for at, line in enumerate(lines):
        bare = line.rstrip()
        if fence:
            if bare == fence:
                yield Piece("code", "\n".join(lines[began:at]), began + 1, note=note)
                fence = note = ""
        elif re.fullmatch(r"-{4,}|\.{4,}|```", bare):
            fence, began = bare, at + 1
        elif match := re.match(r"(={1,6})\s+(\S.*)", bare):
            yield Piece("heading", match[2], at + 1, len(match[1]))
        elif match := re.match(r"\[source,\s*([\w-]+)", bare):
            note = match[1].lower()
        elif bare.startswith("|"):
            if cells := " | ".join(filter(None, map(str.strip, bare.strip("=").split("|")))):
                yield Piece("row", cells, at + 1)
        elif bare and not bare.startswith((":", "[", "//", "image:")):
            bullet = _BULLET.match(bare.lstrip())
            yield Piece("item" if bullet else "prose", bare.lstrip()[bullet.end() if bullet else 0 :], at + 1)


_BULLET = regex(r"(?:[-*+•]|\d{1,3}[.)]|#\.|\.{1,3})\s+")


def _is_rule(line: str) -> bool:
    bare = line.rstrip()
    return len(bare) >= 2 and bare[0] in "=-`:'\"~^_*+#<>." and bare == bare[0] * len(bare)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _blank(lines: list[str], at: int) -> int:
    count = 0
    while at + count < len(lines) and not lines[at + count].strip():
        count += 1
    return count


def _indented(lines: list[str], at: int, indent: int) -> int:
    """Return the end of the block from `at` on that is indented more than `indent`."""
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > indent):
        at += 1
    return at
