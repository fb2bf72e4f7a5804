"""Texts out of git are one printable line, without secrets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.git.text import moment, without_credentials, words
from supervisor.domain.repo.pathname import shown
from tests.core.repo.git.commits import NAMES, TEXTS


@given(TEXTS)
def test_words_are_one_printable_line_whatever_was_written(text: bytes) -> None:
    line = words(text, 40)
    assert len(line) <= 40
    assert line.replace("\u200c", "").replace("\u200d", "").isprintable()


@given(st.lists(NAMES, unique=True))
def test_names_that_differ_are_shown_differently(names: list[bytes]) -> None:
    assert len({shown(name) for name in names}) == len(names)
    assert all(shown(name).isprintable() for name in names)


def test_words_lose_their_secrets_and_keep_the_rest() -> None:
    said = b"Merge 'x' of https://ada:s3cret@example.com/x and https://t0ken@example.com/y with ghp_" + b"a" * 36
    assert words(said) == "Merge 'x' of https://example.com/x and https://example.com/y with [redacted]"
    assert words("  Déjà vu 👩\u200d💻\tab\\n".encode()) == "Déjà vu 👩\u200d💻 ab\\n"
    assert words(b"x" * 500) == "x" * 299 + "…"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://ada@example.com/b", "https://example.com/b"),
        ("https://ada:s3cret@example.com:8443/b", "https://example.com:8443/b"),
        ("https://ada:s3@cret@example.com/b", "https://example.com/b"),
        ("https://ada:s3/cret@example.com/b", "https://example.com/b"),
        ("https://a@b:s3/cret@example.com/b", "https://example.com/b"),
        ("https://ada:s3?cret@example.com/b", "https://example.com/b"),
        ("https://example.com/b?private_token=s3cret#s3cret", "https://example.com/b"),
        ("https://example.com/b@v1", "https://example.com/b@v1"),
        ("https://[::1]:8080/b@v1", "https://[::1]:8080/b@v1"),
        ("ssh://git@example.com:22/b", "ssh://example.com:22/b"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("ada:s3cret@example.com:a/b.git", "example.com:a/b.git"),
        ("ext::curl -u ada:s3cret", "ext::…"),
        ("gcrypt::https://ada:s3cret@example.com/b", "gcrypt::https://example.com/b"),
        ("../b", "../b"),
        ("/srv/a b@c.git", "/srv/a b@c.git"),
    ],
)
def test_an_address_is_shown_without_what_lets_one_in(url: str, expected: str) -> None:
    assert without_credentials(url.encode()) == expected


@given(st.text("ab/@:?#%1", min_size=1, max_size=12))
def test_no_password_is_shown_whatever_is_in_it(noise: str) -> None:
    assert "s3cret" not in without_credentials(f"https://ada:s3cret{noise}@example.com/x".encode())


@given(st.integers() | st.binary(max_size=30))
def test_every_time_can_be_shown(seconds: int | bytes) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) <= moment(seconds) <= datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
