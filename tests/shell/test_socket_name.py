"""A unix socket is made and reached in a folder of any depth."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from supervisor.shell.control_client import LONGEST_PATH, socket_name


@pytest.mark.parametrize("depth", [1, 200])
def test_a_socket_is_bound_and_reached_by_its_short_name(tmp_path: Path, depth: int) -> None:
    folder = tmp_path / ("d" * depth)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with socket_name(folder / "control.sock") as name:
            assert len(name) <= LONGEST_PATH
            server.bind(name)
            server.listen()
        with socket_name(folder / "control.sock") as name:
            client.connect(name)
        assert (folder / "control.sock").is_socket()


def test_without_the_folder_there_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), socket_name(tmp_path / ("d" * 200) / "control.sock"):
        pass
