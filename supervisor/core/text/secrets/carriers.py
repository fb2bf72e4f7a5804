"""Credentials that no name marks: in addresses, options of commands, cookies and manifests of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.core.text.secrets.kinds import Secrecy
from supervisor.core.text.secrets.values import is_secret
from supervisor.regex import regex

URL = "://"
KINDS = ("kind:", 'kind"', "kind\\", "stringdata")
GO = ("tcp(", "unix(")
COMMANDS = (
    *("curl", "wget", "http", "sshpass", "mysql", "redis-cli", "requirepass", "masterauth", "login"),
    *("mongo", "zip", "unzip", "7z", "smbclient", "rpcclient", "ldap", "htpasswd"),
)


def userinfo(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the user and password in an address whose `://` is at `at`, or a token in place of the user."""
    if text.find("@", at, at + LONGEST) < 0:
        return
    match = _USERINFO.match(text, at + 3) or _TOKEN_AS_USER.match(text, at + 3)
    if match is not None:
        yield match.span(1)
    elif (match := _UNESCAPED.match(text, at + 3)) is not None:
        path = text.endswith("ssh", 0, at) and not any(map(str.isdigit, match["password"]))  # `ssh://host:org/repo@v`
        if not path and is_secret(Secrecy.STRONG, match["password"].strip("/"), quoted=False, tight=True):
            yield match.span(1)


def before_address(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the password in an address as Go's MySQL takes it: `ada:...@tcp(host:3306)/x`."""
    match = _GO.search(text, max(0, at - 170), at)
    if match is not None and is_secret(Secrecy.STRONG, match[1], quoted=False, tight=True):
        yield match.span(1)


def option(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the credentials among the options of a command: `curl -u ada:...`, `sshpass -p ...`."""
    if (jar := _JAR.match(text, at, at + 600)) is not None:
        yield from cookies(text, jar.end())
    match = _OPTIONS.match(text, at, at + 600)
    if match is not None and match.lastgroup is not None:
        start, end = match.span(match.lastgroup)
        if is_secret(Secrecy.STRONG, text[start:end], quoted=False, tight=True):
            yield start, end


def cookies(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the values of the cookies in the line that goes on at `at`, and keep their attributes."""
    while (match := _COOKIE.match(text, at, at + 8192)) is not None:
        if match["name"].lower() not in _ATTRIBUTES and len(match["value"] or "") >= SHORTEST_COOKIE:
            yield match.span("value")
        if not match[0].endswith(";"):
            break
        at = match.end()


def manifest(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the values of a Kubernetes Secret, in YAML or JSON, whose `kind: Secret` is at `at`, or its"
    " `stringData`."""
    if _SECRET.match(text, at) is None:
        return
    for data in _JSON_DATA.finditer(text, max(0, at - NEAR), at + NEAR):
        after = data.end()
        while (entry := _JSON_ENTRY.match(text, after, at + NEAR)) is not None:
            yield entry.span(1)
            after = entry.end()
    begin, end = max(text.rfind("---", max(0, at - NEAR), at), at - NEAR, 0), text.find("---", at, at + NEAR)
    end = end if end >= 0 else min(len(text), at + NEAR)
    for data in _DATA.finditer(text, begin, end):
        after = data.end()
        while (entry := _ENTRY.match(text, after, end)) is not None:
            yield entry.span(1)
            after = entry.end()


LONGEST = 2400  # characters from `://` to the `@`
SHORTEST_COOKIE = 8  # characters of a value

NEAR = 4000
"""Characters around `kind: Secret` in which its data are looked for."""

_USERINFO = regex(r"([^\s/@:\"'`<>]{0,256}:[^\s/\"'`<>]{0,2000})@")
_TOKEN_AS_USER = regex(
    r"((?:gh[pousr]_|github_pat_|glpat-|x-access-token|oauth2|x-token-auth)[^\s/@]{0,256}"
    r"|(?=[^\s/@]{0,200}\d)[A-Za-z0-9_=-]{16,200})@",
    re.IGNORECASE,
)
_UNESCAPED = regex(  # a password with what should be written as %2F; after a port comes a path
    r"([^\s/@:\"'`<>\[\]{}?#]{0,64}:(?!\d{1,5}[/?#]|(?i:port)\b)(?P<password>[^\s\"'`<>]{1,300}))"
    r"@(?=[\w.\-]{1,255}(?:[:/?\s\"'`<>),;\\]|$))"
)
_JAR = regex(r"(?:curl|https?)\b[^\n]{0,400}?[ \t](?:-b|--cookie)[ =]?\\{0,3}[\"']?(?=[^\s\"'=;]{1,60}=)")
_OPTIONS = regex(
    r"(?:curl|wget|https?)\b[^\n]{0,400}?[ \t](?:-[a-zA-Z]{0,6}u|--user|-U|--proxy-user|-a|--auth)[ =]?\\{0,3}[\"']?"
    r"(?P<basic>[^\s\"':\\]{0,128}:[^\s\"'\\]{2,}|(?=[^\s:]{0,99}\d)[^\s\"':\\]{12,128}:[^\s\"'\\]?)"
    r"|sshpass\b[ \t]+-p[ \t]*[\"']?(?P<ssh>[^\s\"'\\]{3,})"
    r"|mysql(?:dump|admin)?\b[^\n]{0,300}?[ \t]-p\\{0,3}[\"']?(?P<mysql>[^\s\"'=\\-][^\s\"'\\]{2,})"
    r"|redis-cli\b[^\n]{0,200}?[ \t](?:-a|--pass)[ =]\\{0,3}[\"']?(?P<redis>[^\s\"'\\]{3,})"
    r"|(?:requirepass|masterauth)[ \t]+[\"']?(?P<conf>[^\s\"'\\]{3,})"
    r"|mongo[a-z]{0,8}\b[^\n]{0,300}?[ \t]-p[ ]?[\"']?(?P<mongo>[^\s\"'\\-][^\s\"'\\]{2,})"
    r"|(?:un)?zip\b[^\n]{0,200}?[ \t]-P[ ]?[\"']?(?P<zip>[^\s\"'\\]{3,})"
    r"|7z[ar]?\b[^\n]{0,200}?[ \t]-p[\"']?(?P<archive>[^\s\"'\\]{3,})"
    r"|(?:smb|rpc)client\b[^\n]{0,200}?[ \t]-U[ ]?[\"']?[^\s%\"']{1,64}%(?P<samba>[^\s\"'\\]{3,})"
    r"|ldap[a-z]{3,9}\b[^\n]{0,300}?[ \t]-w[ ]?[\"']?(?P<ldap>[^\s\"'\\]{3,})"
    r"|htpasswd\b[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+\S{1,200}[ \t]+\S{1,64}[ \t]+[\"']?(?P<web>[^\s\"'\\]{3,})"
    r"|login\b[^\n]{0,300}?[ \t]-p[ =]?[\"']?(?P<docker>[^\s\"'\\-][^\s\"'\\]{3,})"
)
_GO = regex(r"(?<![\w.:@/-])[\w.-]{0,64}:([^\s:@/\"'`]{4,100})@$")
_COOKIE = regex(r"[ \t\\\"']{0,8}(?P<name>[^\s=;,\"']{1,100})(?:=(?P<value>[^;\s\"'\\]*+))?;?")
_ATTRIBUTES = frozenset(("path", "domain", "expires", "max-age", "samesite", "version", "priority"))
_LINE = r"(?:\s|\\+[nrt])"  # white space, or an escaped line feed
_SECRET = regex(r"kind\\{0,15}[\"']?:[ \t]*\\{0,15}[\"']?Secret\b|stringData\b")
_JSON_DATA = regex(rf"(?:data|stringData)\\{{0,15}}\":{_LINE}{{0,8}}\{{")
_JSON_ENTRY = regex(
    rf"{_LINE}{{0,40}},?{_LINE}{{0,40}}\\{{0,15}}\"[\w.\-]{{1,253}}\\{{0,15}}\":{_LINE}{{0,8}}\\{{0,15}}\"([^\"\\]{{4,}})\\{{0,15}}\""
)
_DATA = regex(rf"(?:(?<![A-Za-z])|(?<=\\[nrt]))(?:data|stringData):(?={_LINE})")
_ENTRY = regex(
    rf"{_LINE}{{1,40}}[\w.\-]{{1,253}}:[ \t]{{1,8}}\\*[\"']?"
    rf"([^\s\"'\\|>{{\[][^\s\"'\\]{{3,}})\\*[\"']?(?={_LINE}|[\"'}}]|$)"
)
