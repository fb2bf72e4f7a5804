"""Redact secrets that must not reach a log, the ledger or runs.md, in texts and in whole values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

GONE = "[redacted]"

Value = TypeVar("Value")


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """Return `text` without secrets, and without the `known` ones. Takes linear time."""
    for secret in known:
        if secret in text:
            text = text.replace(secret, GONE)
    if not _rules and not may_hold_secret(text):
        return text
    for _ in range(_PASSES):
        found = _find(text)
        if not found:
            break
        at = 0
        parts: list[str] = []
        for start, end in found:
            parts += (text[at:start], GONE)
            at = end
        text = "".join((*parts, text[at:]))
    return text


def redacted(value: Value, known: tuple[str, ...] = ()) -> Value:
    """Redact every text in a value: domain values, tuples, lists, dicts. Without a secret, return the same object."""
    return redacted_on(value, known, inside=False)[0]


def redacted_on(value: Value, known: tuple[str, ...], *, inside: bool) -> tuple[Value, bool]:
    """Redact a value that follows another. `inside`: that one ended within a private key. Return it for the next."""
    cutter = _Cutter(known, inside)
    return cutter.cut(value), cutter.inside


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment whose names mark them as secret, as they may be written, longest first."""
    found: set[str] = set()
    for name, value in environ.items():
        if (
            _NAMES.search(name)
            and not (_ABOUT.search(name) and not _ADDRESSES.search(name))
            and not _HARMLESS.fullmatch(value)
        ):
            for one in (value, *(line.strip() for line in value.splitlines() if len(line.strip()) >= 2 * _SHORTEST)):
                found.update((one, _in_json(one), _in_url(one)))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=lambda one: (-len(one), one)))


def may_hold_secret(text: str) -> bool:
    """Return False for texts in which no rule finds anything, such as most paths and sentences.

    It costs 1 ms on first use, and the rules twenty: a command that shows a status does without them.
    """
    return _hint().search(text) is not None


_SHORTEST = 8  # characters of a secret that is known by its value: shorter values occur in harmless words
_PASSES = 3  # what is cut may join its neighbours to something that a rule matches
_NAMES = re.compile(
    r"token|secret|passw|passphrase|credential|private|api_?key|access_?key|_key$|_pat$|_pass$|_pwd$|_auth$|cookie"
    r"|webhook|_dsn$|connection_?string|_sas$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"_(?:ur[li]|endpoint|host|port|file|path|dir|type|mode|name|user|username|ttl|size|count)$", re.IGNORECASE
)
_ADDRESSES = re.compile(r"webhook|dsn|connection", re.IGNORECASE)
_HARMLESS = re.compile(  # a path, a number, a word of settings
    r"[~.]{0,2}/[\w.@~ -]*(?:/[\w.@~ -]*)+|~.*|/[a-z_.-]+|[\d.]+|disabled|required|optional|undefined|password",
    re.IGNORECASE,
)


def _in_json(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def _in_url(text: str) -> str:
    return "".join(
        char
        if (char.isalnum() and char.isascii()) or char in "-_.~"
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in text
    )


@cache
def _hint() -> re.Pattern[str]:
    words = (
        "pass|pwd|psw|secret|token|credential|key|auth|cookie|sess|sig|curl|wget|http|mysql|redis|login|identified|_pat"
    )
    return re.compile(
        rf"(?i:{words})|://|-----(?i:BEGIN|END)|(?<![\w~.-])(?=[\w~.-]{{15}})[a-z_.~-]*[A-Z0-9]|[A-Za-z0-9+/]{{24}}"
    )


class _Rules(NamedTuple):
    spans: Callable[[str], Sequence[tuple[int, int]]]
    is_open: Callable[[str], bool]
    continued: Callable[[str], tuple[int, bool]]
    is_secret_field: Callable[[str, str], bool]


_rules: list[_Rules] = []  # loaded on first use, with the first text that may hold a secret


def _loaded() -> _Rules:
    if not _rules:
        # 20 ms with what is built from them: no start of a server and no command waits for that.
        from supervisor.core.text.secrets import blocks, find, names

        _rules.append(_Rules(find.spans, blocks.is_open, blocks.continued, names.is_secret_field))
    return _rules[0]


def _find(text: str) -> Sequence[tuple[int, int]]:
    return _loaded().spans(text)


class _Cutter:
    """Cuts one text after the other. A private key may begin in one and end in another."""

    def __init__(self, known: tuple[str, ...], inside: bool) -> None:
        self._known = known
        self.inside = inside

    def cut(self, value: Value) -> Value:
        result: Any = value
        if isinstance(value, str):
            result = self._text(value)
        elif isinstance(value, tuple | list):
            parts = [self.cut(part) for part in value]
            unchanged = all(new is old for new, old in zip(parts, value, strict=True))
            result = value if unchanged else type(value)(parts) if type(value) in (tuple, list) else type(value)(*parts)
        elif isinstance(value, dict):
            result = {name: self._field(name, part) for name, part in value.items()}
        elif isinstance(value, Struct):
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            changed = {name: new for name, old in fields.items() if (new := self.cut(old)) is not old and new != old}
            result = replace(value, **changed) if changed else value
        return result  # type: ignore[no-any-return]

    def _text(self, text: str) -> str:
        if self.inside and text:
            size, self.inside = _loaded().continued(text)
            if size:
                text = GONE + text[size:]
        if "PRIVATE KEY" in text and _loaded().is_open(text):
            self.inside = True
        return redact(text, self._known)

    def _field(self, name: object, value: object) -> object:
        if (
            isinstance(name, str)
            and isinstance(value, str)
            and may_hold_secret(name)
            and _loaded().is_secret_field(name, value)
        ):
            return GONE
        return self.cut(value)
