"""Classify commands by their first words: `npm run test:unit` tests, `cargo fmt` formats."""

from __future__ import annotations

import re

from supervisor.core.repo.git.text import words
from supervisor.domain.repo.facts import Purpose
from supervisor.regex import regex

LENGTH = 160
"""Characters of a command that are shown."""


def quote(text: str, limit: int) -> str:
    """Return a text of a repo as one printable line without secrets, cut at `limit` characters."""
    return words(" ".join(text[: 8 * limit].split()).encode("utf-8", "replace"), limit)


def purpose_of(command: str) -> Purpose | None:
    """Return the purpose of a shell command, or None. Of several parts (`cd x && make test`), the last known one.

    A command with a blank to fill in (`${{ matrix.os }}`, `/path/to/it`) has none: it cannot be run as it stands.
    """
    if _BLANK.search(command[:1000]):
        return None
    found = None
    for part in _PARTS.split(command[:1000]):
        found = _of_part(part.split()[:12]) or found
    return None if found is Purpose.RELEASE and ("localhost" in command or "127.0.0.1" in command) else found


def is_bare_command(text: str) -> bool:
    """Return whether a text without marks of code is nothing but a command: a known tool, what it does, and names."""
    parts = text.split()
    known = 1 < len(parts) <= 8 and parts[1] in _SUBS.get(parts[0], ())
    return known and sum(part.isalpha() for part in parts[2:]) <= 1 and not text.endswith((".", ":", ","))


def purpose_of_name(name: str) -> Purpose | None:
    """Return the purpose of a script or target by its name (`test:unit`, `lint-fix`, `build_wheel`), or None.

    The first word decides, but for one that only says how (`run-tests`). After another verb (`downloadSpec`), a word
    names what the verb is about, and what an archive holds (`testsJar`) is not its purpose.
    """
    words = [
        word for word in re.split(r"[^a-z0-9]+", _HUMP.sub("-", name[:100]).lower()) if not word.isdigit() and word
    ]
    if not words or words[0] in _OTHER_VERBS or is_hook_name(name):
        return None
    if _ENDS.intersection(words[1:]):
        return None  # `docker-down`, `coverage-upload`, `psalm-update-baseline`
    if words[-1] in _PREPARES or {"deps", "dependencies"} & set(words[1:]):
        return Purpose.SETUP  # also `build-deps-ubuntu`
    if words == ["version"]:
        return None  # prints it, or raises it
    if len(words) > 1:
        words = [word for word in words if word != "all" or words[0] == "all"]  # `fix-all`: all of what?
    known = [_NAMES[word] for word in words if word in _NAMES]
    if words[-1] in _ARCHIVES and known[:1] != [Purpose.BUILD]:
        return None
    if words[-1] == "report" and known[:1] == [Purpose.RELEASE]:
        return None  # is sent somewhere
    if known[:1] == [Purpose.SETUP] and known[-1] is Purpose.RELEASE:
        return Purpose.RELEASE  # `prepare-release`
    if known[:1] == [Purpose.SETUP] and Purpose.TEST in known:
        return None  # prepares the tests, or tests the preparation
    if "check" in words and not set(words) <= {"check", "all", "ci"}:
        known = [_NAMES[word] for word in words if word in _NAMES and word != "check"] or [Purpose.LINT]
        known = [Purpose.LINT] if known[0] is Purpose.RELEASE else known  # looks at one
    if words[-1] in ("compile", "assemble") and _HUMP.search(name):
        return Purpose.BUILD  # `nativeTestCompile` of Gradle
    if len(known) > 1 and words[0] in _HOW:
        return known[1]
    return known[0] if known else None


def is_hook_name(name: str) -> bool:
    """Return whether npm or composer runs a script of this name by itself."""
    return _LIFECYCLE.match(name) is not None


_BLANK = regex(
    r"\$\{\{(?! ?env\.)|<[A-Za-z](?:[\w .-]{0,40}\w)?>|\bpath/to/|\.\.\./|/(home|Users)/\w*(user|name|you)"
    r"|(?<!\S)(\.\.\.|…)(?!\S)|=x{3,}\b|\[--?\w|\$[@\d*]",
    re.IGNORECASE,
)
_PARTS = regex(r"&&|\|\||;|\|")
_HUMP = regex(r"(?<=[a-z])(?=[A-Z])")
_OTHER_VERBS = frozenset(
    (
        *("download", "fetch", "clean", "remove", "delete", "stop", "kill", "print", "show", "list", "help", "open"),
        *("update", "upgrade", "view", "copy", "move", "rename", "migrate", "seed", "reset", "log", "wait", "not"),
        *("extract", "require"),
    )
)
_ENDS = frozenset(
    ("down", "stop", "clean", "cleanup", "baseline", "upload", "show", "open", "results", "logs", "kill", "remove")
)
"""Words that turn the rest of a name into what they are done to."""

_HOW = frozenset(("run", "start", "exec", "ci", "all", "up"))
_ARCHIVES = frozenset(("jar", "zip", "tar"))
_PREPARES = frozenset(("setup", "install", "bootstrap"))
_LIFECYCLE = regex(
    r"(pre|post)(install|pack|publish|version|prepare|test|build|start|stop)$|(pre|post)-[\w-]+-cmd$|auto-scripts$"
)
_GENERIC = frozenset(
    (
        *("generate", "check", "all", "up", "watch", "verify", "version", "image", "unit", "dev", "sync", "update"),
        "integration",
    )
)
_COMPUTED = regex(r"\w+=[\"']?(\$\(|`)")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=\S*$")


def _names() -> dict[str, Purpose]:
    names = {
        Purpose.TEST: "test tests spec specs e2e unittest unit integration coverage pytest jest vitest verify check",
        Purpose.LINT: "lint linting typecheck types codestyle mypy phpstan psalm eslint vet analyze clippy ruff tsc",
        Purpose.FORMAT: "fmt format formatting prettier black gofmt tidy reformat spotless",
        Purpose.BUILD: "build compile bundle dist all wheel package assemble sdist bdist image generate codegen proto",
        Purpose.RUN: "run start serve dev server watch up runserver preview develop",
        Purpose.SETUP: "install setup bootstrap deps init prepare prep venv sync env",
        Purpose.RELEASE: "release publish deploy upload version tag prerelease",
    }
    return {word: purpose for purpose, text in names.items() for word in text.split()}


_NAMES = _names()
_T, _L, _F, _B, _R, _S = Purpose.TEST, Purpose.LINT, Purpose.FORMAT, Purpose.BUILD, Purpose.RUN, Purpose.SETUP
_P = Purpose.RELEASE

# Runners have no purpose of their own: the command after them has.
_RUNNERS = {
    *("sudo", "npx", "bunx", "pnpx", "time", "exec", "env", "nice", "xvfb-run", "command", "cross-env"),
    *("dotenv", "wait-for-it", "retry"),
}
_RUNNER_PAIRS = {
    *(("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("hatch", "run"), ("pdm", "run"), ("rye", "run")),
    *(("bundle", "exec"), ("pnpm", "exec"), ("pnpm", "dlx"), ("yarn", "exec"), ("npm", "exec"), ("fvm", "exec")),
    *(("mise", "exec"), ("mise", "x"), ("asdf", "exec"), ("nix", "develop"), ("pixi", "run"), ("conda", "run")),
    *(("coverage", "run"), ("uv", "tool")),
}

_ALONE = {
    word: purpose
    for purpose, text in {
        _T: """pytest py.test tox nox jest vitest mocha ava karma rspec phpunit paratest pest ctest nosetests trial
        cypress tap bats busted""",
        _L: """flake8 pylint mypy pyright eslint tslint stylelint golangci-lint staticcheck ktlint detekt swiftlint
        rubocop shellcheck hadolint cpplint cppcheck clang-tidy clippy pre-commit lefthook bandit codespell tsc xo
        standard markdownlint actionlint basedpyright ty vulture deptry pydocstyle phpstan psalm phpcs rector credo
        biome oxlint jshint periphery brakeman standardrb""",
        _F: """black isort prettier gofmt goimports rustfmt clang-format swiftformat yapf autopep8 dprint php-cs-fixer
        phpcbf pint oxfmt""",
        _B: "cmake ninja meson webpack rollup esbuild tsup tsdown msbuild pyinstaller goreleaser",
        _R: "uvicorn gunicorn hypercorn daphne nodemon ts-node tsx foreman honcho waitress-serve puma",
        _P: "twine semantic-release bump2version bumpversion bump-my-version lerna",
    }.items()
    for word in text.split()
}


def _subs(**purposes: str) -> dict[str, Purpose]:
    return {word: Purpose(purpose) for purpose, text in purposes.items() for word in text.split()}


_SAMPLE = regex(r"(^|/)(examples?|samples?|demos?)/")
_DATABASE = "db:setup db:prepare"
_SUBS: dict[str, dict[str, Purpose]] = {
    "go": _subs(test="test", lint="vet", format="fmt", build="build install generate", run="run", setup="get mod"),
    "changeset": _subs(release="version publish tag"),
    "cargo": _subs(
        test="test nextest bench llvm-cov tarpaulin",
        lint="clippy check deny audit",
        format="fmt",
        build="build b doc install",
        run="run r",
        setup="fetch",
        release="publish release",
    ),
    "flutter": _subs(test="test drive", lint="analyze", format="format", build="build", run="run", setup="pub"),
    "dart": _subs(test="test", lint="analyze", format="format", build="compile", run="run", setup="pub"),
    "swift": _subs(test="test", build="build", run="run", setup="package"),
    "dotnet": _subs(test="test", format="format", build="build publish", run="run watch", setup="restore"),
    "mix": _subs(test="test", lint="credo dialyzer", format="format", build="compile release", setup="deps.get"),
    "bazel": _subs(test="test coverage", build="build", run="run"),
    "bazelisk": _subs(test="test", build="build", run="run"),
    "pio": _subs(test="test", lint="check", build="run", setup="pkg lib"),
    "platformio": _subs(test="test", lint="check", build="run", setup="pkg lib"),
    "idf.py": _subs(build="build", run="flash monitor", setup="set-target"),
    "west": _subs(test="twister", build="build", run="flash", setup="init update"),
    "arduino-cli": _subs(build="compile", run="upload"),
    "ruff": _subs(lint="check", format="format"),
    "docker": _subs(build="build buildx bake", run="run"),
    "podman": _subs(build="build", run="run"),
    "docker-compose": _subs(run="up", build="build"),
    "pip": _subs(setup="install"),
    "pip3": _subs(setup="install"),
    "pipx": _subs(setup="install"),
    "uv": _subs(setup="sync pip venv", build="build", release="publish"),
    "poetry": _subs(setup="install", build="build", release="publish version", lint="check"),
    "pdm": _subs(setup="install sync", build="build", release="publish"),
    "hatch": _subs(test="test", build="build", format="fmt", release="publish version", setup="env"),
    "pipenv": _subs(setup="install sync"),
    "bundle": _subs(setup="install"),
    "gem": _subs(build="build", release="push", setup="install"),
    "pod": _subs(setup="install"),
    "composer": _subs(setup="install", test="test"),
    "flask": _subs(run="run"),
    "rails": _subs(test="test", run="s server", setup=_DATABASE),
    "rake": _subs(test="test spec", build="build", release="release", setup=_DATABASE),
    "bin/rails": _subs(test="test", run="s server", setup=_DATABASE),
    "firebase": _subs(run="serve emulators:start", release="deploy"),
    "wrangler": _subs(run="dev", release="deploy publish"),
    "next": _subs(run="dev start", build="build", lint="lint"),
    "vite": _subs(run="dev preview serve", build="build"),
    "ng": _subs(test="test e2e", build="build", run="serve", lint="lint"),
    "nx": _subs(test="test affected:test", build="build", run="serve", lint="lint"),
    "turbo": _subs(test="test", build="build", run="dev", lint="lint"),
    "expo": _subs(run="start", build="build"),
    "react-native": _subs(run="start run-android run-ios"),
    "playwright": _subs(test="test", setup="install"),
    "gh": _subs(release="release"),
    "terraform": _subs(build="plan", format="fmt", lint="validate", setup="init", release="apply"),
    "buf": _subs(lint="lint breaking", build="build generate", format="format"),
    "deno": _subs(test="test", lint="lint", format="fmt", run="run", build="compile"),
    "zig": _subs(build="build", test="test", format="fmt", run="run"),
    "cabal": _subs(build="build", test="test", run="run"),
    "stack": _subs(build="build", test="test", run="run"),
    "sbt": _subs(test="test", build="compile package assembly", run="run"),
    "lein": _subs(test="test", run="run", build="uberjar"),
    "mdbook": _subs(build="build", run="serve"),
    "pre-commit": _subs(setup="install", lint="run"),
}
_MAVEN = _subs(
    test="test verify integration-test",
    build="package compile install spring-boot:build-image",
    run="spring-boot:run quarkus:dev exec:java jetty:run",
    release="deploy release:perform",
)
_MAKES = {"make", "just", "task", "gmake", "mage", "invoke", "inv", "doit", "earthly", "rake", "nmake"}
_NODE = {"npm", "yarn", "pnpm", "bun"}
_NODE_SUBS = _subs(
    setup="install ci i add link",
    test="test t tst",
    run="start",
    release="publish version",
    build="build pack",
    lint="lint",
)
_GRADLE = regex(r"(gradle|gradlew|gradlew\.bat)$")
_LOCAL_BIN = regex(r"(?:\./)?(?:vendor/bin|node_modules/\.bin|\.?venv/bin)/(?=\w)")
_INTERPRETERS = frozenset(("node", "ruby", "php", "bash", "sh", "zsh", "python", "python3", "perl"))
_INSTALLERS = frozenset(("pip", "setuptools", "wheel", "build", "poetry", "pipenv", "uv", "virtualenv", "twine", "pdm"))
_SCRIPT = regex(r"(\.{1,2}/|scripts?/|bin/|tools?/|hack/|ci/)\S+|\S+\.(sh|bash|ps1|bat|cmd)")
_PYTHON = regex(r"(python|py)([\d.]*)$")


def _of_part(parts: list[str]) -> Purpose | None:
    while parts:
        if _COMPUTED.match(parts[0]):
            return None  # What computes a variable says nothing about the repo.
        if parts[0] in _RUNNERS or _ASSIGNMENT.match(parts[0]) or (parts[0] == "run" and len(parts) > 1):
            parts = parts[1:]
        elif len(parts) > 2 and (parts[0], parts[1]) in _RUNNER_PAIRS:
            parts = parts[2:]
            if parts[0] == "pip":
                break
            while len(parts) > 1 and parts[0].startswith("-"):
                parts = parts[1:]
            if parts[0] == "build":
                return _B
            if parts[0] == "unittest":
                return _T
        else:
            break
    if not parts:
        return None
    tool, rest = (
        _LOCAL_BIN.sub("", parts[0].strip("`'\"()")),
        [word.strip("`'\"()") for word in parts[1:] if not word.startswith(("-", "+"))],
    )
    sub = rest[0] if rest else ""
    if tool in ("docker", "podman") and sub == "compose":
        tool, rest = "docker-compose", rest[1:]
        sub = rest[0] if rest else ""
    if tool in ("docker", "podman") and sub == "buildx" and rest[1:2] not in (["build"], ["bake"]):
        return None
    if tool in _INTERPRETERS and parts[1:2] in (["-e"], ["-c"]):
        return None  # a line of code
    if tool == "go" and sub in ("run", "get") and (len(rest) == 1 or "-u" in parts or any("@" in it for it in rest)):
        return None
    if tool == "gh" and rest[1:2] in (["delete"], ["view"], ["list"], ["download"]):
        return None
    if tool == "go" and sub == "mod":
        return _S if rest[1:2] and rest[1] in ("download", "tidy", "vendor") else None
    if tool in ("flutter", "dart") and sub in ("pub", "run") and len(rest) > 1:
        return _of_dart(rest[1:] if sub == "pub" else rest)
    if tool in ("poetry", "hatch") and sub == "version" and len(rest) == 1:
        return None  # prints it
    if tool == "git":
        return _S if rest[:2] == ["submodule", "update"] else None
    if tool == "xcodebuild":
        return _S if "-resolvePackageDependencies" in parts else _T if "test" in rest else _B
    if _adds(tool, sub, rest, parts):
        return None
    if tool in _NODE:
        if sub in ("run", "run-script"):
            return purpose_of_name(rest[1]) if len(rest) > 1 else None
        if tool == "yarn" and not sub and len(parts) == 1:
            return _S
        return _NODE_SUBS.get(sub) or (purpose_of_name(sub) if sub and tool != "npm" else None)
    if tool == "mix" and sub not in _SUBS["mix"]:  # an alias of the repo, or a task of a library
        return purpose_of_name(sub) if not re.match(r"(new|do|archive|local|deps|escript\.install)\b", sub) else None
    if tool in _MAKES and (tool != "task" or sub):
        if tool in _SUBS and sub in _SUBS[tool]:
            return _SUBS[tool][sub]
        named = [
            purpose for word in rest if not _ASSIGNMENT.match(word) and (purpose := purpose_of_name(word)) is not None
        ]
        return named[0] if named else None if rest else {"make": _B, "rake": _T}.get(tool)
    if _GRADLE.search(tool):
        return next(
            (purpose for word in rest if (purpose := purpose_of_name(word.rpartition(":")[2])) is not None), None
        )
    if tool == "java" and "-jar" in parts:  # what the repo built; else a tool
        return _R if re.match(r"(\./)?([\w-]+/)?(target|build/libs)/", sub) else None
    if tool in ("mvn", "mvnw", "./mvnw"):
        return next((_MAVEN[word] for word in reversed(rest) if word in _MAVEN), None)
    if _PYTHON.match(tool):
        return _of_python(parts[1:])
    if tool in _SUBS and sub in _SUBS[tool]:
        if tool == "ruff" and sub == "check" and "--fix" in parts:
            return _L
        return _SUBS[tool][sub]
    if tool in _ALONE:
        return _ALONE[tool]
    if tool in ("node", "bash", "sh", "zsh", "ruby", "php", "deno", "bun") and sub:
        if any(_SAMPLE.search(word) for word in rest) or sub[0].isdigit():
            return None
        if (inner := _LOCAL_BIN.match(sub)) is not None:
            return _of_part([sub[inner.end() :], *rest[1:]])
        if sub.rpartition("/")[2] in ("console", "artisan"):
            return purpose_of_name(rest[1]) if len(rest) > 1 and ":" not in rest[1] else None
        return _of_file(sub) or (_R if tool in ("node", "ruby", "php") else None)
    if _SCRIPT.fullmatch(tool):
        purpose = _of_file(tool)
        return purpose_of_name(sub) or purpose if purpose is _R and sub else purpose
    return None


def _of_dart(rest: list[str]) -> Purpose | None:
    if rest[0] in ("get", "upgrade"):
        return _S
    called = rest[1] if rest[0] == "run" and len(rest) > 1 else ""
    return _B if called == "build_runner" else _R if called.endswith(".dart") else None


def _adds(tool: str, sub: str, rest: list[str], parts: list[str]) -> bool:
    """Return whether the command installs a named package of others: that does not set up this repo."""
    if tool in _NODE:
        return sub in ("add", "link") or "--package-lock-only" in parts or (sub in ("install", "i") and len(rest) > 1)
    if tool == "pipx":
        return sub in ("install", "run")
    if tool in ("pip", "pip3") and sub == "install":
        return len(rest) > 1 and _INSTALLERS.issuperset(rest[1:])
    if tool in ("cargo", "go", "gem", "dotnet") and sub in ("install", "get", "tool"):
        if tool == "cargo" and len(rest) == 1 and "--path" not in parts:
            return True  # of what?
        own = tool == "go" and all(word.startswith((".", "get", "install")) for word in rest)
        return len(rest) > 1 and "--path" not in parts and not own
    return False


def _of_file(path: str) -> Purpose | None:
    """Return the purpose of a script by its file name. Of a long name, a word that fits anything says nothing."""
    stem = path.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    first = re.split(r"[^a-z0-9]+", stem.lower())[0]
    return None if first in _GENERIC and first != stem.lower() else purpose_of_name(stem)


def _of_python(rest: list[str]) -> Purpose | None:
    bare = [word for word in rest if word not in ("-u", "-W", "-B", "-I", "error", "-X", "dev")]
    if len(bare) > 1 and bare[0] == "-m":
        module = bare[1]
        if module == "build":
            return _B
        if module in ("unittest", "pytest", "doctest"):
            return _T
        return _S if module == "venv" else _of_part(bare[1:]) or (None if module == "pip" else _R)
    if bare and bare[0].endswith(".py"):
        name = bare[0].rpartition("/")[2]
        if name in ("setup.py", "manage.py"):
            return purpose_of_name(bare[1]) if len(bare) > 1 else None
        return _of_file(name) or _R
    return None
