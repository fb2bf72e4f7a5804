"""Private keys in PEM: whole blocks in one line or in many, and what is left of a block that was cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.regex import regex

BEGIN = "begin "
END = "end "

LONGEST = 40_000
"""Characters of a block. The largest keys that are in use take a third of it."""


def block(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield a block that begins here, up to its end; without one, up to where its lines end."""
    at -= len("-----")
    head = _HEAD.match(text, at, at + 120) if at >= 0 else None
    if head is None:
        return
    end = _FOOT.search(text, head.end(), head.end() + LONGEST)
    next_one = _BEGINS.search(text, head.end(), end.start() if end else head.end())
    yield at, end.end() if end is not None and next_one is None else _body(text, head.end())


def tail(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the end of a block, with the lines before it that can be part of it."""
    at -= len("-----")
    foot = _FOOT.match(text, at, at + 120) if at >= 0 else None
    if foot is not None:
        yield _start(text, at), foot.end()


def is_open(text: str) -> bool:
    """Return whether `text` ends inside a block: more of it may follow in the next text."""
    last = text.rfind("-----BEGIN ")
    head = _HEAD.match(text, last) if last >= 0 else None
    if head is None or _FOOT.search(text, head.end()) is not None:
        return False
    return _body(text, head.end()) >= len(text.rstrip())


def continued(text: str) -> tuple[int, bool]:
    """Tell of a text that follows one which ended inside a block how much of it is of the block, and whether all is."""
    lines = _LINES.match(text)
    assert lines is not None
    foot = _FOOT.match(text, lines.end()) or _FOOT.match(text)
    if foot is not None:
        return foot.end(), False
    end = lines.end()
    return (end, end == len(text)) if _EVIDENCE.search(text, 0, end) else (0, False)


_OF_KEY = r"[ A-Z0-9_]{0,60}(?:PRIVATE|OpenVPN Static) KEY(?: BLOCK| V1)?"
_HEAD = regex(rf"-----BEGIN{_OF_KEY}-----", re.IGNORECASE)
_FOOT = regex(rf"-----END{_OF_KEY}(?:-----)?", re.IGNORECASE)
_BEGINS = regex(r"-----BEGIN ", re.IGNORECASE)

# A line of a block is base64, or a header (`Proc-Type: 4,ENCRYPTED`), or empty. Before it may stand what quotes it (the
# mark of a diff or a mail, a number, a quote), and behind it what ends a string. An escaped line feed counts as one.
_QUOTED = r"[ \t\d:|>#*+\-\"'`]{0,24}"
_HEADER = r"(?:Proc-Type|DEK-Info|Version|Comment|Hash): ?[^\n\\]{0,200}"
_CONTENT = rf"{_QUOTED}(?:{_HEADER}|[A-Za-z0-9+/=]{{1,4096}}+)?[ \t\"'`,;+\\]{{0,8}}?"
_LINES = regex(rf"(?:{_CONTENT}(?:\r?\n|\\+[rn]))*+(?:{_QUOTED}[A-Za-z0-9+/=]{{5,}}+)?")
_CONTENT_ALONE = regex(_CONTENT)
_FIRST_LINES = regex(r"[ \t\r\"'`,;+]*\n[^\n]+\n?|[^\n]*\n?")
_EVIDENCE = regex(  # no hash, no word and no name
    r"(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?:[A-Za-z0-9+/]{30}|(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{8,}={0,2}\s*$)"
)
_LINE_LENGTH = 4200  # characters of a line in a block at most


def _body(text: str, at: int) -> int:
    """Return where the lines of a block without an end stop. The rest of its first line counts, or the next line."""
    rest = _FIRST_LINES.match(text, at)
    assert rest is not None
    lines = _LINES.match(text, rest.end())
    assert lines is not None
    return len(text[: lines.end()].rstrip())


def _start(text: str, at: int) -> int:
    """Return where the lines of base64 before `at` begin."""
    start = at
    while at - start < LONGEST:
        lowest = max(0, start - _LINE_LENGTH)
        real, escaped = text.rfind("\n", lowest, start), text.rfind("\\n", lowest, start)
        end, begins = (real, real + 1) if real > escaped else (escaped, escaped + 2)
        if end < 0:
            begins = lowest
        line = text[begins:start].rstrip("\r\\")
        if start != at and not (line and _CONTENT_ALONE.fullmatch(line)):
            return _run_before(text, begins, start)
        if start == at and line.strip(" \t:|>#*+-\"'`0123456789"):
            return _run_before(text, begins, start)  # base64 in front of the end, on its line
        start = begins if start == at or line else start
        if end < 0:
            break
        start = end
    return start


def _run_before(text: str, begins: int, end: int) -> int:
    """Return where the runs of base64 begin that end at `end`, in a line that begins with something else."""
    start = end
    while True:
        rest = text[begins:start].rstrip(" \r\n\\")
        run = len(rest) - len(rest.rstrip(_ALPHABET))
        if run < _RUN:
            return start
        start = begins + len(rest) - run


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_RUN = 16  # characters of a run of base64 at least, to be of a block
