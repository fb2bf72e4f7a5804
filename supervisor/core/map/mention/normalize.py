"""Normalize names of routes, topics, fields, packages and repos, so that two spellings of one thing are equal."""

from __future__ import annotations

import re
from functools import lru_cache

from supervisor.regex import regex

_REMEMBERED = 4096  # names that are not normalized again: sources call the same functions again and again
_PLACEHOLDER = regex(
    r"\{[^{}/]*\}|<[^<>/]*>|(?<=/):\w+\??|(?<=/)\$\w+|(?<=/)\[+\.{0,3}\w+\]+|(?<=/)\*\w*|\(\?P?<\w+>[^/]*\)"
)
_SEPARATOR = regex(r"[_\-\s]")
_DOT = regex(r"\.|->|::|\?\.")
_FORMAT = regex(r"(?:\(?\.(?:\{_?format[^{}/]*\}|:format)\)?|(?<=[\w}])\.(?:json|xml))$")
"""The format of the answer at the end of a route: `.{_format}` (Symfony), `(.:format)` (Rails), `.json` of a caller."""


@lru_cache(_REMEMBERED)
def plain_name(text: str) -> str:
    """Normalize a name: `retry_after`, `retryAfter` and `RETRY-AFTER` become equal."""
    return _SEPARATOR.sub("", text).lower()


def route_name(text: str) -> str:
    """Normalize a route: `/v1/devices/{id}/`, `/v1/devices/:id` and `/v1/devices/<int:id>?x=1` become equal."""
    path = _PLACEHOLDER.sub("{}", _FORMAT.sub("", text.partition("?")[0].partition("#")[0]))
    path = "/".join(_segment(part) for part in path.split("/"))
    return re.sub(r"//+", "/", path).rstrip("/") or "/"


_GROUP = regex(r"\((?:\?P?<\w+>|\?:)?[^()]*\)([*?]|\{0)?[+}]?")
_REPEATED = regex(r"(?:\[\^?\]?[^\]]*\]|\\[dwDWsS]|\.)(?:\{[\d,]*\}|[+*]\??)?")


def pattern_route(text: str) -> str:
    """Return the route that a regular expression matches, or "" if it is none.

    `^/v1/rides/(\\d+)/?$` matches `/v1/rides/{}`.
    """
    path = re.sub(r"(?:/\?)?(?:\$|\\Z)?$", "", text.removeprefix("^")).replace("\\/", "/").replace("\\-", "-")
    path = path.replace("\\.", "\0")
    for _ in range(6):
        path, count = _GROUP.subn(lambda group: "" if group[1] else "{}", path)
        if not count:
            break
    path = _REPEATED.sub("{}", path).replace("\0", ".")
    if re.search(r"[\\()\[\]^$|*+?]", path):
        return ""
    return route_name(path if path.startswith("/") else f"/{path}")


def _segment(part: str) -> str:
    """Normalize a segment. If it is nothing but placeholders and punctuation, it becomes one placeholder."""
    return part if part == "{}" or "{}" not in part else "{}" if re.fullmatch(r"[\W_]*(\{\}[\W_]*)+", part) else part


def topic_name(text: str) -> str:
    """Normalize a topic: `devices/+/status` and `devices/{id}/status` become equal."""
    parts = re.split(r"([/.:])", _PLACEHOLDER.sub("{}", text))
    return "".join("{}" if part in ("+", "*", "{}") else part for part in parts).strip("/")


def package_name(text: str) -> str:
    """Normalize a package name: `My_Pkg` and `my-pkg` become equal."""
    return re.sub(r"[_.\-]+", "-", text).lower()


def repo_name(url: str) -> str:
    """Return the name of a repo by its URL or path: the last part, without `.git`."""
    return re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git").lower()


def imported(text: str, language: str) -> str:
    """Return the package that an import belongs to."""
    if language == "python":
        return text.partition(".")[0]
    if language == "go":
        return text
    parts = text.split("/")
    return "/".join(parts[:2]) if text.startswith("@") else parts[0]


@lru_cache(_REMEMBERED)
def last_of(name: str) -> str:
    """Return the last part of a dotted name, in lower case: `get` of `api.client.get`."""
    return _DOT.split(name.rstrip("!?"))[-1].lower()


@lru_cache(_REMEMBERED)
def receiver_of(name: str) -> str:
    """Return the part before the last one, in lower case: `client` of `api.client.get`; "" if there is none."""
    parts = _DOT.split(name)
    return parts[-2].lower().lstrip("$@") if len(parts) > 1 else ""
