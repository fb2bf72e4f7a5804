"""A packed segment: gzip, with the words of its lines in the header, so that a search leaves out a segment without its
words.

The words stand in gzip's "extra field", which every program that unpacks it skips: four bytes of each word's CRC-32,
behind a CRC-32 of them all. Segments of older versions have none, and more words than the field has room for are left
out: such a segment is searched.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from zlib import crc32

from supervisor.regex import regex

LONGEST = 32  # characters of a word: ids of tasks and names of children are shorter, those of turns and threads longer
MOST = 16_000  # words for which there is room
AT_ONCE = 1 << 16  # bytes that are searched for words before another thread has its turn

_WORDS = regex(rb'"([\w-]{1,%d})(?=")' % LONGEST)
_NEEDLE = regex(rb'"([\w-]{1,%d})"' % LONGEST)
_FIXED = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff"  # gzip, deflated, with an extra field, of no time
_NAME = b"ow"
_HEAD = len(_FIXED) + 2 + len(_NAME) + 2  # bytes in front of what the field holds


def compressed(data: bytes) -> bytes:
    """Compress the lines of a segment, and note their words. Takes 50 ms a MiB."""
    words = _words_in(data)
    field = b"".join(words) if len(words) <= MOST else b""
    field = _number(crc32(field)) + field if field else b""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    extra = _NAME + len(field).to_bytes(2, "little") + field
    head = _FIXED + len(extra).to_bytes(2, "little") + extra
    end = _number(crc32(data)) + _number(len(data) & 0xFFFFFFFF)
    return b"".join((head, deflate.compress(data), deflate.flush(), end))


def may_hold(path: Path, needles: list[bytes]) -> bool:
    """Whether a packed segment may contain all of these words, each in its quotes; True if it does not say.

    Raises OSError.
    """
    keys = [_number(crc32(found[1])) for one in needles if (found := _NEEDLE.fullmatch(one))]
    if not keys:
        return True
    with open(path, "rb", buffering=0) as file:
        head = file.read(_HEAD)
        size = int.from_bytes(head[-2:], "little")
        if head[: len(_FIXED)] != _FIXED or head[-4:-2] != _NAME or size <= 4:
            return True
        field = file.read(size)
    words = field[4:]
    return len(field) != size or field[:4] != _number(crc32(words)) or all(_has(words, key) for key in keys)


def _words_in(data: bytes) -> list[bytes]:
    found, at = set[bytes](), 0
    while at < len(data):
        end = data.find(b"\n", at + AT_ONCE) + 1 or len(data)
        found.update(_WORDS.findall(data, at, end))
        at = end
    return [_number(crc32(word)) for word in found]


def _has(words: bytes, key: bytes) -> bool:
    at = words.find(key)
    while at % 4 and at >= 0:
        at = words.find(key, at + 1)
    return at >= 0


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")
