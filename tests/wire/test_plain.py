"""Domain values as plain JSON values, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from supervisor.wire.plain import dumped, loaded, plain, typed


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    at: datetime
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: tuple[Inner, ...]
    known: dict[str, int]
    share: float = 1.0


AT = datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=UTC)
VALUE = Outer("n\udcff", (Inner(AT),), {"a": 1}, 0.1)


def test_a_value_comes_back_as_it_was_with_text_that_is_no_utf8() -> None:
    assert loaded(Outer, dumped(VALUE)) == VALUE
    assert dumped(VALUE).isascii()
    assert plain(VALUE) == {
        "name": "n\udcff",
        "inner": ({"at": "2026-07-01T12:00:00.000005Z", "colour": "red"},),
        "known": {"a": 1},
        "share": 0.1,
    }


def test_fields_that_a_type_does_not_have_are_left_out() -> None:
    assert typed(Inner, {"at": "2026-07-01T12:00:00.000005+00:00", "new": 1}) == Inner(AT)


@pytest.mark.parametrize("wrong", [{}, {"at": 7}, {"at": "2026-07-01T12:00:00Z", "colour": "blue"}, None, []])
def test_what_is_no_such_value_is_told(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"Object missing|Expected|Invalid"):
        typed(Inner, wrong)


def test_text_that_is_no_json_is_told() -> None:
    with pytest.raises(ValueError, match="Expecting property name"):
        loaded(Inner, "{")
