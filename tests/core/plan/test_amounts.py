"""Amounts of tokens and minutes in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.plan.amounts import AmountError, format_amount, read_amount
from supervisor.domain.plan import Budget


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("200k tokens, 30 min", Budget(200_000, 30)),
        ("1.5M tokens", Budget(1_500_000)),
        ("+100k tokens", Budget(100_000)),
        ("200,000 tokens,300 minutes", Budget(200_000, 300)),
        ("2 h", Budget(minutes=120)),
        ("30min", Budget(minutes=30)),
        ("45 m, 1 token", Budget(1, 45)),
    ],
)
def test_an_amount_is_tokens_minutes_or_both(text: str, amount: Budget) -> None:
    assert read_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "message", "word"),
    [
        ("200k tokns", "unknown unit `tokns`", "tokns"),
        ("200k", "`200k` has no unit: write `200k tokens, 30 min`", ""),
        ("much", "`much` is not an amount: write `200k tokens, 30 min`", ""),
        ("1 token, 2 tokens", "`2 tokens` is a second amount of the same kind: write `200k tokens, 30 min`", ""),
        ("1 min, 2 hours", "`2 hours` is a second amount of the same kind: write `200k tokens, 30 min`", ""),
        ("2k min", "`2k min`: only tokens take `k` or `M`: write `200k tokens, 30 min`", ""),
        ("0 min", "an amount must be above zero: write `200k tokens, 30 min`", ""),
        ("5 tokens,", "a comma has no amount beside it: write `200k tokens, 30 min`", ""),
        ("", "`` is not an amount: write `200k tokens, 30 min`", ""),
    ],
)
def test_an_invalid_amount_is_an_error_that_says_what_is_wrong(text: str, message: str, word: str) -> None:
    found = read_amount(text)
    assert isinstance(found, AmountError)
    assert (found.message, found.word) == (message, word)


def test_thousands_alone_are_tokens_in_short() -> None:
    assert read_amount("+100k", short=True) == Budget(100_000)
    assert read_amount("1.5M, 5 min", short=True) == Budget(1_500_000, 5)
    assert isinstance(read_amount("200", short=True), AmountError)


@given(st.text(st.sampled_from("0123456789.,+kM tokensmih"), max_size=30) | st.text(max_size=30))
def test_every_text_is_an_amount_above_zero_or_an_error(text: str) -> None:
    found = read_amount(text)
    if isinstance(found, Budget):
        assert found != Budget()
        assert found.tokens is None or found.tokens > 0
        assert found.minutes is None or found.minutes > 0


@given(st.integers(1, 999), st.sampled_from([1, 1_000, 1_000_000]), st.none() | st.integers(1, 9_999))
def test_a_formatted_amount_is_parsed_as_the_same_amount(count: int, size: int, minutes: int | None) -> None:
    amount = Budget(count * size, minutes)
    assert read_amount(format_amount(amount)) == amount
