"""Read files of a repo, whole or cut. Only regular files below the root are ever opened for long."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from supervisor.shell.files import read_end, read_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "a").mkdir(parents=True)
    (root / "a" / "f").write_bytes(b"0123456789")
    (tmp_path / "secret").write_bytes(b"secret")
    return root


@pytest.mark.parametrize(("limit", "found"), [(100, b"0123456789"), (10, b"0123456789"), (4, b"0123"), (0, b"")])
def test_a_file_is_read_up_to_the_limit(root: Path, limit: int, found: bytes) -> None:
    assert read_file(root, b"a/f", limit) == found


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a", b"a/", b"/a/f", b"none", b"a/none", b"a/f/g", b"x" * 5000])
def test_anything_but_a_regular_file_reads_as_none(root: Path, name: bytes) -> None:
    assert read_file(root, name, 10) is None


@pytest.mark.parametrize("name", [b"../secret", b"a/../../secret", b"out/secret", b"link", b"gone", b"loop"])
def test_no_path_leaves_the_root_or_follows_a_link(root: Path, name: bytes) -> None:
    (root / "out").symlink_to(root.parent)
    (root / "link").symlink_to("a/f")
    (root / "gone").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    assert read_file(root, name, 10) is None


def test_a_pipe_and_a_socket_do_not_block(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert (read_file(root, b"pipe", 10), read_file(root, b"socket", 10)) == (None, None)


def test_a_name_that_is_not_utf_8_is_read_too(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\n")).write_bytes(b"odd")
    assert read_file(root, b"\xff\n", 10) == b"odd"


def test_reading_leaves_no_file_open(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in (b"a/f", b"a", b"none", b"a/f/g"):
        read_file(root, name, 10)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_of_a_file_is_read_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"0123456789")
    assert (read_end(tmp_path / "log", 4), read_end(tmp_path / "log", 99)) == (b"6789", b"0123456789")
    os.mkfifo(tmp_path / "pipe")
    assert (read_end(tmp_path / "pipe", 4), read_end(tmp_path / "none", 4), read_end(tmp_path, 4)) == (b"", b"", b"")
