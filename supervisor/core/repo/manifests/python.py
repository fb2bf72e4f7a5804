"""Read Python manifests: pyproject.toml, setup.cfg, setup.py, requirements, tox and nox. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from supervisor.core.repo.commands import LENGTH, purpose_of, purpose_of_name, quote
from supervisor.core.repo.manifests.common import (
    NAME,
    REQUIREMENT,
    TEXT,
    Lines,
    Reader,
    dependency,
    fact,
    line_at,
    script_of,
    versions,
)
from supervisor.core.repo.structured import entries, read_toml, table, text_of
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Script
from supervisor.regex import regex


def _pyproject(name: str, kind: str, content: bytes) -> Manifest:
    data, lines = read_toml(content), Lines(content)
    project, tool = table(data.get("project")), table(data.get("tool"))
    poetry = table(tool.get("poetry"))
    start = lines.of("project") or lines.of("tool.poetry")
    scripts = [
        script_of(
            key, text_of(value) or text_of(table(value).get("reference")), lines.of(key, lines.of(f"{where}.scripts"))
        )
        for where, given in (("project", project), ("tool.poetry", poetry))
        for part in ("scripts", "gui-scripts")
        for key, value in table(given.get(part)).items()
    ]
    for path in (
        ("hatch", "envs"),
        ("poe", "tasks"),
        ("pdm", "scripts"),
        ("taskipy", "tasks"),
        ("pixi", "tasks"),
        ("rye", "scripts"),
    ):
        scripts += list(_tool_scripts(path, table(table(tool.get(path[0])).get(path[1])), lines))
    needed = list(
        _requirements(entries(project.get("dependencies")), lines, lines.of("dependencies", start), dev=False)
    )
    for given, dev in ((project.get("optional-dependencies"), True), (data.get("dependency-groups"), True)):
        for group, texts in table(given).items():
            needed += _requirements(entries(texts), lines, lines.of(group), dev=dev)
    needed += versions(poetry.get("dependencies"), lines, lines.of("tool.poetry.dependencies"), dev=False)
    groups = [table(group).get("dependencies") for group in table(poetry.get("group")).values()]
    for named in (poetry.get("dev-dependencies"), *groups):
        needed += versions(named, lines, lines.of("tool.poetry.dev-dependencies"), dev=True)
    facts = [
        fact("python", text_of(project.get("requires-python")), lines.of("requires-python")),
        fact("python", text_of(table(poetry.get("dependencies")).get("python")), lines.of("python")),
        fact("build backend", text_of(table(data.get("build-system")).get("build-backend")), lines.of("build-backend")),
    ]
    facts += [fact("tool", section, lines.of(f"tool.{section}")) for section in tool if section in _TOOLS.split()]
    called = text_of(project.get("name")) or text_of(poetry.get("name"))
    version = text_of(project.get("version")) or text_of(poetry.get("version"))
    if not version and "version" in entries(project.get("dynamic")):
        version = "dynamic"
    needed = [dependency for dependency in needed if dependency.name != "python"]
    return Manifest(
        name, kind, called, version, tuple(scripts), tuple(needed), tuple(fact for fact in facts if fact.value)
    )


_TOOLS = "ruff black isort mypy pyright pytest tox coverage pylint flake8 hatch uv nox towncrier commitizen"


def _tool_scripts(path: tuple[str, str], found: dict[str, object], lines: Lines) -> Iterator[Script]:
    for key, value in found.items():
        inner = table(table(value).get("scripts")) if path == ("hatch", "envs") else {key: value}
        for called, command in inner.items():
            given = command if isinstance(command, str) else table(command).get("cmd") or table(command).get("shell")
            first = " && ".join(entry for entry in entries(command) if isinstance(entry, str))
            label = f"{key}:{called}" if path == ("hatch", "envs") and key != "default" else called
            yield script_of(label, text_of(given) or first, lines.of(called, lines.of(f"tool.{path[0]}")))


def _requirements(texts: Iterable[object], lines: Lines, after: int, *, dev: bool) -> Iterator[Dependency]:
    for text in texts:
        match = REQUIREMENT.match(text) if isinstance(text, str) else None
        if match:
            yield dependency(match[1], match[2].strip(" )"), dev=dev, line=lines.of(match[1], after))


def _setup_cfg(name: str, kind: str, content: bytes) -> Manifest:
    section = key = called = version = ""
    scripts: list[Script] = []
    needed: list[Dependency] = []
    facts: list[Fact] = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if bare[0] == "[" and bare[-1] == "]":
            section, key = bare[1:-1].strip(), ""
            if section in ("flake8", "mypy", "tool:pytest", "isort", "pylint"):
                facts.append(fact("tool", section.removeprefix("tool:"), number))
            continue
        value = bare
        if not line[0].isspace() and "=" in bare:
            key, _, value = (part.strip() for part in bare.partition("="))
        if section == "metadata" and key in ("name", "version"):
            called, version = (value, version) if key == "name" else (called, value)
        elif section == "options" and key == "python_requires":
            facts.append(fact("python", value, number))
        elif value and (section == "options.extras_require" or (section == "options" and key == "install_requires")):
            if match := REQUIREMENT.match(value):
                needed.append(dependency(match[1], match[2].strip(" )"), dev=section != "options", line=number))
        elif section == "options.entry_points" and key in ("console_scripts", "gui_scripts") and "=" in value:
            script, _, target = (part.strip() for part in value.partition("="))
            scripts.append(script_of(script, target, number))
    return Manifest(name, kind, quote(called, NAME), quote(version, NAME), tuple(scripts), tuple(needed), tuple(facts))


_SETUP_KEY = regex(r"\b(name|version|python_requires)\s*=\s*[rbu]?(['\"])([^'\"\n]{1,80})\2")
_SETUP_LIST = regex(r"\b(install_requires|tests_require|setup_requires)\s*=\s*\[([^\]]{0,8000})\]")
_QUOTED = regex(r"(['\"])([^'\"\n]{1,200})\1")
_SETUP_SCRIPTS = regex(r"\b(?:console|gui)_scripts\b[^\[\]]{0,20}\[[^\]]{0,8000}\]")
_SETUP_SCRIPT = regex(r"(['\"])\s*([\w.-]{1,80})\s*=\s*([\w.]{1,160}:[\w.]{1,80})\s*\1")


def _setup_py(name: str, kind: str, content: bytes) -> Manifest:
    """Search setup.py with patterns: it is not run, so computed values stay unknown."""
    text = content[:TEXT].decode("utf-8", "replace")
    values: dict[str, tuple[str, int]] = {}
    for match in _SETUP_KEY.finditer(text):
        values.setdefault(match[1], (match[3], line_at(text, match.start())))
    needed = [
        dependency(
            found[1],
            found[2].strip(" )"),
            dev=match[1] != "install_requires",
            line=line_at(text, match.start(2) + quoted.start()),
        )
        for match in _SETUP_LIST.finditer(text)
        for quoted in _QUOTED.finditer(match[2])
        if (found := REQUIREMENT.match(quoted[2]))
    ]
    scripts = [
        script_of(match[2], match[3], line_at(text, match.start()))
        for group in _SETUP_SCRIPTS.finditer(text)  # the others are of plugins
        for match in _SETUP_SCRIPT.finditer(text, *group.span())
    ]
    facts = [fact("python", *values["python_requires"])] if "python_requires" in values else []
    nothing = ("", 0)
    called, version = values.get("name", nothing)[0], values.get("version", nothing)[0]
    return Manifest(name, kind, quote(called, NAME), quote(version, NAME), tuple(scripts), tuple(needed), tuple(facts))


_ADDRESS = regex(r"\s*[\w.+-]+://")  # of a package without a name


def _requirements_txt(name: str, kind: str, content: bytes) -> Manifest:
    dev = re.search(r"dev|test|lint|doc|ci", name.rpartition("/")[2]) is not None
    needed = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if line.lstrip().startswith(("#", "-")) or _ADDRESS.match(line):
            continue
        if match := REQUIREMENT.match(line.partition(" #")[0]):
            needed.append(dependency(match[1], match[2].strip(" )\\"), dev=dev, line=number))
    return Manifest(name, kind, dependencies=tuple(needed))


def _tox(name: str, kind: str, content: bytes) -> Manifest:
    section = key = ""
    scripts: list[Script] = []
    facts: list[Fact] = []
    for number, line in enumerate(content[: 64 << 10].decode("utf-8", "replace").splitlines(), 1):
        bare = line.strip()
        if bare.startswith("[") and bare.endswith("]"):
            section, key = bare[1:-1], ""
            continue
        value = bare
        if bare and not line[0].isspace() and "=" in bare:
            key, _, value = (part.strip() for part in bare.partition("="))
        if not value:
            continue
        if section == "tox" and key in ("envlist", "env_list"):
            facts.append(Fact("environments", quote(value, LENGTH), number))
        elif section.startswith("testenv") and key == "commands":
            called = section.partition(":")[2] or "testenv"
            if all(script.name != called for script in scripts):
                purpose = purpose_of(value) or purpose_of_name(called)
                scripts.append(Script(quote(called, NAME), quote(value, LENGTH), purpose, number))
    return Manifest(name, kind, scripts=tuple(scripts), facts=tuple(facts))


def _nox(name: str, kind: str, content: bytes) -> Manifest:
    scripts, marked = [], False
    for number, line in enumerate(content[: 128 << 10].decode("utf-8", "replace").splitlines(), 1):
        if re.match(r"@(nox\.)?session\b", line):
            marked = True
        elif marked and (match := re.match(r"(?:async )?def (\w{1,60})\(", line)):
            scripts.append(Script(match[1], f"nox -s {match[1]}", purpose_of_name(match[1]), number))
            marked = False
    return Manifest(name, kind, scripts=tuple(scripts))


READERS: dict[str, tuple[str, Reader]] = {
    "pyproject.toml": ("pyproject", _pyproject),
    "setup.cfg": ("setuptools", _setup_cfg),
    "setup.py": ("setuptools", _setup_py),
    "tox.ini": ("tox", _tox),
    "noxfile.py": ("nox", _nox),
}
PATTERNS: tuple[tuple[re.Pattern[str], str, Reader], ...] = (
    (regex(r"requirements[\w.-]{0,40}\.(txt|in)"), "pip", _requirements_txt),
)
