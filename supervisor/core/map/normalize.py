"""The forms in which two spellings of one thing are equal: of routes, topics, fields, packages and repos."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"\{[^{}/]*\}|<[^<>/]*>|(?<=/):\w+\??|(?<=/)\$\w+|(?<=/)\[+\.{0,3}\w+\]+|(?<=/)\*\w*|\(\?P?<\w+>[^/]*\)"
)


def plain_name(text: str) -> str:
    """The form in which `retry_after`, `retryAfter` and `RETRY-AFTER` are equal."""
    return re.sub(r"[_\-\s]", "", text).lower()


def route_name(text: str) -> str:
    """The form in which `/v1/devices/{id}/`, `/v1/devices/:id` and `/v1/devices/<int:id>?x=1` are equal."""
    path = _PLACEHOLDER.sub("{}", text.partition("?")[0].partition("#")[0])
    path = "/".join(_segment(part) for part in path.split("/"))
    return re.sub(r"//+", "/", path).rstrip("/") or "/"


def _segment(part: str) -> str:
    """A hole beside words is what the caller puts before or behind them, but for a file's ending."""
    return part if part == "{}" or "{}" not in part else "{}" if re.fullmatch(r"[\W_]*(\{\}[\W_]*)+", part) else part


def topic_name(text: str) -> str:
    """The form in which `devices/+/status` and `devices/%s/status` are equal."""
    parts = re.split(r"([/.:])", _PLACEHOLDER.sub("{}", text))
    return "".join("{}" if part in ("+", "*", "{}") else part for part in parts).strip("/")


def package_name(text: str) -> str:
    """The form in which `My_Pkg` and `my-pkg` are equal."""
    return re.sub(r"[_.\-]+", "-", text).lower()


def repo_name(url: str) -> str:
    """What a repo is called, by its URL or path: the last part, without `.git`."""
    return re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git").lower()


def imported(text: str, language: str) -> str:
    """The package that an import is of."""
    if language == "python":
        return text.partition(".")[0]
    if language == "go":
        return text
    parts = text.split("/")
    return "/".join(parts[:2]) if text.startswith("@") else parts[0]


def last_of(name: str) -> str:
    return re.split(r"\.|->|::|\?\.", name.rstrip("!?"))[-1].lower()


def receiver_of(name: str) -> str:
    parts = re.split(r"\.|->|::|\?\.", name)
    return parts[-2].lower().lstrip("$@") if len(parts) > 1 else ""
