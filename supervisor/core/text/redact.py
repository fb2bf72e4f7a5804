"""Redact secrets in text, so that they reach no log, no file and no screen. Needs the standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import ModuleType

GONE = "[redacted]"


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """Return `text` without secrets, and without the `known` ones. Takes linear time."""
    for secret in known:
        if secret in text:
            text = text.replace(secret, GONE)
    if not _loaded and not may_hold_secret(text):
        return text
    for _ in range(_PASSES):
        found = rules().spans(text)
        if not found:
            break
        at = 0
        parts: list[str] = []
        for start, end in found:
            parts += (text[at:start], GONE)
            at = end
        text = "".join((*parts, text[at:]))
    return text


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


_loaded: list[ModuleType] = []


def rules() -> ModuleType:
    """Return the module with the rules. It is loaded with the first text that may hold a secret."""
    if not _loaded:
        # 20 ms with what is built from them: no start of a server, and no command, waits for that.
        from supervisor.core.text.secrets import find

        _loaded.append(find)
    return _loaded[0]
