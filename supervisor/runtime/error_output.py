"""Mask secrets in the files that servers write themselves, where they stand: the servers go on writing behind them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervisor.core.text.redact import GONE, secret_spans
from supervisor.runtime.secrets import known

CHUNK = 1 << 20  # bytes that are looked at in one go; a line may be longer than that


class ErrorOutput:
    """Masks files from where it stopped the last time. For one thread."""

    def __init__(self) -> None:
        self._known = tuple(secret.encode("utf-8", "replace").decode("latin-1") for secret in known())
        self._masked: dict[Path, int] = {}  # by file, the bytes at its beginning that are done

    def mask(self, path: Path, *, ended: bool, anew: bool = False) -> None:
        """Overwrite each secret with as many bytes.

        `ended`: nothing follows, so the last line counts without an end. `anew`: begin at the start. Raises OSError.
        """
        with suppress(FileNotFoundError), path.open("r+b", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            begin = 0 if anew else self._masked.get(path, 0)
            begin = begin if begin <= size else 0  # somebody emptied it
            while begin < size:
                done = self._mask_chunk(file.fileno(), begin, size, ended)
                if done == 0:
                    break
                begin += done
            self._masked[path] = begin

    def _mask_chunk(self, file: int, begin: int, size: int, ended: bool) -> int:
        """Mask the lines that are whole, and return how many bytes are done."""
        text = os.pread(file, min(CHUNK, size - begin), begin).decode("latin-1")  # a character is a byte
        last = begin + len(text) >= size
        whole = len(text) if (last and ended) or "\n" not in text else text.rindex("\n") + 1
        if last and not ended and whole == len(text) and not text.endswith("\n"):
            return 0  # its only line goes on
        text = text[:whole]
        spans, open_at = secret_spans(text, self._known)
        for start, end in spans:
            os.pwrite(file, masked(text[start:end]).encode("latin-1"), begin + start)
        return open_at if 0 < open_at < whole and not (last and ended) else whole


def masked(secret: str) -> str:
    """Return as many characters, and the same line ends, in place of a secret."""
    lines = [
        GONE + "*" * (len(line) - len(GONE)) if len(line) >= len(GONE) else "*" * len(line)
        for line in secret.split("\n")
    ]
    return "\n".join(lines)
