"""What the readers of manifests share: printable names, versions and scripts, and the lines where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from supervisor.core.repo.commands import LENGTH, is_hook_name, purpose_of, purpose_of_name, quote
from supervisor.core.repo.structured import table, text_of
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Script
from supervisor.regex import regex

NAME = 80  # characters of a name or a version

TEXT = 128 << 10
"""Bytes searched by a pattern that spans lines: the cost of a hostile file grows faster than its size."""

Reader = Callable[[str, str, bytes], Manifest]
"""Takes the path, the kind and the content of a manifest. Raises Malformed."""


class Lines:
    """Find the lines of words in a text: the parsers of JSON and TOML do not return lines."""

    def __init__(self, content: bytes) -> None:
        self._lines = content.decode("utf-8", "replace").splitlines()
        self._firsts: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines, 1):
            for word in _KEYS.findall(line[:400])[:8]:
                self._firsts.setdefault(word, []).append(number)

    def of(self, word: str, after: int = 0) -> int:
        """Return the first line from `after` on that names `word`, else the first line that does, else 0."""
        found = self._firsts.get(word, ())
        return next((line for line in found if line >= after), found[0] if found else 0)


_KEYS = regex(r"[A-Za-z0-9_@][\w@/.:+-]*[\w]|[A-Za-z0-9]")
REQUIREMENT = regex(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]{0,200}\])?\s*\(?([^;#]{0,200})")


def script_of(name: str, command: str, line: int) -> Script:
    """Return a script. What a tool runs by itself (`postinstall`) and npm's own stand-in have no purpose."""
    nothing = is_hook_name(name) or "no test specified" in command
    purpose = None if nothing else purpose_of_name(name) or purpose_of(command)
    return Script(quote(name, NAME), quote(command, LENGTH), purpose, line)


def dependency(name: str, version: str, *, dev: bool, line: int) -> Dependency:
    """Make a dependency of texts from a manifest, which may be anything; they are cut to NAME characters."""
    return Dependency(quote(name, NAME), quote(version, NAME), dev, line)


def fact(name: str, value: str, line: int) -> Fact:
    """Make a fact whose value is from a manifest, cut to LENGTH characters."""
    return Fact(name, quote(value, LENGTH), line)


def versions(given: Any, lines: Lines, after: int, *, dev: bool) -> list[Dependency]:
    """Read a table of names and versions, as in Poetry, npm and Cargo."""
    found = []
    for key, value in table(given).items():
        about = table(value)
        version = (
            text_of(value) or text_of(about.get("version")) or text_of(about.get("path")) or text_of(about.get("git"))
        )
        found.append(dependency(key, version, dev=dev, line=lines.of(key, after)))
    return found


def line_at(text: str, at: int) -> int:
    """Return the line of an offset, from 1."""
    return text.count("\n", 0, at) + 1
