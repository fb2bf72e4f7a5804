"""What is kept of the output of a verify command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
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


LINES = st.text("0123456789", max_size=80).map(lambda some: some.encode() + b"\n")
"""Lines of digits: among letters there may be a word before which, or behind which, something is cut out."""


@given(st.lists(LINES), st.integers(1, 200))
def test_an_output_within_the_limit_is_kept_whole_and_of_a_longer_one_whole_lines_of_both_ends(
    chunks: list[bytes], limit: int
) -> None:
    whole, output = b"".join(chunks).decode(), printed(*chunks, limit=limit)
    head, mark, rest = output.text().partition("\n[orch left out ")
    assert output.cut == bool(mark)
    if not mark:
        assert head == whole
        return
    assert len(whole) > limit
    assert whole.startswith(head)
    assert whole.endswith(rest.partition("]\n")[2])
    half, lines = max(limit // 2, 1), whole.splitlines()
    assert {*head.split(), *rest.partition("]\n")[2].split()} <= set(lines)
    assert len(head) > half - len(max(lines, key=len)) - 2


@pytest.mark.parametrize("between", ["\n", " ", ", "])
def test_no_half_of_a_secret_is_left_where_the_middle_is_left_out(between: str) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    whole = between.join(f"step {number} {token}" for number in range(250)).encode()
    for limit in range(9_000, 9_104, 2):
        text = printed(*(whole[at : at + 100] for at in range(0, len(whole), 100)), limit=limit).text()
        assert "orch left out" in text
        assert "step 0 " in text
        assert "step 249 " in text
        assert not any(token[at : at + 6] in text for at in range(len(token) - 6))


def test_one_long_line_keeps_both_ends() -> None:
    text = printed(b"begin ", *[b"y" * 1000] * 100, b" AssertionError: boom", limit=20_000).text()
    assert text.startswith("begin yyy")
    assert text.endswith("yyy AssertionError: boom")


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
    assert not check.cut


def test_a_file_without_the_middle_says_so(tmp_path: Path) -> None:
    check = kept("make", 2, printed(*[b"line\n"] * 1000, limit=1000), path := tmp_path / "out.log")
    assert check.cut
    assert "[orch left out 4,0" in path.read_text(encoding="utf-8")
    assert check.lines == path.read_text(encoding="utf-8").count("\n")


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
