"""The lines of an output that say why a command failed, and the end of an output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.text.failures import end_of, failing_lines
from supervisor.domain.report import OutputLine


@pytest.mark.parametrize(
    "line",
    [
        "src/app.c:12:5: error: 'x' undeclared",
        "FAILED tests/test_api.py::test_pair - AssertionError: 404 != 200",
        "E       assert 404 == 200",
        "--- FAIL: TestPair (0.00s)",
        "not ok 3 - pairs",
        "  ✗ pairs a device",
        "thread 'main' panicked at src/main.rs:4:5:",
        "error[E0425]: cannot find value `x` in this scope",
        "java.lang.NullPointerException",
        "Traceback (most recent call last):",
        "undefined reference to `pair'",
        "npm ERR! code ELIFECYCLE",
        "Segmentation fault (core dumped)",
        "    Expected: 200",
        "1 failed, 0 errors",
        "\x1b[31mFAIL\x1b[0m src/pair.test.ts",
    ],
)
def test_a_line_that_looks_like_a_failure_is_found(line: str) -> None:
    assert [one.number for one in failing_lines(f"building\n{line}\ndone", 9)] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "0 failed, 12 passed",
        "no errors found",
        "errors: 0",
        "compiling failover.c",
        "ok 3 - pairs",
        "warning: unused variable `x`",
        "PASS src/pair.test.ts",
    ],
)
def test_other_lines_are_not(line: str) -> None:
    assert failing_lines(line, 9) == ()


def test_of_many_the_first_and_the_last_are_kept() -> None:
    text = "\n".join(f"error {number}" for number in range(1, 101))
    assert [one.number for one in failing_lines(text, 6)] == [1, 2, 3, 4, 99, 100]


@given(st.text(alphabet="ab \n"), st.integers(0, 30))
def test_the_end_is_the_end_and_says_what_is_left_out(text: str, size: int) -> None:
    end = end_of(text, max(size, 1))
    mark, _, rest = end.partition("\n") if end.startswith("[") else ("", "", end)
    assert text.rstrip().endswith(rest)
    assert len(rest) <= max(size, 1)
    assert bool(mark) == (len(text.rstrip()) > max(size, 1))


def test_the_end_begins_with_a_whole_line() -> None:
    assert end_of("one\ntwo\nthree\nfour\n", 12) == "[2 lines before this are left out]\nthree\nfour"


def test_a_line_is_a_value() -> None:
    assert failing_lines("x\nfatal: no", 3) == (OutputLine(2, "fatal: no"),)
