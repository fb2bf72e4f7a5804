"""Mask secrets in the files that servers write themselves, where they stand: the servers go on writing behind them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervisor.core.text.redact import GONE, secret_spans
from supervisor.regular_file import descriptor
from supervisor.runtime.secrets import known

CHUNK = 1 << 20  # bytes that are looked at in one go; a line may be longer than that


class ErrorOutput:
    """Masks files from where it stopped the last time. For one thread."""

    def __init__(self) -> None:
        self._known = tuple(known())
        self._masked: dict[Path, int] = {}  # by file, the bytes at its beginning that are done
        self._inside: dict[Path, bool] = {}  # whether they end within a private key

    def mask(self, path: Path, *, ended: bool, anew: bool = False) -> None:
        """Overwrite each secret with as many bytes.

        `ended`: nothing follows, so the last line counts without an end. `anew`: begin at the start. Raises OSError.
        """
        with suppress(FileNotFoundError), open(path, "r+b", 0, opener=descriptor) as file:
            size = os.fstat(file.fileno()).st_size
            begin = 0 if anew else self._masked.get(path, 0)
            begin = begin if begin <= size else 0  # somebody emptied it
            inside = begin > 0 and self._inside.get(path, False)
            while begin < size:
                text = _lines(os.pread(file.fileno(), min(CHUNK, size - begin), begin), ended or size - begin > CHUNK)
                if not text:
                    break  # its only line goes on
                spans, inside = secret_spans(text, self._known, inside=inside)
                at = 0
                for start, end in spans:
                    begin += len(_bytes(text[at:start]))
                    secret = _bytes(text[start:end])
                    os.pwrite(file.fileno(), masked(secret.decode("latin-1")).encode("latin-1"), begin)
                    begin, at = begin + len(secret), end
                begin += len(_bytes(text[at:]))
            self._masked[path], self._inside[path] = begin, inside


def _lines(read: bytes, more: bool) -> str:
    """Return the lines that are whole. `more`: take what has no line end, if nothing has."""
    whole = read.rfind(b"\n") + 1
    return (read[:whole] if whole else read if more else b"").decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def masked(secret: str) -> str:
    """Return as many characters, and the same line ends, in place of a secret."""
    lines = [
        GONE + "*" * (len(line) - len(GONE)) if len(line) >= len(GONE) else "*" * len(line)
        for line in secret.split("\n")
    ]
    return "\n".join(lines)
