"""Classify files by their names: their language, and whether somebody wrote them by hand in this repo."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from supervisor.regex import regex

KNOWN = 1 << 16
"""Names in the cache: documents, manifests, languages and tests ask about the same ones."""


class RepoFile(Struct, frozen=True):
    """A plain file of the work tree."""

    name: str
    size: int  # bytes


@lru_cache(KNOWN)
def language_of(name: str) -> str | None:
    """Return the language of a file by its name; None for documents, data, pictures and unknown files."""
    base = name.rpartition("/")[2].lower()
    if base in _BY_NAME:
        return _BY_NAME[base]
    if base.startswith(("dockerfile.", "containerfile.")):
        return "Dockerfile"
    return _BY_ENDING.get(base.rpartition(".")[2]) if "." in base[1:] else None


@lru_cache(KNOWN)
def left_out(name: str) -> str | None:
    """Return why a file is left out (a lock file, vendored, built, generated); None if it counts."""
    lower = name.lower()
    *folders, base = lower.split("/")
    if base in _LOCKS or base.endswith(".lock"):
        return "lock files"
    if any(folder in _VENDORED for folder in folders):
        return "vendored"
    if any(folder in _BUILT for folder in folders):
        return "built"
    if _GENERATED.search(lower):
        return "generated"
    return None


@lru_cache(KNOWN)
def is_test(name: str) -> bool:
    """Return whether a source file contains tests, by its name or its folder. Test data does not count."""
    return language_of(name) is not None and _TEST.search(name) is not None and _TEST_DATA.search(name) is None


def is_sample(name: str) -> bool:
    """Return whether a file is among tests, examples, templates or documents: it does not describe the repo itself."""
    # Packages of the JVM are folders, and `com.example` is no example.
    return _SAMPLES.search(_PACKAGES.sub(r"\1", name)) is not None


def _languages() -> dict[str, str]:
    table = """Python: py pyi pyx; JavaScript: js mjs cjs jsx; TypeScript: ts mts cts tsx; Go: go; Rust: rs; Java: java;
    Kotlin: kt kts; Swift: swift; Objective-C: m mm; C: c h; C++: cc cpp cxx hpp hh hxx ino ipp; C#: cs; F#: fs fsx;
    Visual Basic: vb; Ruby: rb rake gemspec; PHP: php; Dart: dart; Elixir: ex exs; Erlang: erl hrl; Scala: scala sc;
    Clojure: clj cljs cljc; Haskell: hs; OCaml: ml mli; Lua: lua; Perl: pl pm; R: r; Julia: jl; Zig: zig; Nim: nim;
    Groovy: groovy gradle; Shell: sh bash zsh fish; PowerShell: ps1 psm1; SQL: sql; HTML: html htm;
    CSS: css scss sass less;
    Vue: vue; Svelte: svelte; Astro: astro; Protocol Buffers: proto; GraphQL: graphql graphqls gql; Thrift: thrift;
    Terraform: tf hcl; Assembly: s asm; CMake: cmake; CUDA: cu cuh; Verilog: v sv; VHDL: vhd vhdl; Solidity: sol;
    Starlark: bzl star; Nix: nix; Device Tree: dts dtsi; GLSL: glsl vert frag; Elm: elm; Crystal: cr; D: d; Pascal: pas;
    Fortran: f90 f95 for; Templates: j2 jinja jinja2 ejs hbs erb mustache pug twig"""
    return {
        ending: name.strip()
        for part in table.split(";")
        for name, _, endings in [part.partition(":")]
        for ending in endings.split()
    }


_BY_ENDING = _languages()
_BY_NAME = {
    **dict.fromkeys(("dockerfile", "containerfile"), "Dockerfile"),
    **dict.fromkeys(("makefile", "gnumakefile"), "Make"),
    **dict.fromkeys(("rakefile", "gemfile", "podfile"), "Ruby"),
    **dict.fromkeys(("build.bazel", "build", "workspace"), "Starlark"),
    "cmakelists.txt": "CMake",
    "justfile": "Just",
    "jenkinsfile": "Groovy",
}
_LOCKS, _VENDORED, _BUILT = (
    frozenset(text.split())
    for text in (
        """package-lock.json npm-shrinkwrap.json go.sum go.work.sum pnpm-lock.yaml packages.lock.json package.resolved
        bun.lockb gradle.lockfile .terraform.lock.hcl podfile.lock conda-lock.yml""",
        """node_modules vendor vendored _vendor third_party thirdparty third-party 3rdparty external bower_components
        pods carthage site-packages .yarn managed_components jspm_packages godeps""",
        """dist out target .next .nuxt .gradle .dart_tool coverage htmlcov __pycache__ deriveddata .build _build
        cmake-build-debug .tox .venv venv .eggs .pio""",
    )
)
_GENERATED = regex(
    r"\.min\.(js|css|mjs)$|[._-]bundle\.js$|\.(js|css)\.map$|_pb2(_grpc)?\.pyi?$|\.pb(\.gw)?\.(go|cc|h|swift|dart)$"
    r"|_pb\.(js|ts|d\.ts)$|\.g\.dart$|\.freezed\.dart$|\.generated\.\w+$|\.designer\.cs$|_generated\.\w+$|\.tsbuildinfo$"
    r"|(^|/)(generated|__generated__|_generated|\.generated)/|(^|/)__snapshots__/|\.egg-info/"
    r"|(^|/)(gradlew(\.bat)?|mvnw(\.cmd)?)$"
    r"|(^|/)build/(lib|bdist|intermediates|classes|libs)[^/]*/|zz_generated[^/]*$|(^|/)\.pnp\.c?js$"
)
_TEST = regex(
    r"(^|/)(tests?|specs?|__tests__|e2e|integration[-_]tests?|test[-_]suite|androidTest|unittests?|[A-Za-z]+Tests)/"
    r"|(^|/)(test_|tests?\.)[^/]*$|[._-](test|tests|spec|e2e|cy)\.[^/.]+$|_(test|spec)\.[a-z]+$"
    r"|(Tests?|IT|Spec)\.(java|kt|swift|cs|scala|groovy|php)$"
)
_TEST_DATA = regex(r"(^|/)(testdata|fixtures?|data|__fixtures__|__mocks__|snapshots|resources)/", re.IGNORECASE)
_PACKAGES = regex(r"((?:^|/)src/main/(?:java|kotlin|scala|groovy)/).*")
_SAMPLES = regex(
    r"(^|/)(tests?|testing|fixtures?|testdata|([\w]+-)?examples?([_-]\w+)?|([\w]+-)?samples?|demos?|templates?|benchmarks?|docs?)/",
    re.IGNORECASE,
)
