"""Find entry points: those that manifests declare, and main functions in files with a typical name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from supervisor.core.repo.files import is_sample, is_test, language_of, left_out
from supervisor.core.repo.manifests.dotnet import is_solution, runs
from supervisor.domain.repo.facts import EntryPoint, Fact, Manifest
from supervisor.regex import regex

ENTRIES = 30


def may_be_entry_point(name: str) -> bool:
    """Return whether a file has a name that is typical of entry points."""
    if is_sample(name) or is_test(name) or name.endswith("build/main.rs"):  # what Cargo runs in front of a build
        return False
    return _MAIN.search(name) is not None or _PLAIN.fullmatch(name) is not None


def entry_points(
    names: frozenset[str], manifests: Sequence[Manifest], contents: Mapping[str, bytes]
) -> tuple[EntryPoint, ...]:
    """Return the entry points, declared ones first. `names` are all files, `contents` those that were read."""
    found: dict[tuple[str, object], EntryPoint] = {}
    runners = _flutter_runners(manifests, names)
    ran: set[str] = set()  # what images start, which are often built from several bases
    for manifest in manifests:
        if manifest.path.startswith(runners):
            continue
        for entry in _declared(manifest, names, contents):
            if manifest.kind == "docker":
                if entry.name in ran or _CHORE.match(entry.name):
                    continue
                ran.add(entry.name)
            if entry.line or not any(path == entry.path for path, _ in found):
                found.setdefault((entry.path, entry.line or entry.name), entry)
    starts = (name for name in contents if may_be_entry_point(name) and not name.startswith(runners))
    for name in sorted(starts, key=lambda name: (name.count("/"), name)):
        main = _main_in(name, contents[name].decode("utf-8", "replace"))
        if main is not None:
            declared = [entry for (path, _), entry in found.items() if path == name and not entry.line]
            for entry in declared:  # The manifest says which file it is, and the file where.
                found[name, entry.name] = replace(entry, line=main.line)
            if not declared:
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


_MAIN = regex(
    r"(^|/)(main|__main__|manage|app|server|wsgi|asgi|cli|index|Main|App|Application|Program|AppDelegate|[A-Z]\w*App(lication)?)"
    r"\.(py|js|mjs|cjs|ts|tsx|jsx|go|rs|java|kt|swift|c|cc|cpp|ino|dart|rb|cs|php|ex)$"
)

_PLAIN = regex(r"((public|web|htdocs|www|html)/)?index\.php|artisan|bin/console|config\.ru|run|start|serve|server")
"""Files that start something, and whose names alone are too common anywhere else."""

_CHORE = regex(r"\W*(/bin/)?(mv|cp|rm|ls|cat|echo|true|false|sleep|tail)\b(?!.*&&)")
"""What an image does that only builds, copies or waits."""

_APPLICATION = r"^\w+\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?"
_MAINS = tuple(
    (frozenset(languages.split(", ")), regex(pattern, re.MULTILINE), why)
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
        (
            "PHP",
            r"^(?:.{0,40}\brequire(?:_once)?\b|\$app\b).{0,200}\b(?:autoload|bootstrap|vendor|app)",
            "front controller",
        ),
        ("C#", r"^.{0,60}\bstatic\b.{0,40}\bMain\(|^.{0,40}WebApplication\.CreateBuilder\(", "main"),
    )
)


def _main_in(name: str, text: str) -> EntryPoint | None:
    language = language_of(name)
    for languages, pattern, why in _MAINS:
        match = pattern.search(text) if language in languages else None
        if match is not None:
            return EntryPoint(name, name, text.count("\n", 0, match.start()) + 1, why)
    if name == "config.ru" and (match := re.search(r"^run\b", text, re.MULTILINE)):
        return EntryPoint(name, name, text.count("\n", 0, match.start()) + 1, "the Rack application")
    if _PLAIN.fullmatch(name) and language is None and text.startswith("#!"):
        return EntryPoint(name, name, 1, "runs as a script")
    if name.endswith("/__main__.py"):
        module = name.removesuffix("/__main__.py").removeprefix("src/").replace("/", ".")
        return EntryPoint(f"python -m {module}", name, 0, "runs as a module")
    return None


def _flutter_runners(manifests: Sequence[Manifest], names: frozenset[str]) -> tuple[str, ...]:
    """Return the folders of the programs that Flutter makes for each platform: the app starts in lib/main.dart."""
    apps = (
        it.path.rpartition("/")[0]
        for it in manifests
        if it.kind == "pub" and any(one.name == "flutter" for one in it.dependencies)
    )
    return tuple(
        _join(app, f"{platform}/")
        for app in apps
        if _join(app, "lib/main.dart") in names
        for platform in ("android", "ios", "linux", "macos", "web", "windows")
    )


def _image_starts(manifest: Manifest) -> Iterator[Fact]:
    """Yield what starts in an image: in each of its stages the last entry point, or else the last command."""
    stage: dict[str, Fact] = {}
    for fact in (*manifest.facts, Fact("from", "", 0)):
        if fact.name == "from":
            if found := stage.get("entrypoint") or stage.get("cmd"):
                yield found
            stage = {}
        stage[fact.name] = fact


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
            if path not in names and fact.name == "main":
                continue  # It is built, or gone: nothing tells from what.
            path, line = (path, 0) if path in names else (manifest.path, fact.line)
            yield EntryPoint(
                called or manifest.name or target, path, line, f"{fact.name} of {manifest.path}:{fact.line}"
            )
        elif manifest.kind in ("gradle", "maven") and fact.name.startswith(("mainClass", "start-class")):
            path = class_file(fact.value, manifest.path.rpartition("/")[0], names)
            if path or _CLASS.fullmatch(fact.value):  # else it is computed
                line = 0 if path else fact.line
                yield EntryPoint(fact.value, path or manifest.path, line, f"{fact.name} of {manifest.path}:{fact.line}")
        elif manifest.kind == "android" and fact.name in ("application", "launcher"):
            if path := class_file(fact.value, manifest.path.partition("/src/")[0], names):
                yield EntryPoint(fact.value, path, 0, f"{fact.name} of {manifest.path}:{fact.line}")
        elif manifest.kind == "mix" and fact.name in ("application", "main_module"):
            if path := module_file(fact.value, manifest.path.rpartition("/")[0], names):
                yield EntryPoint(fact.value, path, 0, f"{fact.name} of {manifest.path}:{fact.line}")
        elif manifest.kind == "extension" and (path := page_file(fact.value, manifest.path, names)):
            yield EntryPoint(fact.name, path, 0, f"{fact.name} of {manifest.path}:{fact.line}")
    for fact in _image_starts(manifest) if manifest.kind == "docker" else ():
        yield EntryPoint(fact.value, manifest.path, fact.line, f"{fact.name} of the image")
    if manifest.kind == "gem" and (path := gem_file(manifest, names)):
        yield EntryPoint(manifest.name, path, 0, f"what {manifest.path} provides")
    if manifest.kind == "dotnet" and not is_solution(manifest) and runs(manifest):
        folder = manifest.path.rpartition("/")[0]
        if path := next((path for name in _PROGRAMS if (path := _join(folder, name)) in names), ""):
            yield EntryPoint(manifest.name, path, 0, f"the program of {manifest.path}")
    if manifest.kind == "npm":
        for script in manifest.scripts:
            ran = _NODE_FILE.search(script.command) if script.name in ("start", "serve", "dev") else None
            path = _join(manifest.path.rpartition("/")[0], ran[1]) if ran else ""
            if path in names and not is_sample(path):
                yield EntryPoint(script.name, path, 0, f"script of {manifest.path}:{script.line}")


def gem_file(manifest: Manifest, names: frozenset[str]) -> str:
    """Return the file that `require` loads for a gem; "" if it has another name than the gem."""
    folder = manifest.path.rpartition("/")[0]
    called = (f"lib/{manifest.name}.rb", f"lib/{manifest.name.replace('-', '/')}.rb")
    return next((path for it in called if manifest.name and (path := _join(folder, it)) in names), "")


_PROGRAMS = ("Program.cs", "Program.fs", "MauiProgram.cs", "App.xaml.cs")


def module_file(called: str, folder: str, names: frozenset[str]) -> str:
    """Return the source of a module of Elixir, named like it (`Shop.CLI`: `lib/shop/cli.ex`); "" if there is none."""
    path = "/".join(_SNAKE.sub("_", part).lower() for part in called.split("."))
    exact = _join(folder, f"lib/{path}.ex")
    return exact if exact in names else ""


_SNAKE = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def class_file(called: str, folder: str, names: frozenset[str]) -> str:
    """Return the source of a class of the JVM below a folder; "" if there is none, or more than one."""
    path = called.lstrip(".").replace("$", ".").replace(".", "/").removesuffix("Kt")  # a file of Kotlin, as a class
    found = [
        name
        for name in _by_stem(names).get(path.rpartition("/")[2], ())
        if name.endswith((f"/{path}.kt", f"/{path}.java", f"/{path}.scala", f"/{path}.groovy"))
        and name.startswith(f"{folder}/" if folder else "")
        and not is_test(name)
    ]
    return found[0] if len(found) == 1 else ""


def page_file(page: str, manifest: str, names: frozenset[str]) -> str:
    """Return the source of a script or a page of a browser extension; "" if nothing tells which one it is.

    The manifest may name what a build makes: then a source of the same name counts, if there is only one.
    """
    beside = _join(manifest.rpartition("/")[0], page)
    if beside in names and not page.endswith((".html", ".htm")):
        return beside
    sources = [
        name
        for name in _by_stem(names).get(page.rpartition("/")[2].rpartition(".")[0], ())
        if name.endswith((".ts", ".tsx", ".js", ".jsx", ".mjs", ".vue", ".svelte"))
        and not (is_test(name) or is_sample(name) or left_out(name))
    ]
    nearest = min((name.count("/") for name in sources), default=0)
    found = [name for name in sources if name.count("/") == nearest]
    return found[0] if len(found) == 1 else beside if beside in names else ""


@lru_cache(1)
def _by_stem(names: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.rpartition("/")[2].rpartition(".")[0], []).append(name)
    return found


_CLASS = regex(r"[a-z]\w*(\.\w+)+")
_NODE_FILE = regex(
    r"\b(?:node|nodemon|tsx|ts-node|bun(?: run)?)(?: -\S+| watch)* (?:\./)?([\w./-]+\.(?:js|mjs|cjs|ts|mts))\b"
)


def _definition(content: bytes, reference: str) -> int:
    """Return the line of `function` in `module:function`; 0 if it is not defined there."""
    name = re.escape(reference.partition(":")[2].partition(".")[0])
    text = content.decode("utf-8", "replace")
    match = re.search(rf"^(?:async )?(?:def|class) {name}\b|^{name}\s*[:=]", text, re.MULTILINE)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _join(folder: str, name: str) -> str:
    name = re.sub(r"^(\./)+", "", name)
    return f"{folder}/{name}" if folder and name else name
