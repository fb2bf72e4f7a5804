"""The checksums of the ledger's lines: a line that was changed, lost, doubled or moved is noticed.

The last field of a line is `"sum"`: 16 hexadecimal digits. The first 8 are the CRC-32 of the line up to the field, and
prove the line alone. The last 8 are the CRC-32 of its file up to them, and prove all lines up to this one at once. They
are against damage, not forgery: who can write the ledger can write the checksums too. CRC-32 takes 1 ms for a MiB and
loads nothing. Lines of 0.1.0 have none, and the first line with one covers those before it.
"""

from __future__ import annotations

from zlib import crc32

from supervisor.regex import regex

FIELD = b',"sum":"'
TAIL = 8 + 2  # bytes of the digits that cover the file, and what ends the line
LENGTH = len(FIELD) + 8 + TAIL  # bytes of the field, with the end of the line's object
FIRST = b'"event":"supervisor_started"'  # the first line that a supervisor writes
_DIGITS = regex(rb"[0-9a-f]{16}")
NEAR = 3  # bytes in which a damaged field may differ from one that never was


def sealed(body: bytes, running: int) -> tuple[bytes, int]:
    """Return a line, with its end, for the JSON object `body`; and the checksum of the file after it, which was
    `running` before."""
    head = b"%s%s%08x" % (body[:-1], FIELD, crc32(body[:-1]))
    running = crc32(head, running)
    tail = b'%08x"}\n' % running
    return head + tail, crc32(tail, running)


def is_sealed(line: bytes) -> bool:
    """Whether a line without its end has a checksum, right or wrong."""
    return line[-LENGTH : -LENGTH + len(FIELD)] == FIELD


def is_whole(line: bytes) -> bool:
    """Whether a sealed line is as it was written."""
    return line[-TAIL - 8 : -TAIL] == b"%08x" % crc32(line[:-LENGTH]) and line.endswith(b'"}')


def fits(line: bytes, before: int) -> tuple[bool, int]:
    """Return whether the lines up to this sealed one, without its end, are those that were written, and the checksum
    of the file after its digits. `before` is that of the file before the line."""
    running = crc32(line[:-TAIL], before)
    return line[-TAIL:-2] == b"%08x" % running, running


def nearly_sealed(line: bytes) -> bool:
    """Whether a line that has no checksum may have had one: its field is damaged."""
    if _DIGITS.fullmatch(line, max(0, len(line) - TAIL - 8), max(0, len(line) - 2)) is None:
        return False
    found = line[-LENGTH : -TAIL - 8]
    return len(found) == len(FIELD) and sum(a != b for a, b in zip(found, FIELD, strict=True)) <= NEAR


def undamaged(data: bytes) -> bool:
    """Whether all lines of a file are as they were written, as far as it can be told. `data` ends with a line end."""
    end = _end_of_last_sealed(data)
    rest = data[end:]
    if end and data[end - TAIL - 1 : end - 3] != b"%08x" % crc32(memoryview(data)[: end - TAIL - 1]):
        return False
    if end and rest and FIRST not in rest[: rest.find(b"\n")]:
        return False
    return not any(nearly_sealed(line) for line in rest.split(b"\n"))


def _end_of_last_sealed(data: bytes) -> int:
    """Return where the last sealed line ends, behind its line end; 0 if there is none."""
    end = len(data)
    while (found := data.rfind(FIELD, 0, end)) >= 0:
        after = found + LENGTH
        if data[after - 2 : after + 1] == b'"}\n':
            return after + 1
        end = found + len(FIELD) - 1
    return 0
