"""Watch and read real files."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog import observers
from watchdog.events import FileOpenedEvent

from supervisor.shell import watch as watching
from supervisor.shell.watch import FileWatch, Unreadable, read_bytes, watch_file

pytestmark = pytest.mark.timeout(5)

LIMIT = 1 << 20


class Reader:
    """Reads the file at each call, as the supervisor does. A test can wait for what was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[bytes | Unreadable | None] = []
        self.changed = asyncio.Event()

    def __call__(self) -> None:
        self.seen.append(read_bytes(self.path, LIMIT))
        self.changed.set()

    async def until(self, wanted: bytes | Unreadable | None) -> None:
        """Wait until the last content read is `wanted`."""
        async with asyncio.timeout(4):
            while not self.seen or self.seen[-1] != wanted:
                self.changed.clear()
                await self.changed.wait()


def watched(
    path: Path, story: Callable[[Reader, FileWatch], Awaitable[None]], *, recheck: float = 60.0, quiet: float = 0.03
) -> list[bytes | Unreadable | None]:
    """Run `story` while the file is watched, and return what was read, in order. Without `recheck`, only by events."""

    async def run() -> list[bytes | Unreadable | None]:
        reader = Reader(path)
        async with watch_file(path, reader, quiet=quiet, recheck=recheck) as watch:
            await story(reader, watch)
        return reader.seen

    return asyncio.run(run())


@contextmanager
def no_root() -> Iterator[None]:
    """If we are root, who may read everything, become `nobody` for the body."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "workspace" / "plan.md"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def test_a_save_in_place_is_notified_once(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        plan.write_bytes(b"new")
        await reader.until(b"new")

    assert watched(plan, story) == [b"new"]


def test_a_save_by_renaming_over_it_is_notified_once(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        (plan.parent / ".plan.md.tmp").write_bytes(b"new")
        (plan.parent / ".plan.md.tmp").rename(plan)
        await reader.until(b"new")

    assert watched(plan, story) == [b"new"]


def test_a_save_by_a_temporary_file_in_another_folder_is_notified_even_when_others_read_it_at_once(
    plan: Path, tmp_path: Path
) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        for number in range(5):
            (tmp_path / "elsewhere").write_bytes(b"new %d" % number)
            (tmp_path / "elsewhere").rename(plan)
            if number % 2:
                plan.read_bytes()
            await reader.until(b"new %d" % number)

    assert watched(plan, story)[-1] == b"new 4"


def test_saves_are_still_seen_after_the_file_was_replaced(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        for number in range(5):
            (plan.parent / "tmp").write_bytes(b"by rename %d" % number)
            (plan.parent / "tmp").replace(plan)
            await reader.until(b"by rename %d" % number)
            plan.write_bytes(b"in place %d" % number)
            await reader.until(b"in place %d" % number)

    assert watched(plan, story)[-1] == b"in place 4"


@pytest.mark.promise("every save")
@pytest.mark.parametrize("exists", [True, False], ids=["an existing file", "a new file"])
def test_a_slow_save_is_never_read_torn(plan: Path, exists: bool) -> None:
    if not exists:
        plan.unlink()
    whole = b"".join(b"line %d\n" % number for number in range(40))

    async def story(reader: Reader, _: FileWatch) -> None:
        for _ in range(3):
            with plan.open("wb", buffering=0) as file:
                await asyncio.sleep(0.05)  # Longer than the quiet time: the new file is still empty.
                for line in whole.splitlines(keepends=True):
                    file.write(line)
                    await asyncio.sleep(0.005)
            reader.seen.append(None)  # The content of the last round must not count.
            await reader.until(whole)

    assert {content for content in watched(plan, story) if content is not None} == {whole}


def test_a_save_that_begins_right_after_another_is_waited_for(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        plan.write_bytes(b"first")
        with plan.open("wb", buffering=0) as file:
            file.write(b"sec")
            await asyncio.sleep(0.1)
            file.write(b"ond")
        await reader.until(b"second")

    assert watched(plan, story) == [b"second"]


def test_a_burst_of_saves_is_notified_a_few_times_and_ends_with_the_last_content(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        for number in range(200):
            plan.write_bytes(b"save %d" % number)
            await asyncio.sleep(0)
        await reader.until(b"save 199")

    began = time.monotonic()
    seen = watched(plan, story)
    assert seen[-1] == b"save 199"
    assert len(seen) <= 2 + (time.monotonic() - began) / 0.03  # no two come sooner after each other
    assert len(seen) < 100


def test_saves_that_never_pause_are_notified_too(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        number = 0
        while len(reader.seen) < 2:
            number += 1
            plan.write_bytes(b"save %d" % number)
            await asyncio.sleep(0.01)

    assert len(watched(plan, story)) == 2


def test_removal_and_return_are_notified(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        plan.unlink()
        await reader.until(None)
        plan.write_bytes(b"back")
        await reader.until(b"back")
        plan.rename(plan.with_name("other"))
        await reader.until(None)
        plan.mkdir()
        await reader.until(Unreadable("is a folder: put a file in its place"))
        plan.rmdir()
        (plan.parent / "other").rename(plan)
        await reader.until(b"back")

    assert {None, Unreadable("is a folder: put a file in its place"), b"back"} <= set(watched(plan, story))


def test_other_files_and_reading_are_not_notified(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        (plan.parent / "runs.md").write_bytes(b"x")
        (plan.parent / "plan.md~").write_bytes(b"x")
        plan.read_bytes()
        plan.write_bytes(b"new")
        await reader.until(b"new")

    assert watched(plan, story) == [b"new"]


def test_a_workspace_reached_through_a_link_is_watched(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(plan.parent)

    async def story(reader: Reader, _: FileWatch) -> None:
        plan.write_bytes(b"new")
        await reader.until(b"new")

    assert watched(tmp_path / "link" / "plan.md", story) == [b"new"]


@pytest.mark.promise("every save")
def test_a_change_without_an_event_is_found_by_polling(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileWatch, "dispatch", lambda *_: None)

    async def story(reader: Reader, _: FileWatch) -> None:
        plan.write_bytes(b"new")
        await reader.until(b"new")

    assert watched(plan, story, recheck=0.05) == [b"new"]


def test_a_writer_that_forgot_to_close_is_not_waited_for_for_ever(plan: Path) -> None:
    async def story(reader: Reader, _: FileWatch) -> None:
        with plan.open("wb", buffering=0) as file:
            file.write(b"new")
            await reader.until(b"new")

    assert watched(plan, story, recheck=0.1) == [b"new"]


def test_a_link_is_polled_and_says_so(plan: Path, tmp_path: Path) -> None:
    plan.rename(tmp_path / "target")
    plan.symlink_to(tmp_path / "target")
    degraded = []

    async def story(reader: Reader, watch: FileWatch) -> None:
        degraded.append(watch.degraded)
        (tmp_path / "target").write_bytes(b"new")
        await reader.until(b"new")

    assert watched(plan, story, recheck=0.05) == [b"new"]
    assert degraded == [f"{plan} is a link: its target is polled every 0.5 s"]


def test_without_free_watches_the_file_is_polled_and_says_so_until_there_are_some(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    real = observers.Observer
    monkeypatch.setattr(observers, "Observer", none_left)
    degraded = []

    async def story(reader: Reader, watch: FileWatch) -> None:
        degraded.append(watch.degraded)
        plan.write_bytes(b"new")
        await reader.until(b"new")
        monkeypatch.setattr(observers, "Observer", real)
        plan.write_bytes(b"newer")
        await reader.until(b"newer")
        degraded.append(watch.degraded)

    assert watched(plan, story, recheck=0.05) == [b"new", b"newer"]
    why = "too many watched files: raise fs.inotify.max_user_watches"
    assert degraded == [f"no events for {plan.parent} ({why}): it is polled every 0.5 s", None]


def test_a_network_file_system_is_polled_and_says_so(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "file_system", lambda _: "nfs4")

    degraded = []

    async def story(reader: Reader, watch: FileWatch) -> None:
        degraded.append(watch.degraded)

    watched(plan, story)
    assert degraded == [f"{plan.parent} is on nfs4, which hides others' changes: it is polled every 0.5 s"]


def test_the_kind_of_a_file_system_is_known() -> None:
    assert [watching.file_system("/proc/self"), watching.file_system("/sys")] == ["proc", "sysfs"]


def test_a_folder_that_was_removed_and_made_again_is_watched_again(plan: Path) -> None:
    async def story(reader: Reader, watch: FileWatch) -> None:
        plan.unlink()
        plan.parent.rmdir()
        await reader.until(None)
        plan.parent.mkdir()
        plan.write_bytes(b"back")
        await reader.until(b"back")
        assert watch.degraded is None
        plan.parent.rename(plan.parent.with_name("moved away"))
        plan.parent.mkdir()
        plan.write_bytes(b"third")
        await reader.until(b"third")

    assert watched(plan, story, recheck=0.05)[-1] == b"third"


def test_a_folder_that_is_gone_when_the_watch_begins_is_watched_once_it_is_back(tmp_path: Path) -> None:
    plan = tmp_path / "moved" / "plan.md"

    async def story(reader: Reader, watch: FileWatch) -> None:
        assert (watch.degraded or "").startswith(f"no events for {plan.parent} (")
        plan.parent.mkdir()
        plan.write_bytes(b"back")
        await reader.until(b"back")
        assert watch.degraded is None

    assert watched(plan, story, recheck=0.05)[-1] == b"back"


def test_nothing_is_left_running_after_the_watch(plan: Path) -> None:
    async def story(reader: Reader, watch: FileWatch) -> None:
        plan.write_bytes(b"new")

    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        watched(plan, story)
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_an_event_after_the_end_of_the_loop_is_dropped(plan: Path) -> None:
    kept = []

    async def story(reader: Reader, watch: FileWatch) -> None:
        kept.append(watch)

    seen = watched(plan, story)
    kept[0].dispatch(FileOpenedEvent(str(plan)))
    assert seen == []


def test_a_regular_file_is_read_up_to_the_limit(plan: Path) -> None:
    plan.write_bytes(b"12345")
    assert [read_bytes(plan, limit) for limit in (6, 5, 4)] == [
        b"12345",
        b"12345",
        Unreadable("is larger than 4 bytes: shorten it"),
    ]


def test_whatever_is_in_its_place_is_reported_and_never_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        monkeypatch.chdir(tmp_path)  # A short name: the path of a socket has at most about 107 bytes.
        bound.bind("socket")
    names = ("link", "missing", "dangling", "loop", "folder", "pipe", "socket", "file/below")
    assert {name: read_bytes(tmp_path / name, LIMIT) for name in names} == {
        "link": b"text",
        "missing": None,
        "dangling": Unreadable("is a link to a file that does not exist: put a file in its place"),
        "loop": Unreadable("is a link that leads back to itself: put a file in its place"),
        "folder": Unreadable("is a folder: put a file in its place"),
        "pipe": Unreadable("is not a regular file: put one in its place"),
        "socket": Unreadable("is not a regular file: put one in its place"),
        "file/below": Unreadable("is in a folder that is a file now: make it a folder again"),
    }
    assert read_bytes(Path("/dev/zero"), LIMIT) == Unreadable("is not a regular file: put one in its place")


def test_a_file_without_read_permission_is_reported(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plan.parent)  # `nobody` may not enter the folders above
    plan.parent.chmod(0o755)
    with no_root():
        assert read_bytes(Path(plan.name), LIMIT) == b"old"
    plan.chmod(0)
    with no_root():
        found = read_bytes(Path(plan.name), LIMIT)
    assert found == Unreadable("is not readable for this user: run `chmod u+r` on it")


def test_a_refused_open_is_reported(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert read_bytes(plan, LIMIT) == Unreadable("is not readable for this user: run `chmod u+r` on it")
