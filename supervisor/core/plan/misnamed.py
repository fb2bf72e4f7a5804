"""Find names that are nearly others: sections whose text no child would see, and ids that differ only in case."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.outline import Outline
from supervisor.core.plan.suspects import plain
from supervisor.regex import regex


def misnamed(
    page: Outline, absent: Collection[str], objective: str, reported: Collection[int]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what is certainly meant as a section that counts, and what may be.

    `absent`: the names that the file lacks. `objective`: the one of them that people write as the start of a paragraph,
    too. `reported`: lines that have a diagnostic already.
    """
    lacking = {name.casefold(): name for name in absent}
    certain: list[Diagnostic] = []
    possible: list[Diagnostic] = []
    for heading in page.headings if lacking else ():
        if heading.level != 2 or heading.line in reported:
            continue
        right, sure = _meant(heading.text, lacking)
        if right:
            why = f"{quoted(heading.text)} is not the section `{right}`, so nothing below it counts as that"
            found = Diagnostic(heading.line, f"{why}: write {quoted(f'## {right}')} if it is meant")
            (certain if sure else possible).append(found)
    certain += _elsewhere(page, lacking, objective, reported)
    return certain, possible


def alike(entries: Iterable[tuple[str, int]], noun: str, known: Collection[str] = ()) -> Iterator[Diagnostic]:
    """Find ids that differ only in case from an earlier one, or from one in force that the file no longer has.

    `entries`: ids with their lines. `known`: the ids of the tasks in force.
    """
    first: dict[str, tuple[str, int]] = {}
    here = dict(entries)
    gone = {one.casefold(): one for one in known if one not in here}
    for entry_id, line in here.items():
        other, where = first.setdefault(entry_id.casefold(), (entry_id, line))
        old = gone.get(entry_id.casefold())
        if other != entry_id:
            why = f"the {noun}s {other} on line {where} and {entry_id} on line {line} differ only in case"
            yield Diagnostic(line, f"{why}: give one of them another id")
        elif old and entry_id not in known:
            why = f"{old} of the revision in force is written {entry_id} here, which would be another {noun}"
            yield Diagnostic(line, f"{why}: write `{old}`, or another id for new work")


def _meant(text: str, lacking: dict[str, str]) -> tuple[str | None, bool]:
    """Return the name that a heading nearly has, and whether nothing else can be meant."""
    name = _ADDED.sub("", _LINK.sub(r"\1", plain(text))).strip(_AROUND).casefold()
    beginning = name.partition(":")[0].strip()
    if right := lacking.get(name) or lacking.get(beginning):
        return right, True
    near = difflib.get_close_matches(name[:_LONGEST], lacking, n=1, cutoff=_NEAR)
    return (lacking[near[0]], not name.isascii()) if near else (None, False)


def _elsewhere(
    page: Outline, lacking: dict[str, str], objective: str, reported: Collection[int]
) -> Iterator[Diagnostic]:
    """Find headings of absent sections in quotes, lists and HTML, and an objective in a paragraph below the title."""
    first = next((heading.line for heading in page.headings if heading.level == 2), 0)
    for block in page.blocks if lacking else ():
        html = block.kind == "html_block"
        opens = block.kind == "paragraph_open" and not block.within and block.end <= first
        if not (html or opens or (block.within and block.kind == "heading_open")):
            continue
        for at in range(block.start, block.end if html else block.start + 1):
            if at in page.examples or at + 1 in reported:
                continue
            pattern = _HTML if html else _PARAGRAPH if opens else _INSIDE
            match = pattern.match(plain(page.lines[at]))
            name = match[1].strip(_AROUND).casefold() if match else ""
            if name in lacking and (not opens or lacking[name] == objective):
                rule = f"write {quoted(f'## {lacking[name]}')} at the start of a line"
                yield Diagnostic(at + 1, f"the section `{lacking[name]}` has no heading but this line: {rule}")


_NEAR = 0.86  # `Objectives`, `Success Criterion`, one strange letter
_LONGEST = 60
_AROUND = " \t*_#:.~`()[]\u2013\u2014-"
_ADDED = regex(r"<[^<>]{0,99}>|^[\W\d_]+|\s*\{[^{}]*\}\s*$|\s+[^\w\s]+\s*$")
_LINK = regex(r"\[([^\[\]]{1,60})\](?:\([^()]*\)|\[[^\[\]]*\])?")
_INSIDE = regex(r"(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*##\s+(\S.*)")
_HTML = regex(r"\s*(?:<(?!h[1-6])[A-Za-z/][^<>]{0,99}>\s*)*<h[1-6][^<>]{0,99}>([^<>]{1,99})</h[1-6]>", re.IGNORECASE)
_PARAGRAPH = regex(r"\s{0,3}[*_]{0,3}([A-Za-z]+)[*_]{0,3}\s*:[*_]{0,3}\s*\S")
