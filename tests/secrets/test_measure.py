"""A short run of `scripts/secrets` is within all bounds, and it says so when one is broken."""

from __future__ import annotations

import pytest

from tests.secrets import __main__ as measure


@pytest.mark.promise("no secret written", "ordinary text stays")
def test_a_short_run_is_within_all_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert measure.main(["--quick"]) == 0
    printed = capsys.readouterr()
    assert "0 leaks" in printed.out
    assert "0 changed" in printed.out
    assert printed.err == ""


def test_a_leak_and_a_changed_line_break_the_bounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "redact", lambda text: text.replace("sha", "[redacted]"))
    assert measure.main(["--quick"]) == 1
    printed = capsys.readouterr().err
    assert "out of bounds: github token leaks in 2 of 2 samples" in printed
    assert "of the ordinary lines are changed" in printed
