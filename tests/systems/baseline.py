"""A yardstick for the map: the strings that stand in quotes in several repos and look like no plain word."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from math import log
from typing import Any

LITERAL = "literal"
"""The kind of these rows. A literal does not know what it names, so it may match a label of any kind."""

_SUFFIXES = """
    c cc cfg cpp cs dart erl ex exs go gradle graphql h hpp htm html ini ino java js json jsx kt kts md mjs php proto py
    rb rs sh sql svelte swift toml ts tsx vue xml yaml yml
"""
_SOURCES = frozenset(_SUFFIXES.split())
_OTHERS = re.compile(
    r"(^|/)(\.git|build|dist|fastlane|i18n|l10n|locales?|node_modules|third_party|translations|values-[^/]+|vendor)/"
    r"|(^|/)[^/]*lock(\.json|\.yaml)?$|\.min\.|_pb2\.py|\.pb\.\w+$"
)
_QUOTED = re.compile(r""""((?:[^"\\]|\\.){2,80})"|'((?:[^'\\]|\\.){2,80})'|`([^`]{2,80})`""")
_SPECIFIC = re.compile(r"[a-z][A-Z]|[A-Za-z0-9][_\-/.?=:][A-Za-z0-9]|^/\w")  # a hump, something between, or a path
_LONGEST = 1_000_000  # bytes of a file
_LINE = 2_000  # characters of a line


def rows(sources: dict[str, dict[str, bytes]]) -> list[dict[str, Any]]:
    """The literals that two repos or more have, in the form of the rows of `orch map --json`.

    First come those in few files, and among them those that each repo has often.
    """
    places: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    files = 0
    for child, content in sources.items():
        for name, data in content.items():
            if name.rpartition(".")[2] in _SOURCES and not _OTHERS.search(name) and len(data) <= _LONGEST:
                files += 1
                for text, line in _literals(data.decode("utf-8", "replace")):
                    places[text][child].append((name, line))
    found = []
    for text, by in places.items():
        if len(by) > 1:
            holding = len({(child, name) for child, at in by.items() for name, _ in at})
            often = sorted(map(len, by.values()))[-2]
            found.append((log(files / holding) * (1 + log(often)), text, by))
    return [_row(score, text, by) for score, text, by in sorted(found, key=lambda it: (-it[0], -len(it[1]), it[1]))]


def _literals(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) <= _LINE:
            for match in _QUOTED.finditer(line):
                literal = next(filter(None, match.groups()))
                if _SPECIFIC.search(literal) and not re.search(r"\s", literal):
                    yield literal, number


def _row(score: float, text: str, by: dict[str, list[tuple[str, int]]]) -> dict[str, Any]:
    first = {child: dict(reversed(at)) for child, at in by.items()}  # the first line in each file
    return {
        "kind": LITERAL,
        "name": text,
        "score": round(score, 4),
        "children": sorted(by),
        "places": [
            {"child": child, "file": file, "line": line, "text": text}
            for child in sorted(first)
            for file, line in first[child].items()
        ],
    }
