"""Ordinary lines of build and test output: what tools print here, and what others print, made up with hashes and ids.

Nothing of it is kept in the repository.
"""

from __future__ import annotations

import base64
import random
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

SECONDS = 120.0  # for one tool


def ordinary(count: int, *, seed: int = 0, tools: bool = True) -> list[str]:
    """Return `count` lines; about half of them printed by real tools, unless `tools` is off."""
    rng = random.Random(seed)
    real = list(islice(_real(), count // 2)) if tools else []
    made = (line for _ in iter(int, 1) for make in _MADE for line in make(rng))
    return real + list(islice(made, count - len(real)))


def _real() -> Iterator[str]:
    """Yield what tools print about this checkout and its environment, up to a few thousand lines each."""
    root = Path(__file__).parent.parent.parent
    site = Path(sysconfig.get_paths()["purelib"])
    python = sys.executable
    for command in (
        ["git", "log", "--stat", "-n", "1500"],
        ["git", "log", "--format=%H %T %P %an %ad %s"],
        [python, "-v", "-c", "import supervisor.cli.main, pytest, hypothesis"],
        [python, "-m", "pip", "list", "-v"],
        [python, "-m", "pip", "inspect"],
        [python, "-m", "pytest", "--collect-only", "-q", "tests/core", "tests/wire"],
        [python, "-m", "ruff", "check", "--select", "ALL", "--exit-zero", "--output-format", "concise", "supervisor"],
        [python, "-m", "mypy", "-v", "supervisor/errors.py"],
        ["ls", "-laR", str(site)],
        ["cat", *map(str, sorted(site.glob("*.dist-info/RECORD"))[:40])],
        ["env", "LC_ALL=C", "gcc", "-v", "-E", "-x", "c", "/dev/null"],
        ["npm", "config", "ls", "-l"],
        ["dpkg", "-l"],
    ):
        try:
            done = subprocess.run(
                command, cwd=root, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue  # this machine has no such tool
        lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
        yield from (line for line in lines[:6000] if len(line) < 4000)


_WORDS = (
    *("parser", "token", "lexer", "session", "cache", "index", "auth", "login", "user", "secret", "key", "value"),
    *("signature", "header", "cookie", "password", "handler", "request", "response", "client", "server", "worker"),
    *("queue", "event", "buffer", "config", "model", "view", "table", "field", "type", "module", "package", "plugin"),
)
_PACKAGES = (
    "react",
    "webpack",
    "express",
    "left-pad",
    "chalk",
    "debug",
    "semver",
    "jsonwebtoken",
    "cookie",
    "passport",
)
_CRATES = (
    "serde",
    "tokio",
    "rand",
    "hyper",
    "regex",
    "syn",
    "quote",
    "log",
    "secrecy",
    "jsonwebtoken",
    "password-hash",
)


def _hash(rng: random.Random, size: int) -> str:
    return rng.randbytes(size).hex()


def _base64(rng: random.Random, size: int) -> str:
    return base64.b64encode(rng.randbytes(size)).decode()


def _npm(rng: random.Random) -> Iterator[str]:
    name, version = rng.choice(_PACKAGES), f"{rng.randint(0, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}"
    yield f'    "node_modules/{name}": {{'
    yield f'      "version": "{version}",'
    yield f'      "resolved": "https://registry.npmjs.org/{name}/-/{name}-{version}.tgz",'
    yield f'      "integrity": "sha512-{_base64(rng, 64)}",'
    yield f"npm http fetch GET 200 https://registry.npmjs.org/{name} {rng.randint(10, 900)}ms (cache hit)"
    yield f"npm warn deprecated {name}@{version}: this version has a problem with its {rng.choice(_WORDS)}s, use {version}1"


def _cargo(rng: random.Random) -> Iterator[str]:
    name = rng.choice(_CRATES)
    yield f"   Compiling {name} v1.{rng.randint(0, 99)}.{rng.randint(0, 9)}"
    yield f'checksum = "{_hash(rng, 32)}"'
    yield f"     Running unittests src/lib.rs (target/debug/deps/{name}-{_hash(rng, 8)})"
    yield f"test {rng.choice(_WORDS)}::tests::{rng.choice(_WORDS)}_{rng.choice(_WORDS)}_round_trip ... ok"
    yield f"warning: unused variable: `{rng.choice(_WORDS)}_{rng.choice(_WORDS)}`"
    yield f"   --> src/{rng.choice(_WORDS)}/{rng.choice(_WORDS)}.rs:{rng.randint(1, 900)}:{rng.randint(1, 80)}"


def _pip(rng: random.Random) -> Iterator[str]:
    name = rng.choice(_WORDS)
    yield f"Collecting {name}>={rng.randint(1, 9)}.{rng.randint(0, 9)}"
    yield f"  Downloading {name}-{rng.randint(1, 9)}.0-py3-none-any.whl.metadata ({rng.randint(1, 99)} kB)"
    yield f"{name}==1.{rng.randint(0, 9)} --hash=sha256:{_hash(rng, 32)}"
    yield f"  Created wheel for {name}: filename={name}-1.0-py3-none-any.whl size={rng.randint(999, 99999)} sha256={_hash(rng, 32)}"
    yield f"  Stored in directory: /home/ada/.cache/pip/wheels/{_hash(rng, 1)}/{_hash(rng, 1)}/{_hash(rng, 30)}"
    yield f"{name}/__init__.py,sha256={_base64(rng, 32).replace('+', '-').replace('/', '_').rstrip('=')},{rng.randint(1, 9999)}"


def _gradle(rng: random.Random) -> Iterator[str]:
    name = rng.choice(_WORDS).title()
    yield f"> Task :{rng.choice(_WORDS)}:compile{name}Java UP-TO-DATE"
    yield f"com.example.{rng.choice(_WORDS)}.{name}Test > keeps{rng.choice(_WORDS).title()}Order() PASSED"
    yield f"    at com.example.{rng.choice(_WORDS)}.{name}Service.handle{name}({name}Service.java:{rng.randint(1, 900)})"
    yield f"Build cache key for task ':{rng.choice(_WORDS)}:test' is {_hash(rng, 16)}"
    yield f"[INFO] Downloading from central: https://repo.maven.apache.org/maven2/org/{rng.choice(_WORDS)}/{name}/1.0/x.pom.sha1"


def _docker(rng: random.Random) -> Iterator[str]:
    yield f"#{rng.randint(1, 30)} [stage-1 {rng.randint(1, 9)}/9] RUN pip install --no-cache-dir -r requirements.txt"
    yield f" => => sha256:{_hash(rng, 32)} {rng.randint(1, 30)}.{rng.randint(10, 99)}MB / 30.00MB"
    yield f"Digest: sha256:{_hash(rng, 32)}"
    yield f" ---> {_hash(rng, 6)}"
    yield f"ghcr.io/example/{rng.choice(_WORDS)}@sha256:{_hash(rng, 32)}"


def _pytest(rng: random.Random) -> Iterator[str]:
    one, two = rng.choice(_WORDS), rng.choice(_WORDS)
    yield f"tests/test_{one}.py::test_{two}_is_kept[{_hash(rng, 4)}-{one}] PASSED [ {rng.randint(1, 99)}%]"
    yield f"E       AssertionError: assert '{_hash(rng, 20)}' == '{_hash(rng, 20)}'"
    yield f"E       assert {one} == {{'id': '{uuid.UUID(bytes=rng.randbytes(16))}', 'n': {rng.randint(1, 99)}}}"
    yield f"    data = b64decode('{_base64(rng, rng.randint(12, 90))}')"
    yield f"{one}.py:{rng.randint(1, 900)}: in test_{two}"
    yield f"FAILED tests/test_{one}.py::test_{one}_{two} - KeyError: '{two}'"
    yield f"  {_base64(rng, 45)}"


def _logs(rng: random.Random) -> Iterator[str]:
    now = f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:07.{rng.randint(0, 999):03}Z"
    one, two = rng.choice(_WORDS), rng.choice(_WORDS)
    yield f"{now} INFO  {one}.{two} - handled request id={uuid.UUID(bytes=rng.randbytes(16))} in {rng.randint(1, 900)} ms"
    yield f'{{"ts":"{now}","level":"info","trace":"{_hash(rng, 16)}","span":"{_hash(rng, 8)}","msg":"{one} {two}"}}'
    yield f"{now} DEBUG tokens used: {rng.randint(1, 99999)} (max_tokens={rng.randint(1, 9999)}, {one} limit {rng.randint(1, 99)})"
    yield f"{now} WARN  the {one} of {two} has expired; password authentication is disabled, see the {two} file"
    yield f"commit {_hash(rng, 20)}"
    yield f"index {_hash(rng, 5)[:7]}..{_hash(rng, 5)[:7]} 100644"
    yield f"Merge branch '{one}-{two}' of github.com:example/{one} into main"
    yield f"  {_hash(rng, 16)}  ./build/{one}/{two}-{_hash(rng, 4)}.js"
    yield f"key: {one}-{rng.choice(('linux', 'darwin'))}-{_hash(rng, 32)}"
    yield f'etag: "{_hash(rng, 16)}"'


def _make(rng: random.Random) -> Iterator[str]:
    one, two = rng.choice(_WORDS), rng.choice(_WORDS)
    yield f"gcc -O2 -Wall -I./include -D{one.upper()}_{two.upper()}=1 -c src/{one}_{two}.c -o build/{one}_{two}.o"
    yield f"src/{one}.c:{rng.randint(1, 900)}:{rng.randint(1, 80)}: warning: unused parameter ‘{two}’ [-Wunused-parameter]"
    yield f"make[{rng.randint(1, 3)}]: Entering directory '/home/ada/src/{one}/{two}'"
    yield f"checking for {one}_{two} in -l{two}... yes"
    yield f"[{rng.randint(1, 99):3}%] Building CXX object src/CMakeFiles/{one}.dir/{two}.cpp.o"
    yield f"{one}/{two}.go:{rng.randint(1, 900)}:{rng.randint(1, 80)}: undefined: {two}.New{one.title()}"
    yield f"ok  \tgithub.com/example/{one}/{two}\t0.{rng.randint(10, 999)}s"
    yield f"github.com/example/{one} v1.{rng.randint(0, 99)}.0/go.mod h1:{_base64(rng, 32)}"


_MADE = (_npm, _cargo, _pip, _gradle, _docker, _pytest, _logs, _make)
