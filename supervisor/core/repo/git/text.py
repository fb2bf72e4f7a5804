"""Convert times, numbers, words and URLs that git prints. Whatever the bytes are, the result is safe to show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from supervisor.core.text.redact import redact
from supervisor.domain.repo.pathname import shown
from supervisor.regex import regex

WORDS = 300  # characters of a subject or a person's name


def moment(seconds: int | bytes) -> datetime:
    """Convert a Unix time that git printed. Anything outside of the years 1970 to 9999 becomes the nearest moment."""
    return _EPOCH + timedelta(seconds=min(max(number(seconds), 0), _LAST_SECOND))


def number(digits: int | bytes) -> int:
    """Convert an integer that git printed; 0 if it is not one."""
    if isinstance(digits, int):
        return digits
    return int(digits) if len(digits) < 20 and digits.strip().lstrip(b"-").isdigit() else 0


def words(text: bytes, limit: int = WORDS) -> str:
    """Return what a person wrote as one printable line without secrets, cut at `limit` characters.

    Control characters and bytes that are not UTF-8 are escaped, so that no terminal interprets them.
    """
    line = text[: 8 * limit].decode("utf-8", "surrogateescape").strip()
    if not line.isprintable():
        line = "".join(map(_char, line))
    if "://" in line:
        line = _USERINFO.sub("", line)
    line = redact(line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def without_credentials(url: bytes) -> str:
    """Return a URL that is safe to show: without user, password, query and fragment. `git@host:path` keeps its user."""
    text = shown(url)
    helper, double, rest = text.partition("::")
    if double and helper.isalnum():  # ext:: is followed by a command line.
        return f"{helper}::…" if helper == "ext" else f"{helper}::{without_credentials(rest.encode())}"
    scheme, sep, rest = text.partition("://")
    if sep:
        text = f"{scheme}://{_without_user(rest)}"
    elif re.match(r"[^/@]*:[^/@]*@", text):
        text = text.partition("@")[2]
    return redact(text)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253402300799
_USERINFO = regex(r"(?<=://)[^\s/@]*@")


_BEHIND_HOST = regex(r"[/?#]")


def _without_user(rest: str) -> str:
    while True:
        host = _BEHIND_HOST.split(rest, maxsplit=1)[0]
        if "@" in host:
            rest = rest[host.rindex("@") + 1 :]
        elif re.search(r":(?!\d*$)", host) and not host.startswith("[") and "@" in rest:
            rest = rest.rpartition("@")[2]  # The password contains a slash.
        else:
            return re.split(r"[?#]", rest, maxsplit=1)[0]


def _char(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    if char.isprintable() or char in "\u200c\u200d":  # Zero-width joiners are part of words and emoji.
        return char
    return " " if char in "\t\n" else char.encode("unicode_escape").decode("ascii")
