"""Tokens that no word begins: recognised by how they are put together."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.regex import regex

Span = tuple[int, int]


def bot_tokens(text: str) -> Iterator[Span]:
    """Yield tokens of bots of Discord (an id in base64, a time, a signature) and keys of Ably (two ids, a secret)."""
    for match in _BOT.finditer(text):
        begin = match.start()
        if text[match.start(1) - 1] == ":":
            if _random(match[1]) and _ABLY_APP.search(text, max(0, begin - 7), begin) is not None:
                yield match.span(1)
            continue
        head = _BOT_ID.search(text, max(0, begin - 40), begin)
        if head is not None and (_DIGITS.match(head[1]) or all(map(_mixed, (head[1], match[1])))):
            yield head.start(1), match.end()


def prefixed(text: str) -> Iterator[Span]:
    """Yield random runs behind a short lower-case prefix and an underscore, as most vendors write their tokens."""
    for match in _RUN.finditer(text):
        begin, run = match.start(), match[1]
        if _NGROK.search(text, max(0, begin - 28), begin) is not None and len(run) <= 24:
            yield begin - 27, match.end()
        elif len(run) >= SHORTEST and _random(run) and _PREFIX.search(text, max(0, begin - 36), begin) is not None:
            yield match.span(1)


def azure_keys(text: str) -> Iterator[Span]:
    """Yield the keys of services of Azure, which have the name of the service at a fixed distance from their end."""
    if not (
        "Az" in text
        or "AZ" in text
        or "+A" in text
        or "APIM" in text
        or "CDb" in text
        or "IoT" in text
        or "JQQ" in text
    ):
        return
    for match in _AZURE.finditer(text):
        at = begin = match.start()
        while begin > 0 and at - begin <= 80 and text[begin - 1] in _BASE64:
            begin -= 1
        if at - begin >= 32 and 40 <= match.end() - begin <= 100:
            yield begin, match.end()


def stellar(text: str) -> Iterator[Span]:
    """Yield the secret keys of Stellar and the seeds of NATS, which are 56 or 58 characters in base32."""
    return (match.span() for match in _STELLAR.finditer(text))


SHORTEST = 28
"""Characters of a random run behind a prefix."""

_STELLAR = regex(r"S[A-DUONXC][A-Z2-7]{54}(?<![A-Za-z0-9]S.{55})(?:[A-Z2-7]{2})?(?![A-Za-z0-9])")
_ABLY_APP = regex(r"(?<![\w.-])[\w-]{6}$")
_BOT = regex(r"\.[\w-]{6}(?:\.(?=[\w-]{25})|:)([\w-]{18,64})(?![\w-])")
_BOT_ID = regex(r"(?:(?<![\w.-])|(?<=\\[nrt]))([MNO][\w-]{22,27}={0,2})$")
_DIGITS = regex(r"(?:[MNO][DTjz][AEIMQUYcgk][wxyz0-5]){5}")  # digits in base64, as ids are
_RUN = regex(r"_([A-Za-z0-9-]{20,250})(?![\w-])")
_NGROK = regex(r"(?<![A-Za-z0-9])2[A-Za-z0-9]{26}$")
_PREFIX = regex(
    r"(?:(?<![\w-])(?<!sha256=)(?<!sha512-)(?<!sha384-)(?<!sha256-)|(?<=\\[nrt]))[a-z][a-z0-9]{1,11}(?:_[A-Za-z0-9]{1,16}){0,3}$"
)
_CHANGE = regex(r"[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_AZURE = regex(
    r"(?:JQQJ99|Az(?:Fu|Se|Ca)|AZ(?:DO|EG)|APIM|ACDb|AIoT|\+A(?:St|Ba|CR|MC))[A-Za-z0-9+/]{4,36}={0,2}(?![\w+/])"
)


def _mixed(text: str) -> bool:
    return all(any(map(test, text)) for test in (str.isdigit, str.isupper, str.islower))


def _random(run: str) -> bool:
    return _mixed(run) and len(_CHANGE.findall(run)) > len(run) // 3
