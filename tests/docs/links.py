"""The links of a Markdown page, and the headings to which links may lead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")


class PageLink(NamedTuple):
    """A link or an image, and the line (from 1) on which its paragraph begins."""

    target: str
    line: int


def links(text: str) -> Iterator[PageLink]:
    """Every link and image of a page, except in code."""
    for token in _MARKDOWN.parse(text):
        for inner in token.children or ():
            target = inner.attrs.get("href", inner.attrs.get("src"))
            if target is not None:
                yield PageLink(str(target), token.map[0] + 1 if token.map else 0)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them: lower case, hyphens for spaces, numbers for doubles."""
    tokens = _MARKDOWN.parse(text)
    seen: Counter[str] = Counter()
    found = set()
    for heading, inner in pairwise(tokens):
        if heading.type == "heading_open":
            name = re.sub(r"[^\w\- ]", "", _shown(inner).lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found


def broken(page: Path, root: Path) -> list[str]:
    """List what is wrong with the links of a page of the repository at `root`. Web addresses are not checked."""
    wrong = []
    for target, line in links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / unquote(path)).resolve() if path else page
        where = f"{page.relative_to(root)}:{line}: {target}"
        if not file.exists():
            wrong.append(f"{where}: there is no such file")
        elif not file.is_relative_to(root):
            wrong.append(f"{where}: leads out of the repository")
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            wrong.append(f"{where}: there is no such heading")
    return wrong


def _shown(inline: Token) -> str:
    """The text of a heading without its markup."""
    return "".join(token.content for token in inline.children or () if token.type in ("text", "code_inline"))
