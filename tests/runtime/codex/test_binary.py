"""Find codex, and refuse programs that are not a usable codex."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys
import time
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from supervisor.errors import CodexError
from supervisor.runtime.codex import version as codex_version
from supervisor.runtime.codex.binary import GET_CODEX, locate
from supervisor.runtime.codex.version import Codex, Versions

pytestmark = pytest.mark.timeout(10)
MACHINE = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
TRIPLE = "some-unknown-triple"


def program(path: Path, script: str = "echo codex-cli 0.163.0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system without codex. The folder is the only one on PATH."""
    monkeypatch.delenv("ORCH_CODEX_BIN", raising=False)
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "codex_cli_bin", None)
    return folder


# ── finding it ───────────────────────────────────────────────────────────────────────────────────


def test_the_environment_wins_over_config_path_and_package(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = ModuleType("codex_cli_bin")
    packaged.bundled_codex_path = lambda: tmp_path / "packaged"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "codex_cli_bin", packaged)
    assert locate(None) == tmp_path / "packaged"
    on_path = program(bare / "codex")
    assert locate(None) == on_path
    configured = program(tmp_path / "configured")
    assert locate(str(configured)) == configured
    given = program(tmp_path / "given")
    monkeypatch.setenv("ORCH_CODEX_BIN", str(given))
    assert locate(str(configured)) == given
    monkeypatch.setenv("ORCH_CODEX_BIN", "")
    assert locate(str(configured)) == configured


def test_a_name_is_looked_up_on_path_and_a_home_is_followed(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program(bare / "codex-nightly")
    assert locate("codex-nightly") == named
    monkeypatch.setenv("HOME", str(tmp_path))
    at_home = program(tmp_path / "bin" / "codex")
    assert locate("~/bin/codex") == at_home


def test_the_error_for_a_missing_program_says_where_it_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").write_text("", encoding="utf-8")
    for given in (f"{tmp_path}/gone", f"{tmp_path}/text", str(tmp_path), "no-such-codex"):
        with pytest.raises(CodexError) as error:
            locate(given)
        assert str(error.value) == (
            f"codex.bin in the config names {given}, which is not a program: "
            "correct or remove it, then `orch down`, `orch up`"
        )
    monkeypatch.setenv("ORCH_CODEX_BIN", "no-such-codex")
    with pytest.raises(CodexError, match="ORCH_CODEX_BIN names no-such-codex, which is not a program"):
        locate(None)


def test_a_system_without_codex_says_how_to_get_it() -> None:
    with pytest.raises(CodexError) as error:
        locate(None)
    assert str(error.value) == f"there is no codex on PATH: {GET_CODEX}"


def test_a_package_without_its_binary_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise FileNotFoundError("no bundled codex")

    packaged = ModuleType("codex_cli_bin")
    packaged.bundled_codex_path = missing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "codex_cli_bin", packaged)
    with pytest.raises(CodexError, match="there is no codex on PATH"):
        locate(None)


# ── npm's wrapper ────────────────────────────────────────────────────────────────────────────────


def npm(tmp_path: Path, bare: Path) -> Path:
    """npm's global layout: the package folder, and a link to its wrapper as `codex` on PATH."""
    package = tmp_path / "lib" / "node_modules" / "@openai" / "codex"
    program(package / "bin" / "codex.js")
    (bare / "codex").symlink_to(package / "bin" / "codex.js")
    return package


@pytest.mark.parametrize(
    "place",
    [
        f"../codex-{platform.system().lower()}-{MACHINE}/vendor/{TRIPLE}/bin/codex",
        f"node_modules/@openai/codex-{platform.system().lower()}-{MACHINE}/vendor/{TRIPLE}/bin/codex",
        f"node_modules/@openai/codex-{platform.system().lower()}-{MACHINE}/vendor/{TRIPLE}/codex/codex",
        f"vendor/{TRIPLE}/codex/codex",
    ],
)
def test_behind_the_wrapper_of_npm_the_native_binary_is_taken(tmp_path: Path, bare: Path, place: str) -> None:
    package = npm(tmp_path, bare)
    native = program(Path(os.path.normpath(package / place)))
    program(package.parent / "codex-other-cpu" / "vendor" / TRIPLE / "bin" / "codex")
    assert locate(None) == native
    assert locate(str(bare / "codex")) == native


def test_a_wrapper_without_a_native_binary_is_an_error(tmp_path: Path, bare: Path) -> None:
    npm(tmp_path, bare)
    with pytest.raises(CodexError) as error:
        locate(None)
    assert str(error.value) == (
        f"{bare}/codex is npm's wrapper, but there is no native binary behind it: "
        "reinstall it: `npm install -g @openai/codex`"
    )


# ── asking it ────────────────────────────────────────────────────────────────────────────────────


def check(path: Path) -> Codex:
    return asyncio.run(Versions().check(path))


@pytest.mark.parametrize(
    ("says", "version"),
    [("codex-cli 0.163.0", "0.163.0"), ("codex-cli 1.0.0-beta.2", "1.0.0"), ("codex-cli 0.1000.7", "0.1000.7")],
)
def test_a_codex_that_is_new_enough_is_accepted(tmp_path: Path, says: str, version: str) -> None:
    path = program(tmp_path / "codex", f"[ $# = 1 ] && [ $1 = --version ] && echo '{says}'")
    assert check(path) == Codex(path, version)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo codex-cli 0.162.9", "codex 0.162.9 (PATH) is too old: update it to 0.163.0 or newer"),
        ("echo hello; exit 1", "`PATH --version` is not codex (it says: hello)"),
        ("echo oh no >&2", "`PATH --version` is not codex (it says: oh no)"),
        ("echo codex-cli 0.163.0; exit 3", "`PATH --version` is not codex (it says: codex-cli 0.163.0)"),
        ("printf '\\377'", "`PATH --version` is not codex (it says: \ufffd)"),
        ("exit 0", "`PATH --version` is not codex (it says: nothing)"),
        ("kill -9 $$", "`PATH --version` is not codex (it says: nothing)"),
    ],
)
def test_an_unusable_codex_is_an_error(tmp_path: Path, script: str, words: str) -> None:
    path = program(tmp_path / "codex", script)
    with pytest.raises(CodexError) as error:
        check(path)
    assert str(error.value).replace(str(path), "PATH").startswith(words)


def test_a_program_that_cannot_run_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "codex"
    broken.write_bytes(b"\x7fELF, but not really")
    broken.chmod(0o755)
    with pytest.raises(CodexError, match=r"codex cannot be run \(Exec format error\): install it"):
        check(broken)
    with pytest.raises(CodexError, match=r"gone cannot be run \(No such file or directory\): install it"):
        check(tmp_path / "gone")


@pytest.mark.parametrize(
    "script", ["exec sleep 60", "sleep 60", "sleep 60 & wait", "sleep 60 &", "while :; do :; done"]
)
def test_a_codex_that_hangs_is_killed_in_time_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(codex_version, "VERSION_TIMEOUT", 0.2)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    path = program(tmp_path / "codex", f"echo $$ > {tmp_path}/pid\n{script}")
    began = time.monotonic()
    with pytest.raises(CodexError) as error:
        check(path)
    assert str(error.value) == f"`{path} --version` did not answer within 0.2 s: {GET_CODEX}"
    assert time.monotonic() - began < 5
    group = int((tmp_path / "pid").read_text(encoding="utf-8"))
    while time.monotonic() - began < 5 and living(group):
        time.sleep(0.01)
    assert living(group) == []


def living(group: int) -> list[int]:
    """The processes of a group that are not zombies."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one.pid)
    return found


def test_a_binary_is_checked_once_and_again_when_it_changes(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    path = program(tmp_path / "codex", f"echo >> {log}; echo codex-cli 0.163.0")

    async def ask() -> list[Codex]:
        versions = Versions()
        first = await asyncio.gather(*(versions.check(path) for _ in range(5)))
        program(path, f"echo >> {log}; echo codex-cli 0.169.0 # newer")
        return [*first, await versions.check(path), await versions.check(path)]

    assert asyncio.run(ask()) == [Codex(path, "0.163.0")] * 5 + [Codex(path, "0.169.0")] * 2
    assert log.read_text(encoding="utf-8") == "\n\n"


def test_an_unusable_codex_is_checked_again(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    path = program(tmp_path / "codex", f"[ -e {log} ] && echo codex-cli 0.163.0; echo >> {log}")

    async def ask() -> Codex:
        versions = Versions()
        with pytest.raises(CodexError):
            await versions.check(path)
        return await versions.check(path)

    assert asyncio.run(ask()) == Codex(path, "0.163.0")
