"""Redact secrets that must not reach a log, the ledger or runs.md: credentials in URLs, and apparent API keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

GONE = "[redacted]"


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Return a pattern that every secret matches somewhere, and (pattern, replacement) for each kind.

    Compiled on first use: it takes 2 ms.
    """
    hint = re.compile(
        r"://|sk-|rk-|pk-|gh[pousr]_|github_pat_|glpat-|xox|AKIA|eyJ|authorization|PRIVATE KEY", re.IGNORECASE
    )
    # Each pattern takes linear time on any text: an agent's output may be one line of megabytes.
    kinds = (
        (re.compile(r"(?<=://)[^\s/@:]*:[^\s/]+@"), f"{GONE}@"),
        (re.compile(r"(?<=://)(?:gh[pousr]_|github_pat_|glpat-|x-access-token)[^\s/@]*@", re.IGNORECASE), f"{GONE}@"),
        (re.compile(r"\b(?:sk|rk|pk)-[A-Za-z0-9_-]{20,}"), GONE),
        (
            re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,})"),
            GONE,
        ),
        (re.compile(r"\bAKIA[0-9A-Z]{16}\b"), GONE),
        (re.compile(r"\beyJ[\w-]{10,1000}+\.eyJ[\w-]{10,}\.[\w-]{10,}"), GONE),
        (
            re.compile(
                r"(?P<keep>\b(?:authorization|proxy-authorization)['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)\s+)[^\s'\",]{8,}",
                re.IGNORECASE,
            ),
            rf"\g<keep>{GONE}",
        ),
        (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), GONE),
    )
    return hint, kinds


Value = TypeVar("Value")


_NAMES = re.compile(r"token|secret|passw|credential|private|api_?key|access_?key|_key$|_pat$", re.IGNORECASE)
_SHORTEST = 8  # characters of a secret that is known by its value: shorter values occur in harmless words


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment whose names mark them as secret, longest first."""
    found = {
        value
        for name, value in environ.items()
        if _NAMES.search(name) and len(value) >= _SHORTEST and not value.startswith(("/", "~"))  # a path is no secret
    }
    return tuple(sorted(found, key=len, reverse=True))


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """Return `text` without secrets, and without the `known` ones."""
    for secret in known:
        if secret in text:
            text = text.replace(secret, GONE)
    hint, kinds = _patterns()
    if not hint.search(text):
        return text
    for pattern, instead in kinds:
        text = pattern.sub(instead, text)
    return text


def redacted(value: Value, known: tuple[str, ...] = ()) -> Value:
    """Redact every text in a domain value. Without a secret, return the same object."""
    result: Any = value
    if isinstance(value, str):
        result = redact(value, known)
    elif isinstance(value, tuple):
        parts = tuple(redacted(part, known) for part in value)
        result = value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    elif isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, old in fields.items() if (new := redacted(old, known)) is not old and new != old}
        result = replace(value, **changed) if changed else value
    return result  # type: ignore[no-any-return]
