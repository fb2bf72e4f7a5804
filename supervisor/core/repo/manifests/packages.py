"""Read the manifests of other languages: npm, Cargo, Go, Maven, Gradle, pub, Swift, Ruby, Composer."""

from __future__ import annotations

import re

from supervisor.core.repo.commands import quote
from supervisor.core.repo.manifests.common import (
    NAME,
    TEXT,
    Lines,
    Reader,
    dependency,
    fact,
    line_at,
    script_of,
    versions,
)
from supervisor.core.repo.structured import entries, read_json, read_toml, read_xml, read_yaml, table, text_of
from supervisor.domain.repo.facts import Dependency, Fact, Manifest
from supervisor.regex import regex


def _package_json(name: str, kind: str, content: bytes) -> Manifest:
    data, lines = read_json(content), Lines(content)
    start = lines.of("scripts")
    scripts = [
        script_of(key, text_of(value), lines.of(key, start))
        for key, value in table(data.get("scripts")).items()
        if text_of(value)
    ]
    needed: list[Dependency] = []
    for part in ("dependencies", "peerDependencies", "optionalDependencies", "devDependencies"):
        needed += versions(data.get(part), lines, lines.of(part), dev=part == "devDependencies")
    facts = [
        fact(key, text_of(value), lines.of(key, lines.of("engines")))
        for key, value in table(data.get("engines")).items()
    ]
    for key in ("packageManager", "type", "main", "module", "browser", "types"):
        facts.append(fact(key, text_of(data.get(key)), lines.of(key)))
    exports = data.get("exports")
    facts.append(fact("exports", text_of(exports) or " ".join(table(exports)), lines.of("exports")))
    bins = data.get("bin")
    for key, value in (table(bins) or ({text_of(data.get("name")): bins} if isinstance(bins, str) else {})).items():
        facts.append(fact("bin", f"{key} = {text_of(value)}", lines.of("bin")))
    spaces = data.get("workspaces")
    spaces = spaces if isinstance(spaces, list) else entries(table(spaces).get("packages"))
    facts += [fact("workspace", text_of(workspace), lines.of("workspaces")) for workspace in spaces]
    for tool in ("husky", "lint-staged", "jest", "mocha", "ava", "eslintConfig", "prettier", "commitlint", "release"):
        if tool in data:
            facts.append(fact("tool", tool, lines.of(tool)))
    called, version = text_of(data.get("name")), text_of(data.get("version"))
    return Manifest(
        name, kind, called, version, tuple(scripts), tuple(needed), tuple(fact for fact in facts if fact.value)
    )


def _cargo(name: str, kind: str, content: bytes) -> Manifest:
    data, lines = read_toml(content), Lines(content)
    package, space = table(data.get("package")), table(data.get("workspace"))
    needed = []
    for part in ("dependencies", "build-dependencies", "dev-dependencies"):
        needed += versions(data.get(part), lines, lines.of(part), dev=part == "dev-dependencies")
    needed += versions(space.get("dependencies"), lines, lines.of("workspace.dependencies"), dev=False)
    facts = [
        fact("rust", text_of(package.get("rust-version")), lines.of("rust-version")),
        fact("edition", text_of(package.get("edition")), lines.of("edition")),
        *(fact("workspace", text_of(member), lines.of("members")) for member in entries(space.get("members"))),
        *(fact("feature", feature, lines.of(feature, lines.of("features"))) for feature in table(data.get("features"))),
    ]
    for entry in entries(data.get("bin")):
        called, path = text_of(table(entry).get("name")), text_of(table(entry).get("path"))
        facts.append(fact("bin", f"{called} = {path}" if path else called, lines.of(called, lines.of("bin"))))
    version = text_of(package.get("version"))
    return Manifest(
        name,
        kind,
        text_of(package.get("name")),
        version,
        (),
        tuple(needed),
        tuple(fact for fact in facts if fact.value),
    )


def _go_mod(name: str, kind: str, content: bytes) -> Manifest:
    called, facts, needed, block = "", [], [], ""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        bare, _, comment = line.partition("//")
        words = bare.split()
        if not words:
            continue
        if words[-1] == "(":
            block = words[0]
        elif words[0] == ")":
            block = ""
        else:
            verb, *rest = (block, *words) if block else words
            if verb == "module" and rest:
                called = rest[0]
            elif verb in ("go", "toolchain") and rest:
                facts.append(fact(verb, rest[0], number))
            elif verb == "require" and len(rest) > 1 and "indirect" not in comment:
                needed.append(dependency(rest[0], rest[1], dev=False, line=number))
            elif verb in ("replace", "use") and rest:
                facts.append(fact(verb, " ".join(rest), number))
    return Manifest(name, kind, quote(called, 2 * NAME), "", (), tuple(needed), tuple(facts))


def _pom(name: str, kind: str, content: bytes) -> Manifest:
    called = group = version = ""
    needed: list[Dependency] = []
    facts: list[Fact] = []
    about: dict[str, tuple[str, int]] = {}
    for path, text, line in read_xml(content):
        match path:
            case ("project", "artifactId"):
                called = text
            case ("project", "groupId"):
                group = text
            case ("project", "version"):
                version = text
            case ("project", "modules", "module"):
                facts.append(fact("module", text, line))
            case (
                "project",
                "properties",
                ("java.version" | "maven.compiler.release" | "maven.compiler.source") as key,
            ):
                facts.append(fact(key, text, line))
            case ("project", *_, ("mainClass" | "start-class") as key) if "${" not in text:
                facts.append(fact(key, text, line))
            case ("project", "build", "plugins", "plugin", "artifactId") if text in _MAVEN_RUNS:
                facts.append(fact("plugin", text, line))
            case ("project", "parent", "artifactId"):
                facts.append(fact("parent", text, line))
            case ("project", "dependencies", "dependency", key):
                if key in ("groupId",) or (key == "artifactId" and "artifactId" in about):
                    needed += _maven(about)
                    about = {}
                about[key] = (text, line)
    needed += _maven(about)
    full = f"{group}:{called}" if group else called
    return Manifest(name, kind, quote(full, NAME), quote(version, NAME), (), tuple(needed), tuple(facts))


_MAVEN_RUNS = frozenset(("spring-boot-maven-plugin", "quarkus-maven-plugin"))
"""Plugins with a goal that starts the application."""


def _maven(about: dict[str, tuple[str, int]]) -> list[Dependency]:
    if "artifactId" not in about:
        return []
    group, version, scope = (about.get(key, ("", 0))[0] for key in ("groupId", "version", "scope"))
    called, line = about["artifactId"]
    return [dependency(f"{group}:{called}" if group else called, version, dev=scope == "test", line=line)]


_GRADLE_NEED = regex(
    r"^\s*(\w*[iI]mplementation|api|compileOnly|runtimeOnly|kapt|ksp|annotationProcessor|testRuntimeOnly|classpath|compile)"
    r"[\s(]+(?:platform\()?(?:project\()?['\"]?([\w.:\-$\{\}/]{2,150})"
)
_GRADLE_FACT = regex(
    r"^\s*(applicationId|namespace|minSdk(?:Version)?|targetSdk(?:Version)?|compileSdk(?:Version)?|sourceCompatibility|jvmTarget"
    r"|mainClass(?:Name)?|languageVersion|include)\b[\s=(.]*(?:set\()?['\"]?([^\n]{1,120}?)['\"]?\)?\s*$"
)
_GRADLE_SCRIPT = regex(
    r"^\s*(?:task\s+([A-Za-z]\w{1,60})|tasks\.(?:register|create)(?:<\w+>)?\(\s*['\"](\w{1,60})['\"])"
)
_GRADLE_PLUGIN = regex(r"^\s*(?:id|kotlin|alias)\s*\(?\s*['\"]?([\w.\-]{2,100})['\"]?")


def _gradle(name: str, kind: str, content: bytes) -> Manifest:
    scripts, needed, facts, version, called, plugins = [], [], [], "", "", False
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        line = line[:400]
        if re.match(r"\s*plugins\s*\{", line):
            plugins = True
        elif plugins and "}" in line:
            plugins = False
        elif plugins and (match := _GRADLE_PLUGIN.match(line)):
            facts.append(fact("plugin", match[1], number))
        elif match := _GRADLE_NEED.match(line):
            group, _, last = match[2].rpartition(":")
            named, asked = (group, last) if ":" in group and match[2][0] != ":" else (match[2], "")
            needed.append(dependency(named, asked, dev="test" in match[1].lower(), line=number))
        elif match := _GRADLE_SCRIPT.match(line):
            scripts.append(script_of(match[1] or match[2], "", number))
        elif match := _GRADLE_FACT.match(line):
            facts.append(fact(match[1], match[2], number))
        elif match := re.match(r"\s*(version|rootProject\.name)\s*=?\s*['\"]([^'\"]{1,80})['\"]", line):
            version, called = (match[2], called) if match[1] == "version" else (version, match[2])
    return Manifest(name, kind, quote(called, NAME), quote(version, NAME), tuple(scripts), tuple(needed), tuple(facts))


def _pubspec(name: str, kind: str, content: bytes) -> Manifest:
    data = read_yaml(content)
    needed = [
        dependency(
            key,
            value.text or next((inner.text for inner in value.pairs.values() if inner.text), ""),
            dev=dev,
            line=value.line,
        )
        for part, dev in (("dependencies", False), ("dev_dependencies", True))
        for key, value in data.at(part).pairs.items()
    ]
    facts = [fact(key, value.text, value.line) for key, value in data.at("environment").pairs.items()]
    return Manifest(name, kind, data.at("name").text, data.at("version").text, (), tuple(needed), tuple(facts))


_SWIFT_NEED = regex(
    r"\.package\(\s*(?:name:\s*\"[^\"]*\",\s*)?(?:url|path):\s*\"([^\"\n]{1,200})\"(?:,\s*([^)\n]{0,80}))?"
)
_SWIFT_PART = regex(r"\.(executable|library|executableTarget|target|testTarget)\(\s*name:\s*\"([^\"\n]{1,80})\"")


def _swift(name: str, kind: str, content: bytes) -> Manifest:
    text = content[:TEXT].decode("utf-8", "replace")
    called = re.search(r"Package\(\s*name:\s*\"([^\"\n]{1,80})\"", text)
    needed = [
        dependency(
            match[1].rpartition("/")[2].removesuffix(".git"),
            match[2] or "",
            dev=False,
            line=line_at(text, match.start()),
        )
        for match in _SWIFT_NEED.finditer(text)
    ]
    facts = [fact(match[1], match[2], line_at(text, match.start())) for match in _SWIFT_PART.finditer(text)]
    version = re.match(r"//\s*swift-tools-version:\s*([\d.]{1,20})", text)
    if version:
        facts.insert(0, fact("swift-tools-version", version[1], 1))
    return Manifest(name, kind, quote(called[1], NAME) if called else "", "", (), tuple(needed), tuple(facts))


def _gemfile(name: str, kind: str, content: bytes) -> Manifest:
    needed, called, version = [], "", ""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if match := re.match(
            r"\s*(?:gem|\w+\.add(_development|_runtime)?_dependency)[\s(]+['\"]([\w-]{1,80})['\"](?:,\s*['\"]([^'\"]{1,60}))?",
            line,
        ):
            needed.append(dependency(match[2], match[3] or "", dev=match[1] == "_development", line=number))
        elif match := re.match(r"\s*Gem::Specification\.new[\s(]+['\"]([\w-]{1,80})['\"]", line):
            called = match[1]
        elif match := re.match(r"\s*\w+\.(name|version)\s*=\s*['\"]([^'\"]{1,80})", line):
            called, version = (match[2], version) if match[1] == "name" else (called, match[2])
    return Manifest(name, kind, quote(called, NAME), quote(version, NAME), dependencies=tuple(needed))


def _composer(name: str, kind: str, content: bytes) -> Manifest:
    data, lines = read_json(content), Lines(content)
    scripts = []
    for key, value in table(data.get("scripts")).items():
        command = text_of(value) or " && ".join(entry for entry in entries(value) if isinstance(entry, str))
        scripts.append(script_of(key, command, lines.of(key, lines.of("scripts"))))
    needed = versions(data.get("require"), lines, lines.of("require"), dev=False)
    needed += versions(data.get("require-dev"), lines, lines.of("require-dev"), dev=True)
    return Manifest(name, kind, text_of(data.get("name")), text_of(data.get("version")), tuple(scripts), tuple(needed))


READERS: dict[str, tuple[str, Reader]] = {
    "package.json": ("npm", _package_json),
    "Cargo.toml": ("cargo", _cargo),
    "go.mod": ("go", _go_mod),
    "go.work": ("go", _go_mod),
    "pom.xml": ("maven", _pom),
    "pubspec.yaml": ("pub", _pubspec),
    "Package.swift": ("swift", _swift),
    "Gemfile": ("bundler", _gemfile),
    "composer.json": ("composer", _composer),
}
PATTERNS: tuple[tuple[re.Pattern[str], str, Reader], ...] = (
    (regex(r"(build|settings)\.gradle(\.kts)?"), "gradle", _gradle),
    (regex(r"[\w.-]{1,80}\.gemspec"), "gem", _gemfile),
)
