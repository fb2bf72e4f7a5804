"""Redact secrets in text, so that they reach no log, no file and no screen. Needs the standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from supervisor.core.text.may_hold import may_hold_secret
from supervisor.regex import regex

GONE = "[redacted]"


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """Return `text` without secrets, and without the `known` ones. Takes linear time.

    What has none (left) is remembered: the same texts are shown again with each change.
    """
    if _clean.has(text, known):
        return text
    cut, sure = _redacted(cut_known(text, known))
    if sure:
        _clean.add(cut, known)
    return cut


class _Remembered:
    """Texts without any secret. A supervisor shows those of its world again and again, long ones too."""

    def __init__(self) -> None:
        self._texts: set[tuple[str, tuple[str, ...]]] = set()
        self._left = _REMEMBERED

    def has(self, text: str, known: tuple[str, ...]) -> bool:
        return (text, known) in self._texts

    def add(self, text: str, known: tuple[str, ...]) -> None:
        if len(text) > _REMEMBERED // 8:
            return
        self._left -= len(text) + _AN_ENTRY
        if self._left < 0:
            self._texts.clear()
            self._left = _REMEMBERED - len(text) - _AN_ENTRY
        self._texts.add((text, known))


def _redacted(text: str) -> tuple[str, bool]:
    """Return a text without what the rules find, and whether they find nothing more in it."""
    if not _loaded and not may_hold_secret(text):
        return text, True
    for _ in range(_PASSES):
        found = rules().spans(text)
        cut = "".join(_pieces(text, found, lambda _: GONE)) if found else text
        if cut == text:
            return text, True
        text = cut
    return text, False


def cut_known(value: Any, known: tuple[str, ...]) -> Any:
    """Cut the `known` secrets from JSON in which the rules found nothing any more. It loads no rules (20 ms)."""
    if isinstance(value, str):
        for secret in known:
            value = _without(value, secret) if secret[:_SHORTEST] in value else value
        return value
    if isinstance(value, list):
        return [cut_known(part, known) for part in value]
    return {name: cut_known(part, known) for name, part in value.items()} if isinstance(value, dict) else value


def redact_lines(lines: Sequence[str], known: tuple[str, ...] = ()) -> list[str]:
    """Redact a text that is given, and returned, as its lines: as many as before."""
    text = redact_in_place("\n".join(lines), known, lambda secret: "\n".join([GONE] * (secret.count("\n") + 1)))
    return text.split("\n")


def redact_in_place(text: str, known: tuple[str, ...], instead: Callable[[str], str]) -> str:
    """Redact a text with something else in place of each secret."""
    return "".join(_pieces(text, secret_spans(text, known)[0], instead))


def secret_spans(text: str, known: tuple[str, ...], *, inside: bool = False) -> tuple[list[tuple[int, int]], bool]:
    """Find the secrets in a text, and whether it ends within a private key. `inside`: the text before it did."""
    spans = [(at, at + len(secret)) for secret in known for at in _all(text, secret)]
    if inside:
        size, inside = rules().continued(text)
        spans += [(0, size)] if size else []
    if _loaded or may_hold_secret(text):
        spans += rules().spans(text)
        inside = inside or ("PRIVATE KEY" in text and rules().is_open(text))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged, inside


def _pieces(text: str, spans: Sequence[tuple[int, int]], instead: Callable[[str], str]) -> Iterator[str]:
    at = 0
    for start, end in spans:
        yield text[at:start]
        yield instead(text[start:end])
        at = end
    yield text[at:]


def _all(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def _without(text: str, secret: str) -> str:
    """Remove a known secret, and what a limit left of it at the end of the text."""
    text = text.replace(secret, GONE)
    at = text.rfind(secret[:_SHORTEST], max(0, len(text) - len(secret)))
    rest = text[at:].removesuffix("…") if at >= 0 else ""
    return text[:at] + GONE if rest and secret.startswith(rest) else text


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment whose names mark them as secret, as they may be written, longest first."""
    found: set[str] = set()
    for name, value in environ.items():
        if len(value) >= _SHORTEST and _names_secret(name.lower()) and not _HARMLESS.fullmatch(value):
            for one in (value, *(line.strip() for line in value.splitlines() if len(line.strip()) >= 2 * _SHORTEST)):
                found.update((one, _in_json(one), _in_url(one)))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=lambda one: (-len(one), one)))


@lru_cache(maxsize=1024)
def _may_be_secret(name: str) -> bool:
    """Whether a field of this name may hold a secret."""
    return may_hold_secret(f"{name}=")


class Cutter:
    """Cuts one text after the other. A private key may begin in one and end in another."""

    def __init__(self, known: tuple[str, ...], inside: bool = False) -> None:
        self._known = known
        self.inside = inside

    def cut(self, value: Any) -> Any:
        """Redact every text in a text, tuple, list or dict. Without a secret, return the same object."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, tuple | list):
            parts = [self.cut(part) for part in value]
            if all(new is old for new, old in zip(parts, value, strict=True)):
                return value
            return type(value)(parts) if type(value) in (tuple, list) else type(value)(*parts)
        if not isinstance(value, dict):
            return value
        label = value.get("name", value.get("key"))  # of its "value", as in a manifest of Kubernetes
        return {
            name: self._field(label if name == "value" and isinstance(label, str) else name, part)
            for name, part in value.items()
        }

    def _text(self, text: str) -> str:
        if self.inside and text:
            size, whole = rules().continued(text)
            self.inside = whole or (not size and len(text) < _SENTENCE)
            text = GONE + text[size:] if size else text
        if "PRIVATE KEY" in text and rules().is_open(text):
            self.inside = True
        return redact(text, self._known)

    def _field(self, name: Any, value: Any) -> Any:
        texts = isinstance(name, str) and isinstance(value, str)
        return GONE if texts and _may_be_secret(name) and rules().is_secret_field(name, value) else self.cut(value)


_SENTENCE = 40
"""Characters of a text that ends a private key if it does not go on with it. A shorter one may be a name or an id."""

_SHORTEST = 8  # characters of a secret that is known by its value: shorter values occur in harmless words
_PASSES = 3  # what is cut may join its neighbours to something that a rule matches
_NAMES = (
    *(
        "token",
        "secret",
        "passw",
        "passphrase",
        "credential",
        "private",
        "api_key",
        "apikey",
        "access_key",
        "accesskey",
    ),
    *("cookie", "webhook", "connection_string"),
)
_ENDS = ("_key", "_pat", "_pass", "_pwd", "_auth", "_dsn", "_sas")
_ABOUT = (
    *("_url", "_uri", "_endpoint", "_host", "_port", "_file", "_path", "_dir", "_type", "_mode", "_name", "_user"),
    *("_username", "_ttl", "_size"),
)
_ADDRESSES = ("webhook", "_dsn", "connection")


def _names_secret(name: str) -> bool:
    if not any(word in name for word in _NAMES) and not name.endswith(_ENDS):
        return False
    return not name.endswith(_ABOUT) or any(word in name for word in _ADDRESSES)  # `..._TOKEN_FILE` says where it is


# A path, a number, and words of settings.
_HARMLESS = regex(
    r"[~.]{0,2}/[\w.@~ -]*(?:/[\w.@~ -]*)+|~.*|/[a-z_.-]+|[\d.]+|disabled|required|optional|undefined|password",
    re.I,
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


_REMEMBERED = 1 << 21  # characters of the texts that are remembered
_AN_ENTRY = 224  # bytes of one of them beside its text
_clean = _Remembered()
_loaded: list[ModuleType] = []


def rules() -> ModuleType:
    """Return the module with the rules. It is loaded with the first text that may hold a secret."""
    if not _loaded:
        # 20 ms with what is built from them: no start of a server, and no command, waits for that.
        from supervisor.core.text.secrets import find

        _loaded.append(find)
    return _loaded[0]
