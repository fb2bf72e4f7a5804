"""The codex binary is replaced while a plan lives, as an update of the package does, and put back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.wire.codex.answers import version_of
from tests.e2e.lab import SLOW, Lab, Status, report, task
from tests.e2e.stdio import codex_binary

PACKAGE = ("bin", "codex-path", "codex-resources")  # what a server needs of it, its own helpers included


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    """A codex of another version: $ORCH_CODEX_OTHER, or a copy of the tested one that says so of itself."""
    given = os.environ.get("ORCH_CODEX_OTHER")
    if given:
        yield Path(given)
        return
    tested, version = Path(codex_binary()), _version(Path(codex_binary()))
    copy = tmp_path / "other"
    put(tested, copy)
    text = tested.read_bytes().replace(version.encode(), f"{version[:-1]}9".encode())
    (copy / "bin" / "codex").unlink()
    (copy / "bin" / "codex").write_bytes(text)
    (copy / "bin" / "codex").chmod(0o755)
    yield copy / "bin" / "codex"
    shutil.rmtree(copy)


def put(binary: Path, at: Path) -> None:
    """Put the package of a binary in place, as npm does: the one before is removed, and what runs of it runs on."""
    new, old = at.with_name("new"), at.with_name("old")
    new.mkdir()
    for part in PACKAGE:
        if (binary.parent.parent / part).exists():
            shutil.copytree(binary.parent.parent / part, new / part, copy_function=_link)
    if at.exists():
        at.rename(old)
    new.rename(at)
    shutil.rmtree(old, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.mark.promise("swapped binary")
@pytest.mark.parametrize("way", ["up and down", "down and up"])
def test_the_binary_is_swapped_under_a_living_plan(way: str, other: Path) -> None:
    first, second = Path(codex_binary()), other
    if way == "down and up":
        first, second = second, first
    before, after = _version(first), _version(second)
    assert before != after
    with Lab("backend", "mobile") as lab:
        package = lab.folder / "package"
        put(first, package)
        lab.environ["ORCH_CODEX_BIN"] = str(package / "bin" / "codex")
        assert _versions(lab.up()) == {"backend": before, "mobile": before}
        one, two, three = (lab.model.gate(name) for name in ("one", "two", "three"))
        tasks = task("T1", "backend", "write a.txt a", "wait one", report("first"), fields=("verify: `test -f a.txt`",))
        tasks += task(
            "T2", "mobile", "wait two", "write b.txt b", report("second"), fields=("verify: `test -f b.txt`",)
        )
        lab.plan(tasks)
        one.wait_reached(SLOW)
        two.wait_reached(SLOW)

        put(second, package)
        _killed(lab, "backend")
        assert _versions(lab.status()) == {"backend": after, "mobile": before}
        one.open()
        assert (lab.task("T1", "done")["summary"], lab.task("T1", "done")["turns"]) == ("first", 2)

        mobile = lab.child("mobile", "ready")["pid"]
        os.kill(lab.status()["supervisor"]["pid"], 9)
        assert _versions(lab.up()) == {"backend": after, "mobile": before}
        assert lab.child("mobile", "ready")["pid"] == mobile
        two.open()  # its command runs in a server whose own program has no name any more
        assert (lab.task("T2", "done")["summary"], lab.task("T2", "done")["turns"]) == ("second", 1)
        assert len(lab.delivered("T2")) == 1

        tasks += task("T3", "backend", "write c.txt c", "wait three", report("third"), fields=("after: T1",))
        lab.plan(tasks)
        three.wait_reached(SLOW)
        put(first, package)
        _killed(lab, "backend")
        assert _versions(lab.status()) == {"backend": before, "mobile": before}
        three.open()
        assert (lab.task("T3", "done")["summary"], lab.task("T3", "done")["turns"]) == ("third", 2)
        assert {one["state"] for one in lab.status()["tasks"]} == {"done"}
        assert lab.status()["asks"] == []


def _killed(lab: Lab, child: str) -> None:
    pid = lab.child(child, "ready")["pid"]
    os.kill(pid, 9)
    lab.until(
        lambda seen: any(
            one["name"] == child and one["state"] == "ready" and one["pid"] != pid for one in seen["children"]
        )
    )


def _versions(status: Status) -> dict[str, str]:
    return {one["name"]: one["codex"] for one in status["children"]}


def _version(binary: Path) -> str:
    done = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=30, check=True)
    return ".".join(map(str, version_of(done.stdout) or ()))
