"""Manifests of each kind yield their values with lines. Malformed and hostile ones yield a note."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.repo.manifests import kind_of, read_manifest
from supervisor.domain.repo.facts import (
    Dependency,
    Fact,
    Manifest,
    Purpose,
    Script,
)
from tests.core.repo.junk import junk

PYPROJECT = b"""\
[build-system]
build-backend = "hatchling.build"

[project]
name = "thing"
version = "1.2"
requires-python = ">=3.11"
dependencies = [
  "httpx[http2]>=0.27; python_version > '3'",
]

[project.scripts]
thing = "thing.cli:main"

[dependency-groups]
dev = ["pytest>=8"]

[tool.poe.tasks]
lint = "ruff check ."
"""

PACKAGE = b"""\
{
  "name": "web",
  "version": "2.0.0",
  "main": "index.js",
  "scripts": {
    "test": "vitest run",
    "start": "node index.js"
  },
  "dependencies": {
    "ws": "^8"
  },
  "devDependencies": {
    "vitest": "^1"
  },
  "engines": {"node": ">=20"}
}
"""

CARGO = b"""\
[package]
name = "fw"
version = "0.1.0"
edition = "2021"

[dependencies]
serde = { version = "1" }
"""

MAKEFILE = b"""\
CC := gcc
.PHONY: test lint

test: build
\t@pytest -q
lint:
\techo x
\truff check .
out/a.o: a.c
\tcc a.c
"""

POM = b"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <groupId>org.x</groupId>
  <artifactId>server</artifactId>
  <version>1.0</version>
  <dependencies>
    <dependency>
      <groupId>junit</groupId>
      <artifactId>junit</artifactId>
      <scope>test</scope>
    </dependency>
  </dependencies>
</project>
"""


@pytest.mark.parametrize(
    ("path", "content", "manifest"),
    [
        (
            "pyproject.toml",
            PYPROJECT,
            Manifest(
                "pyproject.toml",
                "pyproject",
                "thing",
                "1.2",
                (
                    Script("thing", "thing.cli:main", None, 13),
                    Script("lint", "ruff check .", Purpose.LINT, 19),
                ),
                (Dependency("httpx", ">=0.27", False, 9), Dependency("pytest", ">=8", True, 16)),
                (Fact("python", ">=3.11", 7), Fact("build backend", "hatchling.build", 2)),
            ),
        ),
        (
            "web/package.json",
            PACKAGE,
            Manifest(
                "web/package.json",
                "npm",
                "web",
                "2.0.0",
                (Script("test", "vitest run", Purpose.TEST, 6), Script("start", "node index.js", Purpose.RUN, 7)),
                (Dependency("ws", "^8", False, 10), Dependency("vitest", "^1", True, 13)),
                (Fact("node", ">=20", 15), Fact("main", "index.js", 4)),
            ),
        ),
        (
            "pom.xml",
            POM,
            Manifest("pom.xml", "maven", "org.x:server", "1.0", (), (Dependency("junit:junit", "", True, 8),)),
        ),
        (
            "Cargo.toml",
            CARGO,
            Manifest(
                "Cargo.toml",
                "cargo",
                "fw",
                "0.1.0",
                (),
                (Dependency("serde", "1", False, 7),),
                (Fact("edition", "2021", 4),),
            ),
        ),
        (
            "go.mod",
            b"module x.org/y\n\ngo 1.22\n\nrequire (\n\ta.org/b v1.0.0\n\tc.org/d v2.0.0 // indirect\n)\n",
            Manifest(
                "go.mod",
                "go",
                "x.org/y",
                "",
                (),
                (Dependency("a.org/b", "v1.0.0", False, 6),),
                (Fact("go", "1.22", 3),),
            ),
        ),
        (
            "setup.py",
            b"from setuptools import setup\nsetup(\n  name='old',\n  version='3',\n  install_requires=['six>=1'],\n)\n",
            Manifest("setup.py", "setuptools", "old", "3", (), (Dependency("six", ">=1", False, 5),)),
        ),
        (
            "Makefile",
            MAKEFILE,
            Manifest(
                "Makefile",
                "make",
                scripts=(Script("test", "pytest -q", Purpose.TEST, 4), Script("lint", "ruff check .", Purpose.LINT, 6)),
            ),
        ),
        (
            "compose.yaml",
            b"services:\n  api:\n    build: ./api\n    ports: ['8080:80']\n  db:\n    image: postgres:16\n",
            Manifest(
                "compose.yaml",
                "compose",
                facts=(
                    Fact("service", "api, build ./api, ports 8080:80", 2),
                    Fact("service", "db, image postgres:16", 5),
                ),
            ),
        ),
        (
            "Dockerfile",
            b"FROM python:3.12\nRUN x\nEXPOSE 8080\n",
            Manifest("Dockerfile", "docker", facts=(Fact("from", "python:3.12", 1), Fact("expose", "8080", 3))),
        ),
    ],
)
def test_a_manifest_gives_what_it_declares_and_where(path: str, content: bytes, manifest: Manifest) -> None:
    assert read_manifest(path, content) == manifest


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (96 + n, 96 + n, b",".join([b"*%c" % (95 + n)] * 9)) for n in range(2, 10)
)


@pytest.mark.parametrize(
    ("path", "content", "note"),
    [
        ("pyproject.toml", b"[project", "it is not TOML"),
        ("pyproject.toml", b"a=" + b"[" * 5000, "it is nested too deep"),
        ("package.json", b"{" * 50_000, "it is not JSON"),
        ("package.json", b"[]", "it is not a JSON object"),
        ("package.json", b'{"a":"' + b"x" * (10 << 20) + b'"}', "it is larger than 512 KiB"),
        ("package.json", b'{"version": ' + b"9" * 5000 + b"}", "it is not JSON"),
        ("pom.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "it defines entities"),
        ("pom.xml", b"<a>" * 1000, "it is nested too deep"),
        ("pom.xml", b"\xff\xfe\xff", "it is not XML"),
        ("compose.yml", b"services: " + b"[" * 40_000, "it is nested too deep"),
        ("compose.yml", b"services: {a: b\n", "it is not YAML (line 2)"),
        ("compose.yml", b"#" * 60_000, "it is larger than 48 KiB"),
        ("pubspec.yaml", BOMB, "its aliases make it too large"),
    ],
)
def test_a_malformed_or_hostile_manifest_yields_a_note(path: str, content: bytes, note: str) -> None:
    assert read_manifest(path, content) == Manifest(path, kind_of(path) or "", note=f"cannot be read: {note}")


def test_long_lists_are_cut_and_the_rest_is_counted() -> None:
    content = b"".join(b"dep%d==1\n" % number for number in range(100))
    manifest = read_manifest("requirements.txt", content)
    assert (len(manifest.dependencies), manifest.more) == (80, 20)


def test_a_secret_in_a_script_is_cut_out() -> None:
    manifest = read_manifest("package.json", b'{"scripts": {"x": "curl https://ada:pa55@host"}}')
    assert manifest.scripts[0].command == "curl https://host"


NAMES = (
    *("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "tox.ini", "noxfile.py", "package.json"),
    *("Cargo.toml", "go.mod", "pom.xml", "build.gradle", "pubspec.yaml", "Package.swift", "Gemfile", "x.gemspec"),
    *("composer.json", "x.csproj", "Makefile", "justfile", "Taskfile.yml", "CMakeLists.txt", "platformio.ini"),
    *("Dockerfile", "compose.yml", ".nvmrc", ".tool-versions"),
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), content=junk)
def test_whatever_a_manifest_holds_it_is_read_or_noted(name: str, content: bytes) -> None:
    manifest = read_manifest(name, content)
    assert (manifest.path, manifest.kind) == (name, kind_of(name))
    texts = [manifest.name, manifest.version, *(one.name + one.command for one in manifest.scripts)]
    texts += [*(one.name + one.version for one in manifest.dependencies), *(one.value for one in manifest.facts)]
    assert all(text.isprintable() for text in texts)
