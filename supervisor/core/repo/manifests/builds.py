"""Read files that say how to build and run: Makefile, justfile, Taskfile, CMake, PlatformIO, Dockerfile, compose."""

from __future__ import annotations

import re

from supervisor.core.repo.commands import LENGTH, purpose_of, purpose_of_name, quote
from supervisor.core.repo.manifests.common import NAME, Reader
from supervisor.core.repo.structured import Value, read_yaml
from supervisor.domain.repo.facts import Dependency, Fact, Manifest, Purpose, Script
from supervisor.regex import regex

_TARGET = regex(r"([A-Za-z0-9][\w./-]{0,60}(?:\s+[A-Za-z0-9][\w./-]{0,60}){0,5})\s*::?(?![=:])\s*(.*)")
_FILE_TARGET = regex(r"\.\w{1,5}$|/")


def _makefile(name: str, kind: str, content: bytes) -> Manifest:
    lines = content[: 256 << 10].decode("utf-8", "replace").splitlines()
    phony: set[str] = set()
    for line in lines:
        if line.startswith(".PHONY"):
            phony.update(line.partition(":")[2].split())
    scripts: dict[str, Script] = {}
    for number, line in enumerate(lines, 1):
        match = _TARGET.match(line) if line[:1] not in ("\t", " ", "#", ".") else None
        if match is None:
            continue
        recipe = _recipe(lines, number)
        for target in match[1].split():
            if target in phony or not _FILE_TARGET.search(target):
                purpose = purpose_of_name(target) or _purpose_of_recipe(recipe)
                scripts.setdefault(target, Script(quote(target, NAME), quote(recipe, LENGTH), purpose, number))
    return Manifest(name, kind, scripts=tuple(scripts.values()))


def _recipe(lines: list[str], at: int) -> str:
    """Return the first command below line `at` (from 1), or ""."""
    for line in lines[at : at + 12]:
        if not line[:1].isspace() and line.strip():
            return ""
        bare = line.strip().lstrip("@-+").strip()
        if bare and not bare.startswith(("#", "echo ", "printf ")):
            return bare
    return ""


def _purpose_of_recipe(first: str) -> Purpose | None:
    """Return the purpose of a target by its first command. Many first install what the others need."""
    purpose = purpose_of(first)
    return None if purpose is Purpose.SETUP else purpose


_RECIPE = regex(r"@?([A-Za-z_][\w-]{0,60})((?:\s+[+*]?[\w$-]+(?:=\S+)?){0,8})\s*:(?!=)\s*(.*)")


def _justfile(name: str, kind: str, content: bytes) -> Manifest:
    lines = content[: 256 << 10].decode("utf-8", "replace").splitlines()
    scripts: list[Script] = []
    for number, line in enumerate(lines, 1):
        match = _RECIPE.match(line) if line[:1] not in ("\t", " ", "#", "[") else None
        if match is not None and match[1] not in ("set", "alias", "export"):
            recipe = _recipe(lines, number)
            purpose = purpose_of_name(match[1]) or _purpose_of_recipe(recipe)
            scripts.append(Script(quote(match[1], NAME), quote(recipe, LENGTH), purpose, number))
    return Manifest(name, kind, scripts=tuple(scripts))


def _taskfile(name: str, kind: str, content: bytes) -> Manifest:
    scripts: list[Script] = []
    for called, task in read_yaml(content).at("tasks").pairs.items():
        commands = (task if isinstance(task.data, tuple) else task.at("cmds") if task.pairs else task).items
        first = next((command.text or command.at("cmd").text for command in commands), "")
        purpose = purpose_of_name(called) or _purpose_of_recipe(first)
        scripts.append(Script(quote(called, NAME), quote(first, LENGTH), purpose, _key_line(task)))
    return Manifest(name, kind, scripts=tuple(scripts))


_CMAKE = regex(
    r"^\s*(project|add_executable|add_library|add_test|find_package|cmake_minimum_required|enable_testing|idf_component_register"
    r"|FetchContent_Declare)\s*\(\s*([^)\n]{0,160})",
    re.IGNORECASE,
)


def _cmake(name: str, kind: str, content: bytes) -> Manifest:
    called = version = ""
    facts, needed = [], []
    for number, line in enumerate(content[: 256 << 10].decode("utf-8", "replace").splitlines(), 1):
        match = _CMAKE.match(line[:400])
        if match is None:
            continue
        verb, words = match[1].lower(), match[2].split()
        first = words[0].strip('"') if words else ""
        if verb == "project" and not called:
            called = first
            version = words[words.index("VERSION") + 1] if "VERSION" in words[:-1] else ""
        elif verb in ("find_package", "fetchcontent_declare") and first:
            wants = words[1] if len(words) > 1 and words[1][0].isdigit() else ""
            needed.append(Dependency(quote(first, NAME), quote(wants, NAME), False, number))
        elif verb in ("add_executable", "add_library", "add_test") and first:
            if verb == "add_test" and first == "NAME" and len(words) > 1:
                first = words[1]
            facts.append(Fact(verb.removeprefix("add_"), quote(first, NAME), number))
        elif verb == "cmake_minimum_required" and len(words) > 1:
            facts.append(Fact("cmake", quote(words[1], NAME), number))
    return Manifest(name, kind, quote(called, NAME), quote(version, NAME), (), tuple(needed), tuple(facts))


def _platformio(name: str, kind: str, content: bytes) -> Manifest:
    section = key = ""
    facts, needed = [], []
    for number, line in enumerate(content[: 64 << 10].decode("utf-8", "replace").splitlines(), 1):
        bare = line.partition(";")[0].strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("["):
            section, key = bare.strip("[]"), ""
            if section.startswith("env:"):
                facts.append(Fact("environment", quote(section[4:], NAME), number))
            continue
        value = bare
        if not line[0].isspace() and "=" in bare:
            key, _, value = (part.strip() for part in bare.partition("="))
        if not value:
            continue
        if key == "lib_deps":
            called, _, wants = value.partition("@")
            needed.append(Dependency(quote(called, NAME), quote(wants, NAME), False, number))
        elif key in ("board", "framework", "platform", "monitor_speed", "test_framework"):
            facts.append(Fact(key, quote(value, NAME), number))
    return Manifest(name, kind, dependencies=tuple(needed), facts=tuple(facts))


def _dockerfile(name: str, kind: str, content: bytes) -> Manifest:
    facts = []
    lines = content[: 64 << 10].decode("utf-8", "replace").splitlines()
    continued = False
    for number, line in enumerate(lines, 1):
        inside, continued = continued, line.rstrip().endswith("\\") or (continued and line.lstrip().startswith("#"))
        if inside:
            continue  # `CMD` on a line of its own below HEALTHCHECK is not the command of the image.
        match = re.match(r"\s*(FROM|EXPOSE|CMD|ENTRYPOINT|WORKDIR|USER|HEALTHCHECK)\s+(.*)", line[:600], re.IGNORECASE)
        if match:
            facts.append(Fact(match[1].lower(), quote(match[2], LENGTH), number))
    return Manifest(name, kind, facts=tuple(facts))


def _compose(name: str, kind: str, content: bytes) -> Manifest:
    facts = []
    for called, service in read_yaml(content).at("services").pairs.items():
        words = [called]
        if image := service.at("image").text:
            words.append(f"image {image}")
        if "build" in service.pairs:
            words.append(f"build {service.at('build').text or service.at('build', 'context').text or '.'}")
        if ports := [port.text or port.at("published").text for port in service.at("ports").items]:
            words.append(f"ports {' '.join(ports)}")
        if needs := _keys(service.at("depends_on")):
            words.append(f"after {' '.join(needs)}")
        facts.append(Fact("service", quote(", ".join(words), LENGTH), _key_line(service)))
    return Manifest(name, kind, facts=tuple(facts))


def _key_line(value: Value) -> int:
    """Return the line of the key of a value. Of a block, the value begins on the next line."""
    return value.line - 1 if value.pairs or value.items else value.line


def _keys(value: Value) -> list[str]:
    return list(value.pairs) or [item.text for item in value.items]


def _version_file(name: str, kind: str, content: bytes) -> Manifest:
    facts = []
    for number, line in enumerate(content[: 4 << 10].decode("utf-8", "replace").splitlines(), 1):
        words = line.partition("#")[0].split()
        if words and kind == "asdf":
            facts.append(Fact(quote(words[0], NAME), quote(" ".join(words[1:]), NAME), number))
        elif words:
            facts.append(Fact(kind, quote(" ".join(words), NAME), number))
    return Manifest(name, kind, facts=tuple(facts[:20]))


READERS: dict[str, tuple[str, Reader]] = {
    **dict.fromkeys(("Makefile", "GNUmakefile", "makefile"), ("make", _makefile)),
    **dict.fromkeys(("justfile", "Justfile", ".justfile"), ("just", _justfile)),
    **dict.fromkeys(("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"), ("task", _taskfile)),
    "CMakeLists.txt": ("cmake", _cmake),
    "platformio.ini": ("platformio", _platformio),
    ".nvmrc": ("node", _version_file),
    ".node-version": ("node", _version_file),
    ".python-version": ("python", _version_file),
    ".ruby-version": ("ruby", _version_file),
    ".tool-versions": ("asdf", _version_file),
}
PATTERNS: tuple[tuple[re.Pattern[str], str, Reader], ...] = (
    (regex(r"(Dockerfile|Containerfile)([.-][\w.-]{1,40})?|[\w-]{1,40}\.[Dd]ockerfile"), "docker", _dockerfile),
    (regex(r"(docker-)?compose([.-][\w.-]{1,40})?\.ya?ml"), "compose", _compose),
)
