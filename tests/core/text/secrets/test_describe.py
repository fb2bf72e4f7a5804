"""Where secrets are in a text, and of which kind."""

from __future__ import annotations

import pytest

from supervisor.core.text.secrets.describe import SecretSpot, secret_spots

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n" * 3
    + "-----END PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "spots"),
    [
        ("# Plan\n\nNothing of the kind.\n", []),
        ("one\ntwo\n" + KEY + "\n", [SecretSpot(3, "a private key")]),
        ("see https://bob:hunter2secret@example.com/x\n", [SecretSpot(1, "a password in an address")]),
        ("one\nDB_PASSWORD=correct-horse-7\n", [SecretSpot(2, "the value of `DB_PASSWORD`")]),
    ],
    ids=["none", "key", "address", "name"],
)
def test_a_secret_is_named_by_its_line_and_kind(text: str, spots: list[SecretSpot]) -> None:
    assert list(secret_spots(text)) == spots


def test_a_token_is_named_by_its_rule_and_never_by_its_value() -> None:
    (spot,) = secret_spots(f"one\n\npush with {TOKEN}\n")
    assert spot.line == 3
    assert "github" in spot.kind.lower()
    assert TOKEN not in repr(spot)
