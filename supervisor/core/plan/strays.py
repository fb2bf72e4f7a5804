"""Find fields that stand below the text of their task, where they are prose: a `verify` there would never run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from supervisor.core.plan.diagnostics import Diagnostic, nearest, quoted
from supervisor.core.plan.fields import COMMANDS, ISOLATIONS, SANDBOXES, THREADS, Field, Fields
from supervisor.core.plan.suspects import plain
from supervisor.domain.plan import HUMAN
from supervisor.regex import regex

Read = Callable[[Fields], object]
"""Reads one field; what is wrong with its value becomes a diagnostic."""


class Readers(NamedTuple):
    """How to read fields in text, by the kind of their owner."""

    plan: Mapping[str, Read]
    contract: Mapping[str, Read]
    task: Mapping[str, Read]
    strict: Mapping[str, Read]  # of a task: their values cannot be prose, so these are found without a bullet, too


def readers(children: Collection[str], contracts: Collection[str], tasks: Collection[str]) -> Readers:
    """Return how to read each field in text, in a plan of these children, contracts and tasks."""
    plan: dict[str, Read] = {"hold": lambda one: one.yes("hold"), "budget": lambda one: one.amount("budget")}
    task: dict[str, Read] = {
        **plan,
        "child": lambda one: one.choice("child", (*children, HUMAN)),
        "after": lambda one: one.words("after"),
        "contracts": lambda one: _ids(one, "contracts", contracts),
        "verify": lambda one: one.words("verify"),
        "thread": lambda one: one.choice("thread", THREADS),
        "model": lambda one: _words(one, "model"),
        "effort": lambda one: _words(one, "effort"),
        "sandbox": lambda one: one.choice("sandbox", SANDBOXES),
        "timeout": lambda one: one.minutes("timeout"),
        "isolation": lambda one: one.choice("isolation", ISOLATIONS),
    }
    strict: dict[str, Read] = {
        "child": task["child"],
        "after": lambda one: one.names("after", "task", tasks),
        "contracts": lambda one: one.names("contracts", "contract", contracts),
        "verify": _commands,
        "sandbox": task["sandbox"],
        "budget": task["budget"],
    }
    return Readers(plan, {"between": lambda one: one.names("between", "child", children)}, task, strict)


class Stray(Struct, frozen=True):
    """A list item that begins like a field."""

    diagnostic: Diagnostic
    certain: bool  # meant as a field; else only a warning


def strays(
    lines: Sequence[str], text: Sequence[int], owner: str, readers: Mapping[str, Read], names: Collection[str]
) -> Iterator[Stray]:
    """Find list items in the text of `owner` that begin with the name of one of its fields and a colon.

    `text`: the indexes of its lines outside of code, the first of which counts without a bullet, too.
    It is meant as a field if the field takes the value; `after` and `verify` always are. A name in code is text. The
    name of a file, in a list whose other items have names too, and none of them one of `names`, is at most a warning.
    Behind a rule right below the fields, each one is meant as a field: the rule has cut them in two. A misspelt one is
    a warning there.
    """
    cut = False
    for nth, at in enumerate(text):
        line = plain(lines[at])
        if _RULE.fullmatch(line.strip()) and (cut or (nth == 0 and lines[at - 1].strip())):
            cut = True
            continue
        item = _ITEM.match(line)
        if item is None and nth == 0 and lines[at - 1].strip():
            item = _BARE_ITEM.match(line)
        name = item[1].lower() if item else ""
        if item is None or name not in readers:
            if cut and item and (near := nearest(name, readers)):
                yield Stray(Diagnostic(at + 1, _misspelt(item[1], near, owner)), certain=False)
            cut = cut and not line.strip()
            continue
        value = item[2].strip()
        meant = name in _ALWAYS or _takes(readers[name], name, value)
        if cut or (meant and not _defines(lines, at, text, name, value, names)):
            yield Stray(Diagnostic(at + 1, _refusal(name, owner)), certain=True)
        else:
            yield Stray(Diagnostic(at + 1, _doubt(name, value, owner)), certain=False)


def bare(
    lines: Sequence[str],
    text: Sequence[int],
    owner: str,
    readers: Mapping[str, Read],
    taken: Collection[str],
    names: Collection[str],
) -> Iterator[Stray]:
    """Find lines without a bullet, and check boxes, that are a field of `owner` and nothing else: `verify: `make``.

    `text`: as for `strays`. `readers`: fields whose values cannot be prose. `taken`: the fields that the owner has:
    another value of these is no more than text. A misspelt name in a list (`- verfiy: `make``) is a warning, and so
    is a check box of a field that is always meant, with another value.
    """
    for at in text:
        line = plain(lines[at])
        item = _ITEM.match(line)
        if item and item[1].lower() not in readers:
            near = nearest(item[1], readers) if len(item[1]) > _SHORT_NAME else None
            if near and near not in taken and _takes(readers[near], near, item[2].strip()):
                strange = not item[1].isascii()  # a letter of another alphabet, which nobody sees
                yield Stray(Diagnostic(at + 1, _misspelt(item[1], near, owner)), certain=strange)
            continue
        box = _BOX.match(line)
        begins = at == 0 or _APART.fullmatch(lines[at - 1]) or _BARE_ITEM.match(plain(lines[at - 1]))
        match = box or (_BARE_ITEM.match(line) if begins else None)
        name = match[1].lower() if match else ""
        if match is None or name not in readers:
            continue
        value = match[2].strip()
        if name not in taken and _takes(readers[name], name, value):
            certain = not (box and _defines(lines, at, text, name, value, names))
            yield Stray(Diagnostic(at + 1, _refusal(name, owner)), certain=certain)
        elif box and name in _ALWAYS:
            yield Stray(Diagnostic(at + 1, _doubt(name, value, owner)), certain=False)


def above(lines: Sequence[str], text: Iterable[int], readers: Mapping[str, Read]) -> Iterator[Stray]:
    """Find list items between the heading of the Working Plan and its first task that are a field and nothing else."""
    for at in text:
        item = _ITEM.match(plain(lines[at]))
        name = item[1].lower() if item else ""
        if item and name in readers and _takes(readers[name], name, item[2].strip()):
            place = (
                "the title or the heading of a task" if name == "budget" else "the heading of each task that it is for"
            )
            why = f"{quoted(name)} has no effect here, above the tasks"
            yield Stray(Diagnostic(at + 1, f"{why}: move it right below {place}"), certain=True)


def _defines(
    lines: Sequence[str], at: int, text: Collection[int], own: str, value: str, names: Collection[str]
) -> bool:
    """Return whether an item is a file in a list of files to change and look at: `- Modify: a.py`, `- Verify: b.py`."""
    if not _A_FILE.fullmatch(value):
        return False
    others = {item[1].casefold().strip() for item in _siblings(lines, at, text)} - {own}
    return bool(others) and not any(nearest(name, names) for name in others)


def _siblings(lines: Sequence[str], at: int, text: Collection[int]) -> Iterator[re.Match[str]]:
    """Return the other items of the list that have a name, at most `_MOST_SIBLINGS` lines up and down."""
    indent = _indent(lines[at])
    for step in (-1, 1):
        for near in range(at + step, at + step * _MOST_SIBLINGS, step):
            if near not in text:
                break
            line = lines[near]
            if not line.strip() or _indent(line) > indent:
                continue
            if _indent(line) < indent or not _A_BULLET.match(line):
                break
            if item := _DEFINES.match(line):
                yield item


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _refusal(name: str, owner: str) -> str:
    why = f"{quoted(name)} does not count here, below other text"
    return f"{why}: move it right below {owner}, or write the word in code: `` `{name}`: ``"


def _doubt(name: str, value: str, owner: str) -> str:
    why = f"{quoted(f'{name}: {value}')} is read as text, not as a field"
    return f"{why}: if it is meant as one, move it right below {owner}; if not, write the word in code: `` `{name}`: ``"


def _misspelt(word: str, right: str, owner: str) -> str:
    why = f"{quoted(word)} is read as text: did you mean the field {quoted(right)}?"
    return f"{why} Then move it right below {owner}"


def _commands(fields: Fields) -> None:
    """Read a field of commands: in text, only commands and nothing else look like its value."""
    if not COMMANDS.fullmatch(fields.raw("verify")):
        fields.reject("verify")


def _words(fields: Fields, name: str) -> None:
    """Read a field of free words: in text, only one word alone looks like its value."""
    value = fields.words(name)
    if value is not None and len(value.split()) > 1:
        fields.reject(name)


def _ids(fields: Fields, name: str, choices: Collection[str]) -> None:
    """Read a field of ids, also of such that do not exist: a word with a digit in it looks like one."""
    for word in filter(None, (part.strip(" `") for part in (fields.words(name) or "").split(","))):
        if word not in choices and not _ID.fullmatch(word):
            fields.reject(name)


def _takes(read: Read, name: str, value: str) -> bool:
    wrong: list[Diagnostic] = []
    read(Fields([Field(name, value, 1)], (name,), wrong))
    return not wrong


_SHORT_NAME = 4  # letters
_A_FILE = regex(r"(`?)(?!\.{0,2}/)[^\s`|&;<>$()]*(?:/[^\s`|&;<>$()]+|\.[A-Za-z]\w*)\1")
_RULE = regex(r"(?:[-*_=]\s*){3,}")
_MOST_SIBLINGS = 40
_ALWAYS = ("after", "verify")
_NAMED = r"[*_]{0,3}([^\W\d_](?:-?[^\W\d_])*)[*_]{0,3}\s*[:\uff1a][*_]{0,3}(.*)"
_ITEM = regex(
    rf"[\s>]*(?:(?:[-*+\u2022\u25e6\u2023\u25aa\u25cf\u25cb\u25a0\u25a1\u00b7\u2013\u2014]|\d{{1,9}}[.)])\s[\s>]*"
    rf"|<[uo]l>\s*|<li>\s*)+{_NAMED}"
)
_BOX = regex(rf"[\s>]*[-*+]\s+\[[ xX]\]\s+{_NAMED}")
_BARE_ITEM = regex(rf"\s*{_NAMED}")
_APART = regex(r"\s*(?:(?:[-*_=~`]\s*){3,}|#{1,6}\s.*|<[^<>]*>|)\s*")
"""A line right below which a paragraph begins, or a person sees one begin."""

_ID = regex(r"(?=.*[0-9])[A-Za-z0-9_-]+")
_A_BULLET = regex(r"\s*(?:[-*+\u2022\u25e6\u2023\u25aa\u00b7\u2013\u2014]|\d{1,9}[.)])\s")
_DEFINES = regex(
    rf"{_A_BULLET.pattern}+(?:\[[ xX]\]\s+)?[*_]{{0,3}}([^\W\d_]\w*(?:[ /&-]+\w+){{0,2}})\s*[*_]{{0,3}}\s*[:\uff1a]"
)
