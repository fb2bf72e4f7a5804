"""Credentials that no name marks: in addresses, options of commands, cookies and manifests of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.core.text.secrets.kinds import Secrecy
from supervisor.core.text.secrets.values import is_secret

URL = "://"
KIND = "kind:"
COMMANDS = ("curl", "wget", "http", "sshpass", "mysql", "redis-cli", "requirepass", "masterauth", "login")


def userinfo(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the user and password in an address whose `://` is at `at`, or a token in place of the user."""
    match = _USERINFO.match(text, at + 3) or _TOKEN_AS_USER.match(text, at + 3)
    if match is not None:
        yield match.span(1)


def option(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the credentials among the options of a command: `curl -u ada:...`, `sshpass -p ...`."""
    match = _OPTIONS.match(text, at, at + 600)
    if match is not None and match.lastgroup is not None:
        start, end = match.span(match.lastgroup)
        if is_secret(Secrecy.STRONG, text[start:end], quoted=False, tight=True):
            yield start, end


def cookies(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the values of the cookies in the line that goes on at `at`, and keep their attributes."""
    line = text.find("\n", at)
    for match in _COOKIE.finditer(text, at, min(line if line >= 0 else len(text), at + 8192)):
        if match["name"].lower() not in _ATTRIBUTES:
            yield match.span("value")


def manifest(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the values of a Kubernetes Secret, whose `kind: Secret` is at `at`."""
    if _SECRET.match(text, at) is None:
        return
    begin = max(text.rfind("\n---", max(0, at - NEAR), at), at - NEAR, 0)
    end = text.find("\n---", at, at + 2 * NEAR)
    end = end if end >= 0 else min(len(text), at + 2 * NEAR)
    data = _DATA.search(text, begin, end)
    entries = _ENTRIES.match(text, data.end(), end) if data is not None else None
    if entries is not None:
        for match in _ENTRY.finditer(text, *entries.span()):
            yield match.span(1)


NEAR = 4000
"""Characters around `kind: Secret` in which its data are looked for."""

_USERINFO = re.compile(r"([^\s/@:\"'`<>]{0,256}:[^\s/\"'`<>]{1,2000})@")
_TOKEN_AS_USER = re.compile(
    r"((?:gh[pousr]_|github_pat_|glpat-|x-access-token|oauth2|x-token-auth)[^\s/@]{0,256}"
    r"|(?=[^\s/@]{0,200}\d)[A-Za-z0-9_=-]{16,200})@",
    re.IGNORECASE,
)
_OPTIONS = re.compile(
    r"(?:curl|wget|https?)\b[^\n]{0,400}?[ \t](?:-u|--user|-U|--proxy-user|-a|--auth)[ =]?\\{0,3}[\"']?"
    r"(?P<basic>[^\s\"':\\]{0,128}:[^\s\"'\\]{2,})"
    r"|sshpass\b[ \t]+-p[ \t]*[\"']?(?P<ssh>[^\s\"'\\]{3,})"
    r"|mysql(?:dump|admin)?\b[^\n]{0,300}?[ \t]-p(?P<mysql>[^\s\"'=\\-][^\s\"'\\]{2,})"
    r"|redis-cli\b[^\n]{0,200}?[ \t](?:-a|--pass)[ =](?P<redis>[^\s\"'\\]{3,})"
    r"|(?:requirepass|masterauth)[ \t]+[\"']?(?P<conf>[^\s\"'\\]{3,})"
    r"|login\b[^\n]{0,300}?[ \t]-p[ =]?[\"']?(?P<docker>[^\s\"'\\-][^\s\"'\\]{3,})"
)
_COOKIE = re.compile(r"(?P<name>[^\s=;,\"']{1,100})=(?P<value>[^;\s\"'\\]{8,})")
_ATTRIBUTES = frozenset(("path", "domain", "expires", "max-age", "samesite", "version", "priority"))
_SECRET = re.compile(r"kind:[ \t]*[\"']?Secret\b")
_DATA = re.compile(r"(?:^|\n)(?:data|stringData):[ \t]*\n")
_ENTRIES = re.compile(r"(?:[ \t]+[^\n]*(?:\n|$))*+")
_ENTRY = re.compile(r"[ \t]+[\w.\-]{1,253}:[ \t]+[\"']?([^\s\"'|>{\[][^\s\"']{3,})")
