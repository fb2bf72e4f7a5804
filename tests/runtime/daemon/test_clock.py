"""The supervisor's clock is wall time that never jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from supervisor.runtime.daemon import recorder
from supervisor.runtime.daemon.recorder import Clock

DAY, MOMENT = timedelta(days=1), timedelta(seconds=5)


@pytest.mark.promise("clock")
@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_wall_clock_that_is_moved_by_a_day_moves_nothing(monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    clock = Clock(None)
    before = clock.now()

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + jump

    monkeypatch.setattr(recorder, "datetime", Moved)
    assert before <= clock.now() < before + MOMENT


@pytest.mark.promise("clock")
def test_a_supervisor_continues_from_the_last_moment_of_the_ledger_if_the_clock_was_set_back_since() -> None:
    last = datetime.now(UTC) + DAY
    clock = Clock(last)
    first = clock.now()
    assert last <= first <= clock.now() < last + MOMENT
    assert datetime.now(UTC) - MOMENT < Clock(last - 2 * DAY).now() < last
