"""The locks of work trees: one driver at a time, whatever became of the one before."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.errors import WorkspaceError
from supervisor.runtime.boundary.work_trees import WorkTrees
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import MARK

HOLDER = """
import sys
from pathlib import Path
from supervisor.domain.child import Child
from supervisor.runtime.boundary.work_trees import WorkTrees
from supervisor.runtime.workspace import WorkspacePaths
trees = WorkTrees()
trees.claim(WorkspacePaths(Path(sys.argv[1])), [Child("app", sys.argv[2])])
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("one", "two", "app", "app/lib", "api"):
        (tmp_path / name).mkdir()
    return tmp_path


def claimed(places: Path, workspace: str, *children: str) -> WorkTrees:
    trees = WorkTrees()
    trees.claim(WorkspacePaths(places / workspace), [Child(Path(name).name, str(places / name)) for name in children])
    return trees


def locks(places: Path) -> list[Path]:
    return list((places / "state" / "orch" / "trees").iterdir())


def refusal(places: Path, workspace: str, *children: str) -> str:
    with pytest.raises(WorkspaceError) as error:
        claimed(places, workspace, *children)
    return str(error.value)


@contextmanager
def holder(places: Path, workspace: str, child: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of a work tree."""
    words = [sys.executable, "-c", HOLDER, str(places / workspace), str(places / child)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        yield process
        process.kill()


@contextmanager
def server(places: Path, workspace: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the mark of a server of `app`, which outlives its supervisor."""
    mark = WorkspacePaths(places / workspace).mark("app")
    with subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: mark}) as process:
        yield process
        process.kill()


@pytest.mark.promise("one driver")
def test_the_second_workspace_hears_who_has_the_work_tree(places: Path) -> None:
    with holder(places, "one", "app") as other:
        assert refusal(places, "two", "api", "app") == (
            f"the workspace {places}/one (supervisor {other.pid}) drives the work tree of `app` ({places}/app): run "
            f"`orch -C {places}/one down` first, or leave `app` out of orchestrator.config.yaml"
        )
        (places / "link").symlink_to(places / "app")
        assert f"({places}/link), as `app` ({places}/app)" in refusal(places, "two", "link")
        claimed(places, "two", "api").release()


@pytest.mark.promise("one driver")
def test_work_trees_within_each_other_have_one_driver(places: Path) -> None:
    with holder(places, "one", "app"):
        assert "drives the work tree of `lib`" in refusal(places, "two", "app/lib")
    with holder(places, "one", "app/lib"):
        assert "drives the work tree of `app`" in refusal(places, "two", "app")


@pytest.mark.promise("one driver")
def test_what_is_refused_keeps_nothing(places: Path) -> None:
    with holder(places, "one", "app"):
        refusal(places, "two", "api", "app")
        claimed(places, "one", "api").release()


@pytest.mark.promise("one driver")
def test_servers_that_outlive_their_supervisor_keep_the_work_tree(places: Path) -> None:
    with server(places, "one") as left:
        with holder(places, "one", "app"):
            pass
        assert "drives the work tree of `app`" in refusal(places, "two", "app")
        assert "drives the work tree of `lib`" in refusal(places, "two", "app/lib")
        claimed(places, "one", "app").release(servers_left=True)
        assert "drives the work tree of `app`" in refusal(places, "two", "app")
        left.kill()
        left.wait()
        claimed(places, "two", "app").release()


@pytest.mark.promise("one driver")
def test_a_killed_supervisor_without_servers_leaves_the_work_tree_to_others(places: Path) -> None:
    with holder(places, "one", "app"):
        pass
    claimed(places, "two", "app").release()
    claimed(places, "one", "app").release()


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'{"workspace": 1}', b"\xff", b"[" * 100_000])
def test_a_file_with_anything_in_it_is_no_driver(places: Path, content: bytes) -> None:
    trees = claimed(places, "one", "app")
    (lock,) = locks(places)
    trees.release()
    assert locks(places) == []
    lock.write_bytes(content)
    claimed(places, "two", "app/lib").release()
    claimed(places, "two", "app").release()


def test_a_state_folder_that_cannot_be_made_is_an_error_with_a_remedy(places: Path) -> None:
    (places / "state").write_text("in the way", encoding="utf-8")
    assert f"{places}/state" in refusal(places, "one", "app")


def test_of_two_that_try_again_and_again_only_one_has_it(places: Path) -> None:
    driving = threading.Lock()

    def drive_often(workspace: str) -> int:
        won = 0
        for _ in range(50):
            with suppress(WorkspaceError):
                trees = claimed(places, workspace, "app")
                assert driving.acquire(blocking=False), "two have it"
                won += 1
                driving.release()
                trees.release()
        return won

    with ThreadPoolExecutor() as pool:
        assert sum(pool.map(drive_often, ("one", "two"))) > 0


def test_a_file_system_without_locks_is_an_error_with_a_remedy(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fails)
    assert refusal(places, "one", "app") == (
        f"the lock of {places}/app cannot be taken (No locks available): set XDG_STATE_HOME to a folder of yours"
    )
