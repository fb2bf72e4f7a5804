"""Write the message of a commit as the repo at hand writes them, which its newest subjects show."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from supervisor.regex import regex

WIDTH = 72
SUBJECT_LIMIT = 100  # characters; the whole title is then in the body
SHARE = 0.5  # of the newest subjects, for a habit
_TYPES = "feat|fix|docs?|style|refactor|perf|tests?|build|ci|chore|revert|deps|release|security|wip"
_CONVENTIONAL = regex(rf"(?P<type>{_TYPES})(?:\((?P<scope>[^()]+)\))?!?: (?P<text>\S.*)")
_AREA = regex(r"(?P<area>[\w.*/{}+-]+): (?P<text>\S.*)")
_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FIX = regex(r"(?:fix|repair|correct|mend|handle|prevent|avoid|stop|restore)\w*\b", re.IGNORECASE)
_TEST_FILE = regex(r"(?:^|/)(?:tests?|spec|__tests__)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)\.[^/]*$")
_DOC_FILE = regex(r"(?:^|/)docs?/|\.(?:md|rst|adoc)$", re.IGNORECASE)
_SIGNATURE = regex(rb"\ngpgsig(?:-sha256)? .*(?:\n .*)*")
_TIME = regex(rb"^((?:author|committer) .*>) \d+ [-+]\d{4}$", re.MULTILINE)
_REVISION = regex(rb"^(Orch-Plan: .*) r\d+$", re.MULTILINE)


class Habit(NamedTuple):
    """How the messages of a repo begin."""

    kind: str  # "conventional", "area" or "plain"
    scopes: tuple[str, ...] = ()  # that were used, the most frequent ones first
    scoped: bool = False  # most subjects have one
    capital: bool = True  # the text begins with a capital letter


def habit_of(subjects: Sequence[str]) -> Habit:
    """Return how these subjects are written, the newest of the repo."""
    for kind, pattern, group in (("conventional", _CONVENTIONAL, "scope"), ("area", _AREA, "area")):
        found = [match for match in map(pattern.fullmatch, subjects) if match]
        if found and len(found) >= SHARE * len(subjects):
            scopes = Counter(match[group] for match in found if match[group])
            scoped = scopes.total() >= SHARE * len(found)
            names = tuple(scope for scope, _ in scopes.most_common())
            return Habit(kind, names, scoped, _capital([match["text"] for match in found]))
    return Habit("plain", capital=_capital(subjects))


def message_of(habit: Habit, title: str, body: str, paths: Sequence[str], trailers: Iterable[tuple[str, str]]) -> str:
    """Write a message: subject, body, trailers. `paths`: the files that the commit changes."""
    whole = _line(title) or "Change files"
    subject = _subject(habit, whole, paths)
    parts = [subject]
    if len(subject) > SUBJECT_LIMIT:
        parts = [textwrap.shorten(subject, SUBJECT_LIMIT, placeholder=" ..."), *_paragraphs(whole)]
    parts += _paragraphs(body)
    parts.append("\n".join(f"{name}: {_line(value)}" for name, value in trailers))
    return "\n\n".join(part for part in parts if part) + "\n"


def is_same_commit(one: bytes, other: bytes, *, signed: bool) -> bool:
    """Whether two commits, as git stores them, are the same but for their times, their signatures and the revision of
    the plan. `signed`: only if the first one has a signature."""
    return _essence(one) == _essence(other) and not (signed and _SIGNATURE.search(one.partition(b"\n\n")[0]) is None)


def _essence(commit: bytes) -> tuple[bytes, bytes]:
    header, _, message = commit.partition(b"\n\n")
    return _TIME.sub(rb"\1", _SIGNATURE.sub(b"", header)), _REVISION.sub(rb"\1", message)


def reverting_message(habit: Habit, subject: str, oid: str, trailers: Iterable[tuple[str, str]]) -> str:
    """Write the message of a commit that takes another one back, as git and the repo do."""
    line = _line(subject)
    head = f"revert: {line}" if habit.kind == "conventional" else f'Revert "{line}"'
    rows = "\n".join(f"{name}: {_line(value)}" for name, value in trailers)
    return f"{head}\n\nThis reverts commit {oid}.\n\n{rows}\n"


def _subject(habit: Habit, title: str, paths: Sequence[str]) -> str:
    text = title.rstrip(".") or title
    if habit.kind == "conventional":
        if _CONVENTIONAL.fullmatch(title):
            return title
        scope = _scope(habit.scopes, paths) if habit.scoped else ""
        return f"{_type(title, paths)}{f'({scope})' if scope else ''}: {_cased(text, capital=habit.capital)}"
    if habit.kind == "area":
        if _AREA.fullmatch(title):
            return title
        area = _scope(habit.scopes, paths) or _common(paths)
        return f"{area}: {_cased(text, capital=habit.capital)}" if area else _cased(text, capital=True)
    return _cased(text, capital=habit.capital)


def _type(title: str, paths: Sequence[str]) -> str:
    if paths and all(map(_TEST_FILE.search, paths)):
        return "test"
    if paths and all(map(_DOC_FILE.search, paths)):
        return "docs"
    return "fix" if _FIX.match(title) else "feat"


def _scope(scopes: Sequence[str], paths: Sequence[str]) -> str:
    """The scope in use that most of the files have in their path."""
    counts = [(sum(scope.lower() in _names(path) for path in paths), -rank) for rank, scope in enumerate(scopes)]
    most, rank = max(counts, default=(0, 0))
    return scopes[-rank] if most else ""


def _names(path: str) -> set[str]:
    parts = path.lower().split("/")
    return {*parts, parts[-1].partition(".")[0], *("/".join(parts[:count]) for count in range(1, len(parts)))}


def _common(paths: Sequence[str]) -> str:
    """The folder, or the file without its ending, that all paths have in common."""
    firsts = {path.partition("/")[0] for path in paths}
    if len(firsts) != 1:
        return ""
    first = firsts.pop()
    return first if any("/" in path for path in paths) else first.lstrip(".").partition(".")[0]


def _cased(text: str, *, capital: bool) -> str:
    """Change the case of the first letter, unless the first word is a name or a piece of code."""
    word = re.match(r"[^\s:,;]+", text)
    if word is None or not re.fullmatch(r"[^\W\d_](?:[^\W\d_A-Z]|['-])*", word[0]):
        return text
    return (text[0].upper() if capital else text[0].lower()) + text[1:]


def _capital(texts: Sequence[str]) -> bool:
    letters = [text[0] for text in texts if text[:1].isalpha()]
    return sum(one.isupper() for one in letters) * 2 >= len(letters)


def _paragraphs(body: str) -> Iterable[str]:
    """The paragraphs of a text, their long lines wrapped. A line of dashes would end the message for some tools."""
    clean = _CONTROL.sub("", body.replace("\r\n", "\n").replace("\r", "\n"))
    for paragraph in re.split(r"\n[ \t]*\n", clean):
        rows: list[str] = []
        for row in paragraph.split("\n"):
            indent = row[: len(row) - len(row.lstrip())]
            wrapped = textwrap.wrap(
                row, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
            rows += [f" {one}" if one.startswith("---") else one.rstrip() for one in wrapped]
        if rows:
            yield "\n".join(rows)


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
