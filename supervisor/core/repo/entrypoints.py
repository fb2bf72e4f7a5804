"""Find entry points: those that manifests declare, and main functions in files with a typical name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from supervisor.core.repo.files import is_sample, is_test, language_of
from supervisor.domain.repo.facts import EntryPoint, Manifest

ENTRIES = 30


def may_be_entry_point(name: str) -> bool:
    """Return whether a file has a name that is typical of entry points."""
    return _MAIN.search(name) is not None and not is_sample(name) and not is_test(name)


def entry_points(
    names: frozenset[str], manifests: Sequence[Manifest], contents: Mapping[str, bytes]
) -> tuple[EntryPoint, ...]:
    """Return the entry points, declared ones first. `names` are all files, `contents` those that were read."""
    found: dict[tuple[str, object], EntryPoint] = {}
    for manifest in manifests:
        for entry in _declared(manifest, names, contents):
            found.setdefault((entry.path, entry.line or entry.name), entry)
    for name in sorted(filter(may_be_entry_point, contents), key=lambda name: (name.count("/"), name)):
        main = _main_in(name, contents[name].decode("utf-8", "replace"))
        if main is not None:
            found.setdefault((main.path, main.line or main.name), main)
    return tuple(found.values())[:ENTRIES]


def python_files(manifest: str, reference: str, names: frozenset[str]) -> Iterator[str]:
    """Yield the files that `package.module:function` can mean, relative to the manifest."""
    module = reference.partition(":")[0]
    if not re.fullmatch(r"[A-Za-z_][\w.]{0,200}", module):
        return
    folder, path = manifest.rpartition("/")[0], module.replace(".", "/")
    for base in ("", "src", "lib"):
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            if (name := _join(folder, _join(base, candidate))) in names:
                yield name


_MAIN = re.compile(
    r"(^|/)(main|__main__|manage|app|server|wsgi|asgi|cli|index|Main|App|Application|Program|AppDelegate|[A-Z]\w*App(lication)?)"
    r"\.(py|js|mjs|cjs|ts|tsx|jsx|go|rs|java|kt|swift|c|cc|cpp|ino|dart|rb|cs|php|ex)$"
)

_APPLICATION = r"^\w+\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?"
_MAINS = tuple(
    (frozenset(languages.split(", ")), re.compile(pattern, re.MULTILINE), why)
    for languages, pattern, why in (
        (
            "Python",
            _APPLICATION + r"(FastAPI|Flask|Starlette|Sanic|Quart|Typer|Celery|Litestar|get_[aw]sgi_application)\(",
            "makes an application",
        ),
        ("Python", r"^if __name__ == ['\"]__main__['\"]", "runs as a script"),
        ("JavaScript, TypeScript", r"^.{0,80}\b(app|server|httpServer|fastify|http)\.listen\(", "listens"),
        (
            "JavaScript, TypeScript",
            r"^.{0,60}\b(createRoot|hydrateRoot|createApp|registerRootComponent|AppRegistry\.registerComponent)\(",
            "starts an application",
        ),
        ("JavaScript, TypeScript", r"\A#!.*\b(node|deno|bun)\b", "runs as a script"),
        ("Go", r"^func main\(\)", "main"),
        ("Rust", r"^(?:pub )?(?:async )?fn main\(", "main"),
        ("Java, Kotlin", r"^.{0,40}(\bstatic void main\(|\bfun main\(|@SpringBootApplication)", "main"),
        ("Kotlin", r"^class \w{1,60}.{0,40}:\s*Application\(\)", "the application"),
        ("Swift", r"^@main\b|^@UIApplicationMain", "main"),
        ("C, C++", r"^(?:extern \"C\" )?(?:int|void)\s+(main|app_main|setup)\s*\(", "main"),
        ("Dart", r"^(?:Future<void>\s+|void\s+)?main\(", "main"),
        ("C#", r"^.{0,60}\bstatic\b.{0,40}\bMain\(|^.{0,40}WebApplication\.CreateBuilder\(", "main"),
    )
)


def _main_in(name: str, text: str) -> EntryPoint | None:
    language = language_of(name)
    for languages, pattern, why in _MAINS:
        match = pattern.search(text) if language in languages else None
        if match is not None:
            return EntryPoint(name, name, text.count("\n", 0, match.start()) + 1, why)
    if name.endswith("/__main__.py"):
        module = name.removesuffix("/__main__.py").removeprefix("src/").replace("/", ".")
        return EntryPoint(f"python -m {module}", name, 0, "runs as a module")
    return None


def _declared(manifest: Manifest, names: frozenset[str], contents: Mapping[str, bytes]) -> Iterator[EntryPoint]:
    if manifest.kind in ("pyproject", "setuptools"):
        for script in manifest.scripts:
            if re.fullmatch(r"[\w.]+:[\w.]+", script.command):
                why = f"script of {manifest.path}:{script.line}"
                path = next(python_files(manifest.path, script.command, names), "")
                line = _definition(contents.get(path, b""), script.command) if path else script.line
                yield EntryPoint(script.name, path or manifest.path, line, why)
    for fact in manifest.facts:
        if manifest.kind in ("npm", "cargo") and fact.name in ("bin", "main"):
            called, _, target = fact.value.rpartition(" = ")
            path = _join(manifest.path.rpartition("/")[0], target)
            path, line = (path, 0) if path in names else (manifest.path, fact.line)
            yield EntryPoint(
                called or manifest.name or target, path, line, f"{fact.name} of {manifest.path}:{fact.line}"
            )
        elif manifest.kind == "docker" and fact.name in ("cmd", "entrypoint"):
            yield EntryPoint(fact.value, manifest.path, fact.line, f"{fact.name} of the image")
        elif manifest.kind == "gradle" and fact.name.startswith("mainClass"):
            yield EntryPoint(fact.value, manifest.path, fact.line, fact.name)


def _definition(content: bytes, reference: str) -> int:
    """Return the line of `function` in `module:function`; 0 if it is not defined there."""
    name = re.escape(reference.partition(":")[2].partition(".")[0])
    text = content.decode("utf-8", "replace")
    match = re.search(rf"^(?:async )?(?:def|class) {name}\b|^{name}\s*[:=]", text, re.MULTILINE)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _join(folder: str, name: str) -> str:
    name = re.sub(r"^(\./)+", "", name)
    return f"{folder}/{name}" if folder and name else name
