"""Amounts of money, tokens and time, in short."""

from __future__ import annotations

import pytest

from supervisor.core.text.figures import amount, dollars, span


@pytest.mark.parametrize(
    ("count", "words"),
    [
        *((0, "0"), (999, "999"), (999.4, "999"), (1000, "1.0k"), (9_960, "10k"), (999_600, "1.0M")),
        *((2_149_000, "2.1M"), (12_300_000, "12M"), (3e9, "3.0G")),
    ],
)
def test_an_amount_takes_few_columns(count: float, words: str) -> None:
    assert amount(count) == words


@pytest.mark.parametrize(("minutes", "words"), [(300, "5 h"), (10_080, "7 days"), (1440, "24 h"), (90, "90 min")])
def test_a_span_has_the_longest_whole_unit(minutes: float, words: str) -> None:
    assert span(minutes) == words


@pytest.mark.parametrize(("cost", "words"), [(0.004, "$0.004"), (1.254, "$1.25"), (120.4, "$120")])
def test_a_cost_has_the_digits_that_matter(cost: float, words: str) -> None:
    assert (dollars(cost), dollars(cost, at_least=True)) == (words, f"over {words}")
