"""A page of lines shows no part of a secret, wherever it begins."""

from __future__ import annotations

from supervisor.core.text.redact import GONE
from supervisor.mcp.page import LINE, lines_of
from tests.secrets.kinds import samples

PEM = next(sample for sample in samples() if sample.kind == "pem")
TOKEN = "gh" + "p_" + "Zq3r" * 9


def test_a_page_that_begins_or_ends_within_a_private_key_shows_none_of_it() -> None:
    lines = ["first", *PEM.text.split("\n"), "last"]
    for offset in range(1, len(lines) + 1):
        for limit in (1, 3, len(lines)):
            page = lines_of(lines, offset, limit)
            assert [secret for secret in PEM.secrets if secret in str(page["text"])] == []
            assert page["lines"] == {
                "first": offset,
                "last": min(offset + limit - 1, len(lines)),
                "total": len(lines),
                "next": offset + limit if offset + limit <= len(lines) else None,
            }


def test_a_line_is_cleaned_before_it_is_cut() -> None:
    page = lines_of(["x" * (LINE - 20) + f" {TOKEN}"], 1, 10)
    assert page["text"] == "x" * (LINE - 20) + f" {GONE}"
