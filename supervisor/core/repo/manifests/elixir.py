"""Read mix.exs, the manifest of an Elixir project: its name, what it needs, its aliases, and where it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.core.repo.commands import LENGTH, purpose_of, purpose_of_name, quote
from supervisor.core.repo.manifests.common import NAME, TEXT, Reader, dependency, fact, line_at
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Purpose, Script
from supervisor.regex import regex

LISTED = 8000
"""Characters of the function that returns the aliases or the dependencies."""

_COMMENT = regex(r"^[ \t]*#[^\n]*", re.MULTILINE)
_APP = regex(r"\bapp:\s*:(\w{1,80})")
_VERSION = regex(r"(?:\bversion:\s*|@version\s+)\"([^\"\n]{1,60})\"")
_NEEDED = regex(r"\{\s*:(\w{1,80})\s*,\s*(?:\"([^\"\n]{0,60})\")?([^{}\n]{0,200})")
_DEV = regex(r"\bonly:\s*(?::(?:test|dev)\b|\[(?:\s*:(?:test|dev)\s*,?)+\])")
_FACTS = (
    (regex(r"\belixir:\s*\"([^\"\n]{1,60})\""), "elixir"),
    (regex(r"\bmod:\s*\{\s*([A-Z][\w.]{0,150})"), "application"),
    (regex(r"\bmain_module:\s*([A-Z][\w.]{0,150})"), "main_module"),
    (regex(r"\bapps_path:\s*\"([^\"\n]{1,80})\""), "apps_path"),
)
_ALIAS = regex(
    r"^[ \t]*\[?[ \t]*\"?([a-z][\w.\-]{0,60})\"?:\s*(\[[^\]]{0,2000}\]|\"[^\"\n]{1,300}\"|&[\w.]+/\d)", re.MULTILINE
)
_STEP = regex(r"\"([^\"\n]{1,300})\"")
_OWN_PURPOSES = {"assets.deploy": Purpose.BUILD}  # of Phoenix: it makes the files that a deployment takes


def _mix(name: str, kind: str, content: bytes) -> Manifest:
    text = _COMMENT.sub("", content[:TEXT].decode("utf-8", "replace"))
    called, version = _APP.search(text), _VERSION.search(text)
    facts = [_fact(text, match, what) for pattern, what in _FACTS if (match := pattern.search(text))]
    needed = tuple(_dependencies(text))
    return Manifest(
        name,
        kind,
        quote(called[1], NAME) if called else "",
        quote(version[1], NAME) if version else "",
        tuple(_aliases(text)),
        needed,
        tuple(facts),
    )


def _fact(text: str, match: re.Match[str], what: str) -> Fact:
    return fact(what, match[1], line_at(text, match.start(1)))


def _function(text: str, name: str) -> tuple[int, str]:
    """Return where the body of a function begins, and the body; that of a list in its place if there is none."""
    found = re.search(rf"^([ \t]*)defp? {name}(?:\(\))?(?:,?\s+do\b|,\s*do:)", text, re.MULTILINE)
    if found is None:
        return 0, ""
    end = regex(rf"^{found[1]}(?:end|def|defp)\b", re.MULTILINE).search(text, found.end())
    return found.end(), text[found.end() : min(found.end() + LISTED, end.start() if end else len(text))]


def _dependencies(text: str) -> Iterator[Dependency]:
    start, body = _function(text, "deps")
    for match in _NEEDED.finditer(body):
        dev = _DEV.search(match[3]) is not None
        yield dependency(match[1], match[2] or "", dev=dev, line=line_at(text, start + match.start(1)))


def _aliases(text: str) -> Iterator[Script]:
    start, body = _function(text, "aliases")
    for match in _ALIAS.finditer(body):
        command = " && ".join(f"mix {step}" for step in _STEP.findall(match[2]))
        purpose = _OWN_PURPOSES.get(match[1]) or purpose_of_name(match[1]) or purpose_of(command)
        yield Script(quote(match[1], NAME), quote(command, LENGTH), purpose, line_at(text, start + match.start(1)))


READERS: dict[str, tuple[str, Reader]] = {"mix.exs": ("mix", _mix)}
