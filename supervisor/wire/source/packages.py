"""Read manifests: the packages that they declare, and those that they need. Also the submodules of a repo."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex

LANGUAGES = {
    "package.json": "",
    "pyproject.toml": "",
    "cargo.toml": "",
    "pubspec.yaml": "",
    "composer.json": "",
    "go.mod": "",
    "requirements.txt": "",
    "gemfile": "ruby",
    "gemspec": "ruby",
    "build.gradle": "plain",
    "pom.xml": "plain",
    "mix.exs": "elixir",
    "setup.py": "python",
    ".gitmodules": "",
}
"""Manifests by name, each with the language in which the rest of it is read ("": the rest only concerns tools)."""

_NAME = r"[@\w][\w.\-/]*"
_DECLARED: dict[str, str] = {
    "pyproject.toml": rf"^\s*name\s*=\s*[\"']({_NAME})[\"']",
    "cargo.toml": rf"^\s*name\s*=\s*[\"']({_NAME})[\"']",
    "pubspec.yaml": rf"^name:\s*({_NAME})",
    "go.mod": rf"^module\s+({_NAME})",
    "gemspec": rf"\.name\s*=\s*[\"']({_NAME})[\"']",
    "mix.exs": r"\bapp:\s*:(\w+)",
    "setup.py": rf"\bname\s*=\s*[\"']({_NAME})[\"']",
    "build.gradle": rf"^\s*(?:group|archivesBaseName|rootProject\.name)\s*=?\s*[\"']({_NAME})[\"']",
    "pom.xml": rf"^(?:\s{{0,4}})<artifactId>({_NAME})</artifactId>",
}
_NEEDED: dict[str, str] = {
    "pyproject.toml": (
        rf"^\s*(?:\w+\s*=\s*\[\s*)?[\"']({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[<>=!~@;][^\"']*)?[\"'],?"
        rf"|^({_NAME})\s*=\s*(?:\{{|[\"'][\^~>=\d*])"
    ),
    "cargo.toml": rf"^({_NAME})\s*=\s*(?:\{{|[\"'][\^~>=\d*])",
    "pubspec.yaml": rf"^\s+({_NAME}):",
    "go.mod": rf"^(?:require\s+|\s+)({_NAME}\.{_NAME}/{_NAME})\s+v|^replace\s+({_NAME})\s",
    "requirements.txt": rf"^({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[<>=!~@;].*)?$|^(?:-e|git\+).*[#&]egg=({_NAME})",
    "gemfile": rf"^\s*gem\s+[\"']({_NAME})[\"']",
    "gemspec": rf"add(?:_\w+)?_dependency\(?\s*[\"']({_NAME})[\"']",
    "mix.exs": r"\{:(\w+),",
    "setup.py": rf"^\s*[\"']({_NAME})\s*(?:\[[^\]]*\])?[<>=!~][^\"']*[\"'],?",
    "build.gradle": rf"^\s*(?:implementation|api|compile|runtimeOnly|testImplementation)\w*\W+({_NAME}:{_NAME})",
    "pom.xml": rf"^\s{{6,}}<artifactId>({_NAME})</artifactId>",
}

_LISTING = ("pyproject.toml", "setup.py")
_LIST = regex(r"\b(?:\w*(?:dependencies|requires?)|\w+)[\"']?\s*[=:]\s*\[(.*[\"'].*)")
_LISTED = regex(rf"[\"']({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[<>=!~@;][^\"']*)?[\"']")
"""Needed packages as a list on one line: `dependencies = ["a", "b>=1"]`."""


def manifest_of(name: str) -> str | None:
    """The key of `LANGUAGES` for a file's name; None if it is not a manifest."""
    base = name.rpartition("/")[2].lower()
    if base.endswith(".gemspec"):
        return "gemspec"
    if base == "build.gradle.kts":
        return "build.gradle"
    if re.fullmatch(r"requirements[\w\-]*\.(txt|in)", base):
        return "requirements.txt"
    return base if base in LANGUAGES else None


def literals(manifest: str, source: bytes) -> Iterator[Literal]:
    """Read the packages of a manifest. The `key` of each is `provides`, `uses` or `submodule`."""
    text = source.decode("utf-8", "replace")
    lines = text.splitlines()
    if manifest in ("package.json", "composer.json"):
        yield from _json(text, lines)
    elif manifest == ".gitmodules":
        for number, line in enumerate(lines, 1):
            if match := re.match(r"\s*url\s*=\s*(\S+)", line):
                yield Literal(match[1], number, Form.PACKAGE, key="submodule")
    else:
        declared, needed = _DECLARED.get(manifest), _NEEDED.get(manifest)
        for number, line in enumerate(lines, 1):
            if declared and (match := re.search(declared, line)):
                yield Literal(match[1], number, Form.PACKAGE, key="provides")
            elif manifest in _LISTING and (listed := _LIST.search(line)):
                for match in _LISTED.finditer(listed[1]):
                    yield Literal(match[1], number, Form.PACKAGE, key="uses")
            elif needed and (match := re.search(needed, line)):
                yield Literal(next(filter(None, match.groups())), number, Form.PACKAGE, key="uses")


def _json(text: str, lines: list[str]) -> Iterator[Literal]:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(manifest, dict):
        return
    wanted: dict[str, str] = {}
    if isinstance(manifest.get("name"), str):
        wanted[manifest["name"]] = "provides"
    for part in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "require"):
        group = manifest.get(part)
        wanted.update(dict.fromkeys(group, "uses") if isinstance(group, dict) else {})
    for number, line in enumerate(lines, 1):
        for name in re.findall(r'"([^"]+)"', line)[:2]:
            if key := wanted.pop(name, ""):
                yield Literal(name, number, Form.PACKAGE, key=key)
