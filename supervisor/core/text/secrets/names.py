"""Secrets by the name before them, in its usual spellings.

`DB_PASSWORD=...`, `password: ...`, `"apiKey": "..."`, `--token ...`, `X-Api-Key: ...`, `?sig=...`, `Cookie: a=...`,
`<password>...`, a netrc, an npmrc, a docker config. The name decides how much the value has to look like a secret, so
that `token: string` and `max_tokens=4096` stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from supervisor.core.text.secrets import carriers
from supervisor.core.text.secrets.kinds import Secrecy, kind_of
from supervisor.core.text.secrets.values import is_secret
from supervisor.regex import regex

Span = tuple[int, int]

KEYWORDS = (
    *("pass", "pw", "psw", "secret", "token", "credential", "key", "auth", "cookie"),
    *("session", "sessid", "signature", "sig=", "-sign:", "_pat"),
)
SHORT = (
    *(
        "psk",
        "sid=",
        "pat:",
        "pat=",
        "paswd",
        "pword",
        "mdp=",
        "mdp:",
        "jwt=",
        "jwt:",
        "cred=",
        "creds",
        "tok=",
        "tok:",
        "pat ",
    ),
    *("code_verifier", "codeverifier", "device_code", "devicecode", "client_assertion", "samlresponse", "ticket="),
)
"""Words that count only where a name begins with them."""
IDENTIFIED = ("identified by", "identified with")

LONGEST = 4096
"""Characters of a quoted value at most. A bare one ends where its characters do."""

MOST_ELEMENTS = 64
"""Strings of a list that are looked at."""

JUDGED = 160
"""Characters of a value that are looked at to judge it."""


def assigned(text: str, at: int) -> Iterator[Span]:
    """Yield the value of a name that says it is secret. A telling word of the name begins at `at`."""
    tail = _TAIL.match(text, at)
    if tail is None:
        return
    begin = at
    while begin > 0 and at - begin < 48 and text[begin - 1] in _NAME:
        begin -= 1
    name = text[begin : tail.end()].lstrip(".")
    kind = kind_of(name) if not name.lower().startswith("identified") else Secrecy.STRONG
    if kind is Secrecy.NONE and name.lower() != "key":
        return  # before the pattern that takes most of the time
    head = _HEAD.match(text, tail.end(), tail.end() + 200)
    if head is None:
        return
    follows = text[begin - 1] if begin > 0 else " "
    if follows in ": " and _OF_OTHERS.search(text, max(0, begin - 80), begin) is not None:
        return
    if name.lower() in ("pass", "pw") and _USER.search(text, max(0, begin - 80), begin) is not None:
        kind = Secrecy.STRONG
    operator = head["operator"].strip(" \t*")
    if name.lower() == "key" and follows == " " and _KEY_OF.search(text, max(0, begin - 16), begin) is not None:
        kind = Secrecy.CHOSEN if operator else Secrecy.RANDOM
    elif name.lower() == "key" and _USER_BESIDE.search(text, max(0, begin - 120), begin) is not None:
        kind = Secrecy.RANDOM  # a kaggle.json
    elif kind is Secrecy.NONE or (name.lower() == "key" and follows not in "?&;"):
        return
    if kind is Secrecy.COOKIE:
        in_words = begin > 1 and follows == " " and text[begin - 2].isalnum()
        if (not in_words and operator in (":", "=")) or (not operator and name.startswith("-")):
            yield from carriers.cookies(text, head.end())
        return
    named = _NAMED.search(text, max(0, begin - 12), begin) is not None
    element = follows == "<" or (follows == ":" and _PREFIX.search(text, max(0, begin - 40), begin) is not None)
    if (operator[:1] == ">" and not element and not named) or (head["part"] and not named):
        return
    if head["cell"]:
        kind = Secrecy.CHOSEN if kind is Secrecy.STRONG else Secrecy.RANDOM  # columns hold all kinds of words
    option = name.startswith("-") and follows in " \t\n'\"[(,=`"
    quoted = _OPEN.match(text, head.end()) is not None
    if not operator and not head["cell"] and not head["part"] and not option:
        said = _NETRC.search(text, max(0, begin - 160), begin) or _SETS.search(text, max(0, begin - 40), begin)
        if not said and kind in (Secrecy.STRONG, Secrecy.CHOSEN) and _SPOKEN.search(name):
            kind = kind if quoted else Secrecy.CHOSEN
            if kind is Secrecy.CHOSEN and quoted:
                return  # pass `x=1`
            sure = name.lower() not in _WORDS or _OF_USER.search(text, max(0, begin - 80), begin) is not None
            option = kind is Secrecy.CHOSEN and sure
        elif not said and kind is not Secrecy.COOKIE and _HEX.match(text, head.end()) is not None:
            kind, option = Secrecy.RANDOM, True
        elif not said and not quoted and name.lower().startswith("identified"):
            kind, option = Secrecy.CHOSEN, True
        elif not said and name.isupper() and not quoted and kind in (Secrecy.STRONG, Secrecy.MEDIUM):
            kind = Secrecy.RANDOM
        elif not said and not (quoted and kind in (Secrecy.STRONG, Secrecy.HEADER)):
            return
        option = option or (not quoted and kind is not Secrecy.CHOSEN)
    apart = (
        operator == ","
        or (  # two arguments, or words of a sentence: less sure
            operator[:2] in ("is", "wa", "ar", "fo")
            and not (quoted and kind is Secrecy.STRONG and _SPOKEN.search(name))
        )
    )
    tight = (
        option
        or bool(head["pair"] or head["cell"] or head["part"])
        or (not apart and operator != ":" and operator == head["operator"])
        or (kind is Secrecy.CHOSEN and operator == ":" and not name.isupper())
        or (operator == ":" and name[:2] in ("x-", "X-"))
        or (kind is Secrecy.RANDOM and operator == ":" and _HEX.match(text, head.end()) is not None)
    )
    if kind in (Secrecy.STRONG, Secrecy.MEDIUM) and operator and (call := _CALL.match(text, head.end())) is not None:
        yield from _value(text, call.end(), name, ValueSetting(Secrecy.CHOSEN, tight=False, apart=True, line=False))
        return
    setting = ValueSetting(kind, tight, apart, line=follows not in "?&;")
    if operator and (listed := _LISTED.match(text, head.end())) is not None:
        yield from _elements(text, listed.end(), name, setting)
    else:
        yield from _value(text, head.end(), name, setting)


def is_secret_field(name: str, value: str) -> bool:
    """Return whether the value of a field with this name is a secret."""
    kind = kind_of(name)
    sure = kind in (Secrecy.STRONG, Secrecy.MEDIUM, Secrecy.HEADER)
    return sure and is_secret(kind, value[:JUDGED], quoted=True, tight=True, name=name)


class ValueSetting(NamedTuple):
    """What is before a value."""

    kind: Secrecy
    tight: bool  # nothing but an operator is between name and value, as in `NAME=value`
    apart: bool  # they are next to each other, but not an assignment
    line: bool  # it is no part of the query of an address


def _elements(text: str, at: int, name: str, setting: ValueSetting) -> Iterator[Span]:
    """Yield the secrets in a list of strings, whose first one begins at `at`."""
    for _ in range(MOST_ELEMENTS):
        yield from _value(text, at, name, setting)
        element = _ELEMENT.match(text, at)
        if element is None:
            break
        at = element.end()


def _value(text: str, at: int, name: str, setting: ValueSetting) -> Iterator[Span]:
    kind, tight = setting.kind, setting.tight
    opened = _OPEN.match(text, at)
    start = opened.end() if opened is not None else at
    scheme = _SCHEME.match(text, start)
    if scheme is not None and scheme.end() < len(text):
        start, kind, tight = scheme.end(), Secrecy.HEADER, True
    elif kind is Secrecy.HEADER and _SIGNED.match(text, start):
        rest = _REST.match(text, start)
        assert rest is not None
        yield start, rest.end()
        return
    if opened is not None:
        end = _closed(text, start, opened[0].lstrip("NbBrRuULfF@$"))
    else:
        pattern = _BARE_HEADER if kind is Secrecy.HEADER and setting.line else _BARE
        bare = pattern.match(text, start, start + JUDGED)
        if bare is None:
            return
        end = start + len(bare[0].rstrip(".,:!?"))
        if text[end : end + 1] == "(" or (text[end : end + 1] in ("[", "{") and not tight):
            return  # a call, or an expression
    value = text[start:end][:JUDGED]
    if setting.apart and not any(map(str.isdigit, value)):
        return
    if is_secret(kind, value, quoted=opened is not None and not setting.apart, tight=tight, name=name):
        longer = _BARE.match(text, end) if opened is None and end == start + JUDGED else None
        yield start, longer.end() if longer is not None else end


def _closed(text: str, start: int, quote: str) -> int:
    """Return where the string that begins at `start` ends: at its quote, or with its line, or after LONGEST."""
    limit = min(len(text), start + LONGEST)
    end = text.find(quote, start, limit)
    while end > 0 and text[end - 1] == "\\" and not quote.startswith("\\"):
        end = text.find(quote, end + 1, limit)
    line = text.find("\n", start, end if end >= 0 else limit)
    return line if line >= 0 else end if end >= 0 else limit


_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_GAP = r"(?:\s|\\{1,15}[nrt]){0,40}+"  # white space and line feeds, which may be escaped
_FEED = r"(?:\r{0,2}\n|(?:\\{1,15}r){0,2}\\{1,15}n)"
_LINE = r"(?=[^\s\\\"']{6,100}[ \t]{0,8}(?:[\r\n\"']|\\{1,15}[rn\"']|$))"  # with one word in it
_COLOR = r"(?:(?:\x1b|\\{1,15}(?:u001b|x1b|033|e))\[[\d;]{0,12}m)?"
_TAIL = regex(r"(?i:identified (?:by(?: values)?|with[ \t]+[\w'\"]{3,40}[ \t]+(?:by|as)))|[\w.\-]{1,64}+")
_APART = (  # what is between a name and its operator, and belongs to neither
    r"(?:[ \t]?[(\[][a-zA-Z][^()\[\]\n:=\"']{0,60}[)\]](?=[ \t]{0,2}:[ \t]|[ \t]?=)|\[\d{0,6}\](?=[ \t]{0,4}=))?"
)
_HEAD = regex(
    rf"{_COLOR}\]?\\{{0,15}}[\"'`]?\]?(?:\*\*|__|\*(?=:))?{_APART}"
    rf"(?P<operator>(?P<pair>(?:,|[ \t]?:"
    rf"(?:[ \t]?\{{)?)?{_GAP}\\{{0,15}}[\"']?\b(?i:value|content)\\{{0,15}}[\"']?[ \t]?[:=][ \t]?"
    rf"|\\{{0,15}}\"?;s:\d{{1,5}}:(?=\\{{0,15}}\")|\]?=>{_GAP}string\(\d{{1,5}}\)[ \t]"
    rf"|[ \t]?=[ \t]?<<[~-]?\\{{0,15}}[\"']?[A-Z]{{1,12}}\\{{0,15}}[\"']?{_FEED}{_GAP}"
    rf"|[ \t]?\{{[ \t]?get;[^{{}}\n]{{0,40}}\}}[ \t]?=[ \t]?|(?:=\$|[ \t]{{1,4}}<)\((?:echo|printf)[ \t]+(?:-n[ \t]+"
    rf"|%s[ \t]+)?|\{{(?=\\{{0,15}}[\"'])"
    rf"|{_GAP}\{{{_GAP}(?:type[ \t]*=[ \t]*string{_GAP})?default[ \t]*=[ \t]*|</key>{_GAP}<string>|%3[Dd]"
    rf"|[ \t]{{0,4}}:[ \t]{{0,4}}[|>][+-]?\d?{_FEED}{_GAP}"
    r"|[ \t]{0,4}:[ \t]{0,3}&?(?:'[a-z]{1,12} )?[A-Za-z][\w.<>\[\]:|]{0,30}(?: \| [a-z]{1,12})?[ \t]{1,4}=[ \t]{0,4}"
    r"(?=\\{0,15}[\"'])"
    r"|(?:[ \t]{1,4}[\w:.-]{1,40}=\\{0,15}[\"'][^\"'<>]{0,60}\\{0,15}[\"']){1,4}>)"
    rf"|(?P<cell>[ \t]{{0,40}}[|│┃║][ \t]{{1,8}}|(?:\t|\\{{1,15}}t){{1,4}}+(?![=:])|</(?:t[dh]|dt|string|key|label|b"
    rf"|strong|span)>{_GAP}<\w{{1,8}}(?:[ \t][^<>]{{0,40}})?>"
    rf"|:{_FEED}[ \t]{{0,8}}{_LINE}"
    rf"|[ \t]{{0,20}}{_FEED}[ \t]{{0,8}}[-=]{{4,64}}[ \t]{{0,8}}{_FEED}[ \t]{{0,8}}{_LINE})"
    rf"|(?P<part>{_FEED}{{2}})"
    r"|[ \t]+for[ \t]+(?:'[^'\n]{1,200}'|[^\s:]{1,64}):[ \t]+|[ \t]+-[Vv]alue[ \t]+"
    r"|[ \t]{0,12}(?:\.{3,60}[ \t]?:?|<<<|<-|\+=|➜|➔|…|:=|=>|->|→|\?{1,2}=|\|{1,2}=|==?(?:\{(?=[^{}\n]{4,100}\}"
    r"(?:[;\"']|\s|$)))?"
    r"|::(?=[ \t])|:(?!:)(?:\*{1,2}(?=[ \t]))?)[ \t]{0,12}"
    r"(?:!!?(?:str|unsafe|binary)[ \t]+)?|[ \t]+[.\-–—][ \t]+(?=[^\s\-])|[ \t]{0,12},[ \t]{0,40}(?=\\{0,15}[\"'])"
    r"|\((?=\\{0,15}[\"'])|>(?!=)(?:<!\[CDATA\[)?|[ \t]+(?:is|was|are)[:=]?[ \t]+|[ \t]{1,8}(?:\d{1,2}[ \t]{1,2}"
    r"(?=\S{6}))?)" + _COLOR
)
_BEGINS = r"(?:(?<!\w)|(?<=\\[nrt]))"
_NAMED = regex(_BEGINS + r"(?:name|key|id)=\\{0,15}[\"']$")
_SETS = regex(_BEGINS + r"(?:setenv|set[ \t]+-[a-zA-Z]{1,4}|ENV|(?i:setx(?:[ \t]+/m)?))[ \t]+$")
_PREFIX = regex(r"</?[\w.-]{1,30}:$")
_KEY_OF = regex(
    r"\b(?:api|access|secret|private|account|master|encryption|signing|shared|storage|subscription|licen[cs]e|product"
    r"|activation|auth|wep|wpa) $",
    re.IGNORECASE,
)
_HEX = regex(r"[0-9a-fA-F]{32,128}(?![\w.-])")  # what follows a name without an operator, and can be no word
_USER_BESIDE = regex(r"username\\{0,15}\"\s{0,4}:\s{0,4}\\{0,15}\"[^\"\\]{1,64}\\{0,15}\"\s{0,4},\s{0,8}\\{0,15}\"$")
_OF_OTHERS = regex(r"arn:[\w-]+:secretsmanager:[\w-]*:\d*:$|(?i:public key )$")
_SPOKEN = regex(r"(?:passwor[dt]|passwd|passphrase|pw|pass|psk)$", re.IGNORECASE)
_WORDS = ("password", "passwort", "passwd", "passphrase", "pass")
_OF_USER = regex(r"\b(?:user|username|login|uid)[ \t]+\S{1,64}[ \t]+$")
_CALL = regex(r"[A-Za-z][\w.:]{0,40}[(](?=\\{0,15}[\"'])")
_LISTED = regex(r"[\[(]\s{0,40}(?=\\{0,15}[\"'])")
_ELEMENT = regex(r"(?P<quote>\\{0,15}[\"'])[^\"'\n]{0,400}(?P=quote)\s{0,8},\s{0,40}(?=\\{0,15}[\"'])")
_USER = regex(r"\b(?:user|username|uid|login)[=:][ \t]?[^\s,;&=]{1,64}[\s,;&]{1,3}$")
_NETRC = regex(
    r"(?:\bmachine[ \t]+\S{1,100}|\blogin[ \t]+\S{1,100}|\bdefault)\s+(?:login\s+\S{1,100}\s+|account\s+\S{1,100}\s+)?$"
)
_OPEN = regex(r"(?:[NbBrRuULfF@$]{1,2}(?=\\{0,15}[\"']))?\\{0,15}[\"'`]")
_SCHEME = regex(
    r"(?:Bearer|Basic|Token|ApiKey(?:-v1)?|Negotiate|Key|SSWS|GenieKey|DPoP|Splunk|OAuth|NTLM|Kerberos)[ \t]+",
    re.IGNORECASE,
)
_SIGNED = regex(r"AWS4-HMAC-SHA256|AWS \w+:|SharedKey(?:Lite)?|Signature |Token token=", re.IGNORECASE)
_REST = regex(r"[^\n\"'`\\]*")
_BARE = regex(r"[^\s\"'`,;&<>()\[\]{}|\\\x1b]+")
_BARE_HEADER = regex(r"[^\s\"'`<>\\()\[\]\x1b]+")
