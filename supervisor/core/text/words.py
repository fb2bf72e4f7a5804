"""Split source code into words and quoted texts, without a grammar: fast, and the same for every language."""

from __future__ import annotations

from supervisor.regex import regex

_WORD = regex(rb"[A-Za-z0-9_\x80-\xff](?:[A-Za-z0-9_\x80-\xff]|-(?=[A-Za-z0-9])){2,63}")  # of `$claim`, `claim`
_QUOTED = regex(rb""""([^"\\\n]{3,120})"|'([^'\\\n]{3,120})'|`([^`\\\n]{3,120})`""")
_MARK = b"'"  # no word begins with it


def words_in(source: bytes) -> set[bytes]:
    """Return the words of some source, and its quoted texts as `literal_of` returns them."""
    words = set(_WORD.findall(source))
    for groups in set(_QUOTED.findall(source)):
        words.update(_MARK + text for text in groups if text)
    return words


def words_of(text: str) -> frozenset[bytes]:
    """Return the words of a text, as `words_in` finds them."""
    return frozenset(_WORD.findall(text.encode("utf-8", "surrogateescape")))


def literal_of(text: str) -> bytes:
    """Return a text as `words_in` finds it between quotes."""
    return _MARK + text.encode("utf-8", "surrogateescape")


def texts_of(text: str) -> frozenset[bytes]:
    """Return what tells where a text is in a source: the text between quotes, and its words."""
    return words_of(text) | {literal_of(text)}
