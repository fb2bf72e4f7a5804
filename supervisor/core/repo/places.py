"""Tell in which folder a command runs, and whether the repo has what it names: commands for other repos fail here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from supervisor.core.repo.commands import LENGTH
from supervisor.domain.repo.facts import Manifest
from supervisor.regex import regex


class RepoContents(Struct, frozen=True):
    """What a repo has to run commands with."""

    names: frozenset[str]
    folders: frozenset[str]
    scripts: dict[str, frozenset[str]]  # of each package.json
    own: frozenset[str]  # names of its packages and images, in lower case


def contents_of(names: Iterable[str], manifests: Sequence[Manifest]) -> RepoContents:
    """Return what a repo with these files and manifests has."""
    files = frozenset(names)
    folders = set[str]()
    for name in files:
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    scripts = {
        it.path: frozenset(one.name for one in it.scripts) for it in manifests if it.kind == "npm" and not it.note
    }
    own = {
        called.lower().rpartition("/")[2].rpartition(":")[2]
        for it in manifests
        for called in (it.name, *(part.name for part in it.scripts if it.kind in ("pyproject", "setuptools")))
        if called
    }
    return RepoContents(files, frozenset(folders), scripts, frozenset(own))


def inside(folder: str) -> str | None:
    """Return the folder as a path from the root; None if it is not known, or not in the repo."""
    return _below("", folder)


def moved(lines: Iterable[tuple[str, int]], folder: str | None = "") -> Iterator[tuple[str, int]]:
    """Yield the commands of a script, each with the folder that `cd` before it chose: `cd web && npm test`.

    The folder of a fresh clone is the root. Below a folder that is unknown (`cd $DIR`), nothing is yielded.
    """
    cloned, made = "", set()
    here: str | None = folder
    for text, line in lines:
        if clone := _CLONE.match(text):
            cloned = clone[2] or clone[1]
        if new := _MKDIR.match(text):
            made.add(new[1])
        change = _CD.match(text)
        if change is None:
            if here is not None:
                yield (f"cd {here} && {text}" if here else text), line
            continue
        # A folder that was just made is none of the repo.
        top, _, rest = change[1].partition("/")
        there = rest if cloned and top == cloned else None if change[1] in made else _below(here, change[1])
        if not change[2]:
            here = there
        elif there is not None:
            yield (f"cd {there} && {change[2]}" if there else change[2]), line


def shell_lines(text: str, first: int) -> Iterator[tuple[str, int]]:
    """Yield the commands of a script with their lines. `first` is the number of the script's first line.

    Lines that end in a backslash are joined. Prompts are removed. If any line has a prompt, only such lines count.
    """
    lines = text.splitlines()
    transcript = any(line.lstrip().startswith(("$ ", "% ")) for line in lines)
    numbered = iter(enumerate(lines, first))
    for number, line in numbered:
        bare = line.strip()
        prompted = bare.startswith(("$ ", "% ", "> ", "❯ "))
        if not bare or bare.startswith("#") or (transcript and not prompted):
            continue
        command = bare[2:].strip() if prompted else bare
        while command.endswith(("\\", " `")):  # ` in PowerShell
            more = next(islice(numbered, 1), None)
            if more is None:
                break
            command = f"{command[:-1].rstrip()} {more[1].strip()}"[: 8 * LENGTH]
        yield _COMMENT.sub("", command), number


def check(command: str, repo: RepoContents) -> bool | None:
    """Return whether the repo has what the command needs: its file, script or manifest. None: nothing tells."""
    folder, known = "", None
    for part in re.split(r"&&|;|\|\|", command):
        words = [word for word in part.split() if not _BEFORE.fullmatch(word)]
        if not words:
            continue
        if words[0] == "cd":
            below = _below(folder, words[-1])
            if below is None:
                return None
            folder = below
            if folder and folder not in repo.folders:
                return None  # a submodule, or made by a build
            continue
        has = _has(words, folder, repo)
        if has is False:
            return False
        known = has or known
    return known


def call_of(manifest: Manifest, script: str) -> str:
    """Return the command that runs a script, target or task of a manifest, from the root of the repo."""
    if manifest.kind == "tox" and script == "testenv":
        return "tox"
    folder = manifest.path.rpartition("/")[0]
    if manifest.kind in ("pyproject", "setuptools"):
        return script  # Once the package is installed, the script runs in any folder.
    if manifest.kind == "procfile":
        return next((it.command for it in manifest.scripts if it.name == script), script)
    if manifest.kind in ("npm", "gradle"):
        runner = manifest.runner or "npm"
        if manifest.kind == "gradle":
            return f"{runner} {script}"
        direct = script in ("test", "start") or (runner in ("pnpm", "yarn") and script not in _OWN_COMMANDS)
        script = f"{runner} {'' if direct and (runner != 'bun') else 'run '}{script}"
        return f"cd {folder} && {script}" if folder else script
    return f"{f'cd {folder} && ' if folder else ''}{_CALLS.get(manifest.kind, '')}{script}"


_OWN_COMMANDS = frozenset(
    (
        *("add", "audit", "create", "deploy", "exec", "import", "info", "init", "install", "link", "list", "pack"),
        *("publish", "rebuild", "remove", "run", "setup", "unlink", "update", "upgrade", "version", "why"),
    )
)
_CALLS = {
    "make": "make ",
    "just": "just ",
    "task": "task ",
    "nox": "nox -s ",
    "tox": "tox -e ",
    "composer": "composer ",
    "mix": "mix ",
}
_COMMENT = regex(r"\s+#\s.*$")
_CLONE = regex(r"git clone\s.{0,400}?([\w.-]{1,100}?)(?:\.git)?/?['\"]?(?:\s+([\w.-]+))?\s*$")
_CD = regex(r"(?:cd|pushd)\s+['\"]?([^\s'\"&|;]+?)/?['\"]?(?:\s*(?:&&|;)\s*(.+))?$")
_MKDIR = regex(r"mkdir\s+(?:-p\s+)?([\w.-]+)\s*$")
_BEFORE = regex(r"\w+=\S*|sudo|time|exec|env|npx|\[?bundle|exec\]?|poetry|uv|pipenv")


def _below(folder: str | None, name: str) -> str | None:
    if folder is None or re.search(r"[$~<>{}*]|^/", name):
        return None
    parts = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


_MANIFESTS = {
    "cargo": ("Cargo.toml",),
    "mvn": ("pom.xml",),
    "gradle": ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"),
    "composer": ("composer.json",),
    "pio": ("platformio.ini",),
    "platformio": ("platformio.ini",),
    "flutter": ("pubspec.yaml",),
    "dart": ("pubspec.yaml",),
    "rspec": ("Gemfile",),
    "rake": ("Rakefile", "Gemfile"),
    "rails": ("Gemfile",),
    "idf.py": ("CMakeLists.txt",),
    "mix": ("mix.exs",),
    "go": ("go.mod", "go.work"),
    "tox": ("tox.ini", "pyproject.toml", "setup.cfg"),
    "nox": ("noxfile.py",),
    "make": ("Makefile", "GNUmakefile", "makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"),
    "buf": ("buf.yaml", "buf.gen.yaml", "buf.work.yaml"),
    "docker-compose": ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"),
}
_MAKE_MAKEFILES = ("configure", "configure.ac", "Makefile.am", "Makefile.in", "CMakeLists.txt")
_NODE = frozenset(("npm", "yarn", "pnpm", "bun"))
_BUILTIN = frozenset(
    (
        *("install", "i", "ci", "exec", "dlx", "x", "publish", "pack", "version", "audit", "create", "init", "update"),
        *("upgrade", "why", "login", "set"),
    )
)
_ENDINGS = (".py", ".js", ".ts", ".mjs", ".rb", ".php", ".sh", ".dart", ".pl")


def _has(words: list[str], folder: str, repo: RepoContents) -> bool | None:
    if re.fullmatch(r"python[\d.]*", words[0]) and words[1:3] == ["-m", "pip"]:
        words = words[2:]
    tool, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
    if tool == "docker" and rest[:1] == ["compose"]:
        tool, rest = "docker-compose", rest[1:]
    if tool in _NODE:
        return _has_script(tool, words, rest, folder, repo)
    if tool == "go" and rest[:1] == ["run"] and (file := next((it for it in rest if it.endswith(".go")), "")):
        return _below(folder, file) in repo.names
    if tool in _MANIFESTS:
        if any(word in ("-C", "-f", "--file", "--manifest-path", "-d", "--directory") for word in words):
            return None
        if any(_join(folder, name) in repo.names for name in _MANIFESTS[tool]):
            return True
        made = any(_join(folder, name) in repo.names for name in _MAKE_MAKEFILES) if tool == "make" else tool == "go"
        return None if made else False
    if re.match(r"(\./)?(vendor/bin|node_modules/\.bin)/", tool):
        return _join(folder, "composer.json" if "vendor" in tool else "package.json") in repo.names
    if tool.startswith("./") or ("/" in tool and re.fullmatch(r"[\w./-]+", tool) and not tool.startswith("/")):
        inside = _below(folder, tool)
        return inside in repo.names if inside else None
    if re.fullmatch(r"python[\d.]*|node|ruby|php|bash|sh|dart|deno|tsx|ts-node", tool) and rest:
        file = next((word for word in rest if word.endswith(_ENDINGS)), rest[0])
        return _join(folder, re.sub(r"^\./", "", file)) in repo.names if file.endswith(_ENDINGS) else None
    if re.fullmatch(r"pip[\d.]*", tool) or (tool == "install" and rest):
        return _has_requirements(words, rest, folder, repo)
    if tool == "docker" and rest[:1] == ["run"]:
        return any(re.split(r"[:@]", word.lower())[0].rpartition("/")[2] in repo.own for word in rest[1:])
    return None


def _has_script(tool: str, words: list[str], rest: list[str], folder: str, repo: RepoContents) -> bool | None:
    manifest = _join(folder, "package.json")
    if any(word.startswith(("--prefix", "--filter", "--workspace", "-w", "-F", "--cwd", "-C")) for word in words):
        return None
    if manifest not in repo.names:
        return False
    called = rest[1] if rest[:1] in (["run"], ["run-script"]) and len(rest) > 1 else rest[0] if rest else "install"
    if called in _BUILTIN or manifest not in repo.scripts:
        return called in ("install", "i", "ci") or None
    if {"t": "test", "tst": "test"}.get(called, called) in repo.scripts[manifest]:
        return True
    return False if tool == "npm" or rest[:1] == ["run"] else None


def _has_requirements(words: list[str], rest: list[str], folder: str, repo: RepoContents) -> bool | None:
    for at, word in enumerate(words[:-1]):
        if word in ("-r", "--requirement"):
            return _join(folder, re.sub(r"^\./", "", words[at + 1])) in repo.names
    named = [re.split(r"[\[=<>~!@;]", word.strip("'\"").lower())[0] for word in rest if word != "install"]
    return False if any(name in repo.own for name in named if name) else None


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
