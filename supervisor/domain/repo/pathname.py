"""Git paths, which are bytes, as printable text."""

from __future__ import annotations


def shown(name: bytes) -> str:
    r"""Return a path as printable text, unique per path: `\n`, `\xff` and `\\` stand for what cannot be shown."""
    text = name.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_char, text))


def _char(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    if "\x80" <= char <= "\xff" and not char.isprintable():
        return f"\\u{ord(char):04x}"  # `\\x..` would stand for the byte
    return char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode("ascii")
