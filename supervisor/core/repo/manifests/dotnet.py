"""Read the projects and solutions of .NET: what they need, which of them run, and which are tests."""

from __future__ import annotations

import re

from supervisor.core.repo.commands import quote
from supervisor.core.repo.manifests.common import NAME, TEXT, Reader, dependency, fact, line_at
from supervisor.domain.repo.facts import Fact, Manifest
from supervisor.regex import regex

_NEEDED = regex(r"<PackageReference\s+Include=\"([^\"\n]{1,120})\"(?:\s+Version=\"([^\"\n]{1,60})\")?", re.IGNORECASE)
_FACT = regex(r"<(TargetFrameworks?|OutputType|RootNamespace|IsTestProject)>([^<\n]{1,100})<")
_SDK = regex(r"<Project\b[^>]{0,200}\bSdk=\"([\w.]{1,80})")
_LISTED = regex(r"^Project\([^)\n]{1,60}\)\s*=\s*\"[^\"\n]{1,120}\",\s*\"([^\"\n]{1,200}proj)\"", re.MULTILINE)
_LISTED_XML = regex(r"<Project\s+Path=\"([^\"\n]{1,200}proj)\"")
TESTED_BY = frozenset(
    ("microsoft.net.test.sdk", "xunit", "xunit.v3", "nunit", "mstest", "mstest.testframework", "tunit")
)
"""Packages, in lower case, that only projects of tests need."""

_RUNS = frozenset(("microsoft.net.sdk.web", "microsoft.net.sdk.worker"))


def is_solution(project: Manifest) -> bool:
    """Return whether this is a solution: a list of projects that are built together."""
    return project.path.endswith((".sln", ".slnx"))


def is_tests(project: Manifest) -> bool:
    """Return whether a project holds tests."""
    said = {one.name: one.value.lower() for one in project.facts}
    return said.get("IsTestProject") == "true" or any(one.name.lower() in TESTED_BY for one in project.dependencies)


def runs(project: Manifest) -> bool:
    """Return whether a project is a program."""
    said = {one.name: one.value.lower() for one in project.facts}
    program = said.get("sdk") in _RUNS or said.get("OutputType") in ("exe", "winexe")
    return program and not is_tests(project)


def _project(name: str, kind: str, content: bytes) -> Manifest:
    text = content[:TEXT].decode("utf-8", "replace")
    needed = [
        dependency(match[1], match[2] or "", dev=False, line=line_at(text, match.start()))
        for match in _NEEDED.finditer(text)
    ]
    facts = [_fact(text, match, match[1], match[2]) for match in _FACT.finditer(text)]
    if sdk := _SDK.search(text):
        facts.insert(0, _fact(text, sdk, "sdk", sdk[1]))
    called = quote(name.rpartition("/")[2].rpartition(".")[0], NAME)
    return Manifest(name, kind, called, "", (), tuple(needed), tuple(facts))


def _solution(name: str, kind: str, content: bytes) -> Manifest:
    text = content[:TEXT].decode("utf-8", "replace")
    listed = (*_LISTED.finditer(text), *_LISTED_XML.finditer(text))
    facts = [_fact(text, match, "project", match[1].replace("\\", "/")) for match in listed]
    return Manifest(name, kind, facts=tuple(facts))


def _fact(text: str, match: re.Match[str], name: str, value: str) -> Fact:
    return fact(name, value, line_at(text, match.start()))


PATTERNS: tuple[tuple[re.Pattern[str], str, Reader], ...] = (
    (regex(r"[\w.-]{1,80}\.(cs|fs|vb)proj"), "dotnet", _project),
    (regex(r"[\w.-]{1,80}\.slnx?"), "dotnet", _solution),
)
