"""Secrets are masked in the files that servers write, while they write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.runtime.error_output import ErrorOutput, masked
from supervisor.runtime.logs import Logs
from tests.secrets.kinds import samples

TOKEN = "gh" + "p_" + "Zq3r" * 9
PEM = next(sample for sample in samples() if sample.kind == "pem")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "api.stderr.log"


def test_a_secret_is_overwritten_where_it_is_and_nothing_else(path: Path) -> None:
    path.write_bytes(f"first\nuse {TOKEN} now\n\xff last\n".encode("latin-1"))
    ErrorOutput().mask(path, ended=False)
    assert path.read_bytes() == f"first\nuse {masked(TOKEN)} now\n\xff last\n".encode("latin-1")
    assert len(masked(TOKEN)) == len(TOKEN)
    assert masked("pass") == "****"


def test_a_secret_behind_a_name_in_another_language_is_masked_among_bytes_of_any_kind(path: Path) -> None:
    path.write_bytes(
        "é ".encode() + b"\xff\nuse \xe2\x82 " + "пароль: %; şifre: % ü\n".replace("%", "hunter42xy").encode()
    )
    ErrorOutput().mask(path, ended=False)
    gone = "пароль: %; şifre: % ü\n".replace("%", masked("hunter42xy"))
    assert path.read_bytes() == "é ".encode() + b"\xff\nuse \xe2\x82 " + gone.encode()


def test_a_line_that_is_still_written_waits_for_its_end(path: Path) -> None:
    output = ErrorOutput()
    path.write_text(f"first\nuse {TOKEN[:20]}", encoding="utf-8")
    output.mask(path, ended=False)
    assert path.read_text(encoding="utf-8") == f"first\nuse {TOKEN[:20]}"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{TOKEN[20:]}\n")
    output.mask(path, ended=False)
    assert path.read_text(encoding="utf-8") == f"first\nuse {masked(TOKEN)}\n"


def test_the_last_line_of_a_server_that_ended_needs_no_end(path: Path) -> None:
    path.write_text(f"use {TOKEN}", encoding="utf-8")
    ErrorOutput().mask(path, ended=True)
    assert path.read_text(encoding="utf-8") == f"use {masked(TOKEN)}"


def test_a_private_key_that_comes_line_by_line_is_masked_as_a_whole(path: Path) -> None:
    output = ErrorOutput()
    for line in PEM.text.split("\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        output.mask(path, ended=False)
    text = path.read_text(encoding="utf-8")
    assert [secret for secret in PEM.secrets if secret in text] == []
    assert text.startswith("cat key.pem\n")
    assert text.endswith("\ndone\n")


def test_a_file_that_was_trimmed_is_masked_from_its_beginning(path: Path) -> None:
    output = ErrorOutput()
    path.write_text("a line\n" * 100, encoding="utf-8")
    output.mask(path, ended=False)
    path.write_text(f"{TOKEN}\n", encoding="utf-8")
    output.mask(path, ended=False)
    assert TOKEN not in path.read_text(encoding="utf-8")
    path.write_text(f"{TOKEN}\n" * 50, encoding="utf-8")
    output.mask(path, ended=False, anew=True)
    assert TOKEN not in path.read_text(encoding="utf-8")


def test_a_file_of_several_chunks_is_masked_throughout(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.runtime.error_output.CHUNK", 1000)
    path.write_text(f"use {TOKEN} now\n" * 200, encoding="utf-8")
    ErrorOutput().mask(path, ended=False)
    assert path.read_text(encoding="utf-8") == f"use {masked(TOKEN)} now\n" * 200


def test_a_missing_file_is_fine(path: Path) -> None:
    ErrorOutput().mask(path, ended=True)
    assert not path.exists()


def test_the_logs_mask_what_servers_wrote_when_they_are_closed(tmp_path: Path) -> None:
    logs = Logs(tmp_path, megabytes=1)
    path = logs.begin_stderr("api")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # as a server has it
    os.write(file, f"use {TOKEN}\n".encode())
    logs.close()
    os.write(file, b"after that\n")
    os.close(file)
    assert path.read_text(encoding="utf-8") == f"use {masked(TOKEN)}\nafter that\n"


def test_the_tail_of_a_server_shows_no_part_of_a_secret_that_its_bounds_cut(tmp_path: Path) -> None:
    logs = Logs(tmp_path, megabytes=1)
    logs.stderr_of("api").write_text(f"{'x ' * 20_000}{PEM.text}\nlast\n", encoding="utf-8")
    for lines in range(1, 12):
        tail = logs.tail("api", lines)
        assert [secret for secret in PEM.secrets if secret in tail] == []
        assert tail.endswith("last")
