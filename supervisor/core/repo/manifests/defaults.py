"""Complete manifests by what their tools bring: the program that runs scripts, and commands that always exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from supervisor.core.repo.manifests.dotnet import is_solution, is_tests, runs
from supervisor.domain.repo.facts import Manifest, Purpose, Script
from supervisor.regex import regex


def completed(manifests: Sequence[Manifest], names: frozenset[str]) -> tuple[Manifest, ...]:
    """Return the manifests with the program that runs their scripts, and with the commands of their build tools.

    Only the outermost manifest of each tool brings commands: `gradlew build` builds the projects below it, too.
    """
    roots: dict[str, str] = {}
    for it in manifests:
        roots.setdefault(it.kind, _folder(it.path))
    found = []
    brought: set[str] = set()
    for it in manifests:
        runner, scripts = _runner(it, manifests, names, roots), it.scripts
        outermost = _folder(it.path) == roots[it.kind] and it.kind not in brought
        if it.kind in _COMMANDS and not it.note and outermost and not _of_app(it, names):
            brought.add(it.kind)
            given = _COMMANDS[it.kind](it, [one for one in manifests if one.kind == it.kind], names)
            start = f"cd {_folder(it.path)} && " if _folder(it.path) else ""
            scripts += tuple(Script(f"{start}{text}", "", purpose, 0) for text, purpose in given)
        found.append(replace(it, scripts=scripts, runner=runner))
    return tuple(found)


def _of_app(it: Manifest, names: frozenset[str]) -> bool:
    """Return whether this is the project of one platform, which the app in the folder above builds (Flutter, React
    Native, Capacitor)."""
    above, _, last = _folder(it.path).rpartition("/")
    return last == "android" and any(_join(above, name) in names for name in ("pubspec.yaml", "package.json"))


_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
_JVM = regex(
    r"java(-library)?|application|groovy|scala|war|jvm|kotlin-android|org\.jetbrains\.kotlin.*|com\.android\..*"
    r"|org\.springframework\.boot|android|multiplatform"
)
_Commands = Iterator[tuple[str, Purpose]]
_B, _T, _R, _S = Purpose.BUILD, Purpose.TEST, Purpose.RUN, Purpose.SETUP


def _runner(it: Manifest, manifests: Sequence[Manifest], names: frozenset[str], roots: dict[str, str]) -> str:
    if it.kind == "npm":
        return _package_manager(it, manifests, names)
    if it.kind == "gradle":
        folder = roots["gradle"]
        return f"{f'cd {folder} && ' if folder else ''}{_wrapper('gradle', folder, names)}"
    return ""


def _package_manager(it: Manifest, manifests: Sequence[Manifest], names: frozenset[str]) -> str:
    """Return what the nearest package.json or lock file names, from the folder of the manifest upwards."""
    declared = {
        _folder(one.path): re.split("[@+]", one_fact.value)[0]
        for one in manifests
        for one_fact in one.facts
        if one.kind == "npm" and one_fact.name == "packageManager"
    }
    folder = _folder(it.path)
    while True:
        if folder in declared:
            return declared[folder]
        for lock, manager in _LOCKS:
            if _join(folder, lock) in names:
                return manager
        if not folder:
            return "npm"
        folder = _folder(folder)


def _wrapper(tool: str, folder: str, names: frozenset[str]) -> str:
    script = {"gradle": "gradlew", "mvn": "mvnw"}[tool]
    return f"./{script}" if _join(folder, script) in names else tool


def _has(names: frozenset[str], folder: str, pattern: str) -> bool:
    start = f"{folder}/" if folder else ""
    return any(name.startswith(start) and re.search(pattern, name[len(start) :]) for name in names)


def _gradle(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    plugins = {one.value for project in build for one in project.facts if one.name == "plugin"}
    tool = _wrapper("gradle", _folder(it.path), names)
    if any(_JVM.fullmatch(plugin) for plugin in plugins):
        yield f"{tool} build", _B
        if _has(names, _folder(it.path), r"(^|/)src/[a-z]*[tT]est\w*/"):
            yield f"{tool} test", _T
    if "org.springframework.boot" in plugins:
        yield f"{tool} bootRun", _R
    elif "application" in plugins:
        yield f"{tool} run", _R


def _maven(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    tool = _wrapper("mvn", _folder(it.path), names)
    yield f"{tool} package", _B
    if _has(names, _folder(it.path), r"(^|/)src/test/"):
        yield f"{tool} test", _T
    for one in it.facts:
        if one.name == "plugin":
            yield f"{tool} {'quarkus:dev' if one.value.startswith('quarkus') else 'spring-boot:run'}", _R


def _cargo(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    folder = _folder(it.path)
    yield "cargo build", _B
    yield "cargo test", _T
    if _join(folder, "src/main.rs") in names:
        yield "cargo run", _R


def _go(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    yield "go build ./...", _B
    if _has(names, _folder(it.path), r"_test\.go$"):
        yield "go test ./...", _T


def _pub(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    tool = "flutter" if any(one.name == "flutter" for one in it.dependencies) else "dart"
    yield f"{tool} pub get", _S
    if _has(names, _folder(it.path), r"^test/.*_test\.dart$"):
        yield f"{tool} test", _T
    if tool == "flutter" and _join(_folder(it.path), "lib/main.dart") in names:
        yield "flutter run", _R


def _swift(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    yield "swift build", _B
    if _has(names, _folder(it.path), r"^Tests/.*\.swift$"):
        yield "swift test", _T


def _platformio(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    yield "pio run", _B
    if _has(names, _folder(it.path), r"^test/.*\.(c|cpp|cc|ino)$"):
        yield "pio test", _T


def _composer(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    yield "composer install", _S


def _bundler(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    yield "bundle install", _S


def _mix(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    said = {one.name for one in it.facts}
    yield "mix deps.get", _S
    yield ("mix escript.build" if "main_module" in said else "mix compile"), _B
    if _has(names, _folder(it.path), r"(^|/)test/.*_test\.exs$"):
        yield "mix test", _T
    if any(one.name == "phoenix" for one in it.dependencies) and "application" in said:
        yield "mix phx.server", _R


def _dotnet(it: Manifest, build: Sequence[Manifest], names: frozenset[str]) -> _Commands:
    """Yield the commands for all projects of a solution, or for the only project."""
    folder = _folder(it.path)
    beside = [one for one in build if _folder(one.path) == folder]
    solutions = [one for one in beside if is_solution(one)]
    if len(solutions) != 1 and len(build) != 1:
        return  # nothing tells which one
    named = f" {solutions[0].path.rpartition('/')[2]}" if len(beside) > 1 else ""  # dotnet takes the only one by itself
    yield f"dotnet build{named}", _B
    if any(map(is_tests, build)) or _has(names, folder, r"Tests?\.(cs|fs|vb)proj$"):
        yield f"dotnet test{named}", _T
    programs = [one for one in build if runs(one)]
    if len(programs) == 1 and (place := _folder(programs[0].path)).startswith(folder):
        inside = place[len(folder) :].lstrip("/")
        yield f"dotnet run --project {inside}" if inside else "dotnet run", _R


_COMMANDS: dict[str, Callable[[Manifest, Sequence[Manifest], frozenset[str]], _Commands]] = {
    "gradle": _gradle,
    "maven": _maven,
    "cargo": _cargo,
    "go": _go,
    "pub": _pub,
    "swift": _swift,
    "platformio": _platformio,
    "composer": _composer,
    "bundler": _bundler,
    "mix": _mix,
    "dotnet": _dotnet,
}


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
