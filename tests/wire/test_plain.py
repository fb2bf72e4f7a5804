"""Convert domain values to plain JSON values, and back."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from supervisor.domain.world import Learning
from supervisor.wire.plain import dumped, dumped_fast, loaded, plain, typed


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


def test_unknown_fields_are_dropped() -> None:
    assert typed(Inner, {"at": "2026-07-01T12:00:00.000005+00:00", "new": 1}) == Inner(AT)


@pytest.mark.parametrize("wrong", [{}, {"at": 7}, {"at": "2026-07-01T12:00:00Z", "colour": "blue"}, None, []])
def test_a_wrong_value_is_an_error(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"Object missing|Expected|Invalid"):
        typed(Inner, wrong)


def test_text_that_is_not_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting property name"):
        loaded(Inner, "{")


MANY = """\
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from msgspec import defstruct
from supervisor.wire.plain import typed

def unknown():
    numbers = [(f"field{n}", "int | None", None) for n in range(20)]
    inner = defstruct("Inner", numbers, namespace={"__module__": __name__})
    return defstruct("Outer", [("inner", inner, None), *numbers], namespace={"__module__": __name__})

def understood(kind):
    together.wait(5)
    return typed(kind, {"inner": {"field1": 2}}).inner.field1

sys.setswitchinterval(1e-6)
together = threading.Barrier(4)
with ThreadPoolExecutor(4) as pool:
    print([list(pool.map(understood, [unknown()] * 4)) for _ in range(50)] == [[2] * 4] * 50)
"""


def test_threads_may_ask_for_the_same_type_for_the_first_time_at_once() -> None:
    """In a separate Python, because msgspec would crash."""
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.parametrize("text", ["a", 'ä\n"', "\ud800 half a character", "\x00\u2028"])
def test_fast_or_not_the_same_is_read_again(text: str) -> None:
    value = Learning(datetime(2026, 1, 1, tzinfo=UTC), "human", text)
    assert loaded(Learning, dumped_fast(value)) == loaded(Learning, dumped(value)) == value
