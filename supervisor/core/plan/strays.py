"""Find fields that stand below the text of their task, where they are prose: a `verify` there would never run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.fields import Field, Fields

Read = Callable[[Fields], object]
"""Reads one field; what is wrong with its value becomes a diagnostic."""


class Stray(Struct, frozen=True):
    """A list item that begins like a field."""

    diagnostic: Diagnostic
    certain: bool  # meant as a field; else only a warning


def strays(lines: Sequence[str], text: Iterable[int], owner: str, readers: Mapping[str, Read]) -> Iterator[Stray]:
    """Find list items in the text of `owner` that begin with the name of one of its fields and a colon.

    `text`: the indexes of its lines outside of code, the first of which counts without a bullet, too.
    It is meant as a field if the field takes the value; `after` and `verify` always are. A name in code is text.
    """
    for nth, at in enumerate(text):
        item = _ITEM.match(lines[at])
        if item is None and nth == 0 and lines[at - 1].strip():
            item = _BARE_ITEM.match(lines[at])
        name = item[1].lower() if item else ""
        if item is None or name not in readers:
            continue
        value = item[2].strip()
        place = f"right below {owner}"
        if name in _ALWAYS or _takes(readers[name], name, value):
            why = f"{quoted(name)} does not count here, below other text"
            remedy = f"move it {place}, or write the word in code: `` `{name}`: ``"
            yield Stray(Diagnostic(at + 1, f"{why}: {remedy}"), certain=True)
        else:
            why = f"{quoted(f'{name}: {value}')} is read as text, not as a field"
            remedy = f"if it is meant as one, move it {place}; if not, write the word in code: `` `{name}`: ``"
            yield Stray(Diagnostic(at + 1, f"{why}: {remedy}"), certain=False)


def words(fields: Fields, name: str) -> None:
    """Read a field of free words: in text, only one word alone looks like its value."""
    value = fields.words(name)
    if value is not None and len(value.split()) > 1:
        fields.reject(name)


def ids(fields: Fields, name: str, choices: Collection[str]) -> None:
    """Read a field of ids, also of such that do not exist: a word with a digit in it looks like one."""
    for word in filter(None, (part.strip(" `") for part in (fields.words(name) or "").split(","))):
        if word not in choices and not _ID.fullmatch(word):
            fields.reject(name)


def _takes(read: Read, name: str, value: str) -> bool:
    wrong: list[Diagnostic] = []
    read(Fields([Field(name, value, 1)], (name,), wrong))
    return not wrong


_ALWAYS = ("after", "verify")
_NAMED = r"[*_]{0,3}([A-Za-z]+)[*_]{0,3}\s*[:\uff1a][*_]{0,3}(.*)"
_ITEM = re.compile(rf"[\s>]*(?:[-*+\u2022\u25e6\u2023\u25aa\u00b7\u2013\u2014]|\d{{1,9}}[.)])\s+{_NAMED}")
_BARE_ITEM = re.compile(rf"\s*{_NAMED}")
_ID = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]+")
