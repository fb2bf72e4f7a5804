"""What is kept of the output of a verify command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.report import Check, OutputLine
from supervisor.runtime.codex.checks import FILES, Output, kept, output_name

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def printed(*chunks: bytes, limit: int = 1_000_000) -> Output:
    output = Output(limit)
    for chunk in chunks:
        output.add(chunk)
    return output


@given(st.lists(st.binary(max_size=40).map(lambda some: some.hex().encode())), st.integers(1, 60))
def test_an_output_within_the_limit_is_kept_whole_and_of_a_longer_one_both_ends(
    chunks: list[bytes], limit: int
) -> None:
    whole, text = b"".join(chunks).decode(), printed(*chunks, limit=limit).text()
    head, mark, tail = text.partition("\n[orch left out ")
    if not mark:
        assert text == whole
        return
    assert len(whole) > limit
    assert whole.startswith(head)
    assert whole.endswith(tail.partition("]\n")[2])
    assert len(head) == max(limit // 2, 1)
    assert len(tail.partition("]\n")[2]) >= max(limit // 2, 1)


def test_the_ledger_has_the_end_and_the_failures_and_the_file_has_all(tmp_path: Path) -> None:
    lines = [*(f"line {number}" for number in range(1, 1001)), "error: no such route", *("later",) * 500]
    path = tmp_path / "outputs" / output_name("T1", 2, 0, AT)
    check = kept("make", 2, printed("\n".join(lines).encode()), path)
    assert (check.command, check.exit_code, check.lines, check.log) == ("make", 2, 1501, str(path))
    assert check.failing == (OutputLine(1001, "error: no such route"),)
    assert check.tail.startswith("[")
    assert check.tail.endswith("later")
    assert path.read_text(encoding="utf-8").split("\n") == lines
    assert path.name == "20260102-030405-T1-run2-1.log"
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_reach_neither_the_ledger_nor_the_file(tmp_path: Path) -> None:
    secret = "hunter2-and-more-of-it"
    path = tmp_path / "out.log"
    check = kept("make", 1, printed(f"error: password={secret}\n".encode()), path)
    assert secret not in repr(check) + path.read_text(encoding="utf-8")
    assert check.failing == (OutputLine(1, "error: password=[redacted]"),)


def test_a_command_that_prints_nothing_leaves_no_file(tmp_path: Path) -> None:
    assert kept("true", 0, printed(b" \n"), tmp_path / "x.log") == Check("true", 0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_does_not_cost_the_result(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert kept("make", 1, printed(b"boom"), tmp_path / "file" / "x.log") == Check("make", 1, "boom", (), 1, "")


def test_the_oldest_files_are_removed(tmp_path: Path) -> None:
    for number in range(FILES + 3):
        kept("make", 0, printed(b"x"), tmp_path / f"{number:04}.log")
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"{number:04}.log" for number in range(3, FILES + 3)]
