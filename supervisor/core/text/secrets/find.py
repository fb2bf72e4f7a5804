"""Find the secrets of a text: one pass that finds keywords, and at each of them the rules that it belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from math import log2
from typing import NamedTuple

from supervisor.core.text.may_hold import PLAIN
from supervisor.core.text.secrets import blocks, carriers, codes, names, pairs, stores
from supervisor.core.text.secrets.blocks import continued, is_open
from supervisor.core.text.secrets.names import is_secret_field
from supervisor.core.text.secrets.ours import CUT_OFF, OURS, cut_off
from supervisor.core.text.secrets.shapes import azure_keys, bot_tokens, prefixed, stellar
from supervisor.core.text.secrets.stores import STORES, handed
from supervisor.core.text.secrets.tokens import TOKENS
from supervisor.core.text.secrets.vendors import VENDORS
from supervisor.regex import regex

__all__ = ["continued", "is_open", "is_secret_field", "spans"]

Span = tuple[int, int]
Rule = Callable[[str, int], Iterator[Span]]
"""Given a text and where a keyword of the rule is in it, yield the secrets there."""

WINDOW = 2048
"""Characters from the keyword in which a converted rule has to match: it bounds the time of any pattern."""


def spans(text: str) -> list[Span]:
    """Find the secrets in `text`: (start, end), in order, none overlapping another. Takes linear time."""
    if not text.isascii():
        text = text.translate(PLAIN)
    found = _spans(text)
    escaped = "\\" in text or "%" in text or "\x1b" in text or "&#" in text or "&q" in text
    if escaped and _ESCAPED.search(text) is not None:
        decoded = _decoded(text)  # the end of `\\1`, `%0A` or a color would belong to the word behind
        found += [(decoded.place(start), decoded.place(end)) for start, end in _spans(decoded.text)]
    return _merged(found) if found else found


def _spans(text: str) -> list[Span]:
    low = text.lower()
    if len(low) != len(text):  # a few capitals have a lower-case form of two characters
        low = text.translate(_ASCII)
    matcher = _matcher()
    apart = _FEED.sub("\\\\ ", low) if "\\" in low else low
    found = _hits(matcher, matcher.leading.finditer("\n" + apart), text, 1)
    found += cut_off(text[-CUT_OFF:], max(0, len(text) - CUT_OFF))
    if "." in text:
        found += bot_tokens(text)
    if "_" in text:
        found += prefixed(text)
    if "A" in text or "JQQ" in text:
        found += azure_keys(text)
    if len(text) >= 56:
        found += stellar(text)
    if " *" in text or "\t*" in text:
        found += pairs.dialled(text)
    if "@" in text and ":" in text:
        found += pairs.bare_addresses(text)
    found += _hits(matcher, matcher.inside.finditer(low), text, 0)
    return found


class _Decoded(NamedTuple):
    """A text with what its escapes mean in their place, and where each of its parts was."""

    text: str
    starts: list[int]  # where each part begins here, in order
    places: list[int]  # where it begins in the text that was given

    def place(self, at: int) -> int:
        part = bisect_right(self.starts, at) - 1
        return self.places[part] + at - self.starts[part]


def _decoded(text: str) -> _Decoded:
    parts, starts, places = [], [0], [0]
    at = size = 0
    for escape in _ESCAPE.finditer(text):
        parts += [text[at : escape.start()], _meaning(escape[0])]
        size += escape.start() - at + 1
        at = escape.end()
        starts.append(size)
        places.append(at)
    return _Decoded("".join([*parts, text[at:]]).translate(PLAIN), starts, places)


def _meaning(escape: str) -> str:
    """The sign that an escape means: a blank, if it is none that is printed, such as a line feed or a color."""
    code = _CODE.search(escape)
    if code is None:
        return " "
    sign = _NAMES.get(code[0]) or chr(int(code[0], 10 if escape[0] == "&" and "x" not in escape else 16))
    return sign if sign.isprintable() else " "


_CODE = regex(
    r"(?<=%)[\dA-Fa-f]{2}$|(?<=\\x)[\dA-Fa-f]{2}$|(?<=\\u)[\dA-Fa-f]{4}$|(?<=&#)\d+|(?<=&#x)[\dA-Fa-f]+|quot|apos"
)
_NAMES = {"quot": '"', "apos": "'"}


_FEED = regex(r"\\[nrt]")
_ESCAPE = regex(
    r"(?:\x1b|(?<!\\)\\+(?:x1[bB]|u001[bB]|u\{1[bB]\}|0?33|e))\[[\d;?]{0,20}[A-Za-z]"
    r"|(?<!\\)\\+(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|[0-7]{1,3}|[abefnrtv])|%[\dA-Fa-f]{2}"
    r"|&(?:quot|apos|amp|lt|gt|#\d{2}|#x[\dA-Fa-f]{2});"
)
_ESCAPED = regex(rf"(?:{_ESCAPE.pattern})(?=[A-Za-z0-9_])|\\u[\dA-Fa-f]{{4}}")


def _hits(matcher: Matcher, hits: Iterator[re.Match[str]], text: str, shift: int) -> list[Span]:
    """Apply to each keyword its rules. What is cut already is passed over, which keeps the time linear."""
    found: list[Span] = []
    start = end = 0
    for hit in hits:
        at = hit.start(1) - shift
        if start <= at < end:
            continue
        for rule in matcher.rules[hit[1]]:
            for span in rule(text, at):
                found.append(span)
                if span[1] > end:
                    start, end = span
    return found


class Matcher(NamedTuple):
    """The patterns that find keywords, and the rules of each keyword."""

    leading: re.Pattern[str]  # keywords at the beginning of a word; skips whole words, so it takes a third of the time
    inside: re.Pattern[str]  # keywords anywhere; none begins within another one
    rules: dict[str, tuple[Rule, ...]]


@cache
def _matcher() -> Matcher:
    """Build the patterns that find all keywords, and the rules of each. Takes 15 ms, so it is done on first use."""
    leading: dict[str, list[Rule]] = {}
    inside: dict[str, list[Rule]] = {}
    for _, words, before, pattern in (*TOKENS, *OURS):
        rule = _token(before, pattern)
        for word in words.split():
            leading.setdefault(word, []).append(rule)
    for _, words, name, value, entropy in VENDORS:
        rule = _vendor(name, value, entropy)
        for word in words.split():
            leading.setdefault(word, []).append(rule)
    for words, pattern in STORES:
        rule = _handed(pattern)
        for word in words.split(","):
            leading.setdefault(word, []).append(rule)
    for keywords, more, where in (
        (names.KEYWORDS, names.assigned, inside),
        (carriers.GO, carriers.before_address, leading),
        (names.SHORT, names.assigned, leading),
        ((carriers.URL,), carriers.userinfo, inside),
        ((_AZURE[1],), _token(_AZURE[2], _AZURE[3]), inside),
        (carriers.COMMANDS, carriers.option, leading),
        (("totp",), codes.seed, inside),
        (codes.SEEDS, codes.seed, leading),
        (codes.PINS, codes.pin, leading),
        (codes.PINS_INSIDE, codes.pin, inside),
        (codes.CODES, codes.recovery, leading),
        (codes.CODES_INSIDE, codes.recovery, inside),
        (codes.PHRASES, codes.phrase, leading),
        (carriers.KINDS, carriers.manifest, leading),
        (names.IDENTIFIED, names.assigned, leading),
        (pairs.USERS, pairs.beside, leading),
        (pairs.SPOKEN, pairs.said, leading),
        (pairs.SPOKEN, pairs.spoken, leading),
        (pairs.OPTIONS, pairs.option, leading),
        (stores.HERE, stores.here, inside),
        (pairs.USERS_INSIDE, pairs.beside, inside),
        (pairs.SENT, pairs.sent, leading),
        (pairs.PORTS, pairs.pgpass, leading),
        (pairs.RELAYS, pairs.relayed, leading),
        (pairs.COLUMNS, pairs.columned, leading),
        (pairs.CALLS, pairs.called, leading),
        ((pairs.BASIC,), pairs.basic, leading),
        ((pairs.INSERT,), pairs.inserted, leading),
        ((blocks.BEGIN,), blocks.block, leading),
        ((blocks.END,), blocks.tail, leading),
    ):
        for word in keywords:
            where.setdefault(word, []).append(more)
    rules = {
        word: tuple(dict.fromkeys(rule for size in range(len(word), 0, -1) for rule in table.get(word[:size], ())))
        for table in (leading, inside)
        for word in table
    }
    assert not leading.keys() & inside.keys()
    return Matcher(
        regex(rf"[^a-z0-9](?=({_trie(leading)}))"),
        regex(f"({_trie(inside)})"),
        rules,
    )


_AZURE = (
    "azure-ad-client-secret",
    "q~",
    5,
    r"(?:(?<![A-Za-z0-9_~.-])|(?<=\\[nrt]))[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~.-])",
)
_ASCII = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_MORE = regex(r"[\w-]*")


def _token(before: int, pattern: str) -> Rule:
    compiled = regex(pattern)

    def find(text: str, at: int) -> Iterator[Span]:
        for start in range(max(0, at - before), at + 1):
            match = compiled.match(text, start, at + WINDOW)
            if match is not None:
                break
        if match is not None:
            start, end = match.span(1 if match.re.groups and match[1] is not None else 0)
            rest = _MORE.match(text, end)  # a longer token than the rule expects is cut as a whole
            yield start, rest.end() if rest else end

    return find


def _handed(pattern: str) -> Rule:
    compiled = regex(pattern)

    return lambda text, at: handed(compiled, text, at)


# The converted bounds miss a seventh of random values of this length. Here a leak is worse than a word too much.
_SHORT_OF = 0.75
_OPERATOR = r"""[ \t\w.\-]{0,20}[\s'"\\]{0,4}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[`'"\s=\\]{0,6}"""


def _vendor(name: str, value: str, least: float) -> Rule:
    compiled = regex(f"(?i:{name}){_OPERATOR}{value}")

    def find(text: str, at: int) -> Iterator[Span]:
        match = compiled.match(text, at, at + WINDOW)
        if match is not None:
            start, end = match.span(match.re.groups)
            secret = text[start:end]
            if entropy(secret) >= least - _SHORT_OF and any(map(str.isdigit, secret)):
                yield start, end

    return find


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    size = len(text)
    return -sum(n / size * log2(n / size) for n in (text.count(char) for char in set(text)))


def _merged(found: list[Span]) -> list[Span]:
    found.sort()
    merged = [found[0]]
    for start, end in found[1:]:
        if start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _trie(words: dict[str, list[Rule]]) -> str:
    """Write the words as one pattern that shares their beginnings. The longest word at a place wins."""
    root: dict[str, dict[str, object]] = {}
    for word in words:
        node: dict[str, object] = root  # type: ignore[assignment]
        for char in word:
            node = node.setdefault(char, {})  # type: ignore[assignment]
        node[""] = {}
    return _alternatives(root)


def _alternatives(node: dict[str, dict[str, object]]) -> str:
    ends = "" in node
    single = [char for char, rest in node.items() if char and list(rest) == [""]]
    longer = [re.escape(c) + _alternatives(rest) for c, rest in node.items() if c and list(rest) != [""]]  # type: ignore[arg-type]
    if single:
        longer.append("[" + "".join(map(re.escape, single)) + "]" if len(single) > 1 else re.escape(single[0]))
    return f"(?:{'|'.join(longer)}){'?' if ends else ''}"
