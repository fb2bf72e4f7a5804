"""Read what an app declares to its system: the schemes of the addresses that open it, and the actions it answers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from supervisor.domain.link import Literal
from supervisor.regex import regex

KEY = "deep link"
"""The key of a literal that is such an address."""

MANY = 200  # of one file

_COMMENT = regex(r"<!--.*?-->", re.S)
_SCHEME = regex(r"""\bandroid:scheme\s*=\s*["']([A-Za-z][\w+.\-]*)["']""")
_ACTION = regex(r"""<action\s+android:name\s*=\s*["']((?!android\.|com\.android\.|com\.google\.)[\w.]+)["']""")
_SCHEMES = regex(r"<key>CFBundleURLSchemes</key>\s*<array>(.*?)</array>", re.S)
_STRING = regex(r"<string>\s*([A-Za-z][\w+.\-]*)\s*</string>")


def literals(source: bytes) -> Iterator[Literal]:
    """Yield the schemes as addresses (`rides://`) and the actions of an Android manifest or of a property list."""
    text = source.decode("utf-8", "replace")
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    schemes = [(found[1], found.start(1)) for found in islice(_SCHEME.finditer(text), MANY)]
    for array in islice(_SCHEMES.finditer(text), MANY):
        schemes += [(found[1], array.start(1) + found.start(1)) for found in _STRING.finditer(array[1])]
    for scheme, start in schemes:
        yield Literal(f"{scheme}://", _line(text, start), key=KEY, raw=scheme)
    for found in islice(_ACTION.finditer(text), MANY):
        yield Literal(found[1], _line(text, found.start(1)), key="action")


def _line(text: str, start: int) -> int:
    return text.count("\n", 0, start) + 1
