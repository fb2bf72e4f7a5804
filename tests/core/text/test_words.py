"""Source code has the same words in every language."""

from __future__ import annotations

import pytest

from supervisor.core.text.words import literal_of, texts_of, words_in, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/v1/devices/{}/claim", {b"devices", b"claim"}),
        ("X-Claim-Token", {b"X-Claim-Token"}),
        ("0000180d-0000-1000-8000-00805f9b34fb", {b"0000180d-0000-1000-8000-00805f9b34fb"}),
        ("a->bcd", {b"bcd"}),
        ("größe", {"größe".encode()}),
        ("id", set()),
        ("$pruneBefore = 0", {b"pruneBefore"}),  # a variable of PHP or a shell
    ],
)
def test_a_name_has_its_words(text: str, words: set[bytes]) -> None:
    assert words_of(text) == words


def test_a_quoted_text_is_found_as_a_whole_too() -> None:
    assert words_in(b"""get("/v1/claim", 'X-Id', `a b`)""") == {
        b"get",
        b"claim",
        b"X-Id",
        literal_of("/v1/claim"),
        literal_of("X-Id"),
        literal_of("a b"),
    }


def test_a_text_is_found_by_its_words_or_between_quotes() -> None:
    assert texts_of("/v1/claim") == {b"claim", literal_of("/v1/claim")}
