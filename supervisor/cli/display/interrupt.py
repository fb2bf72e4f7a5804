"""Ctrl-C: say what goes on without the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(text: Callable[[], str]) -> Iterator[None]:
    """If Ctrl-C ends the block, print what `text` returns on standard error, and pass the interrupt on."""
    try:
        yield
    except KeyboardInterrupt:
        begin = "\n" if sys.stderr.isatty() else ""  # the terminal has shown `^C` in this line
        print(f"{begin}orch: interrupted: {text()}", file=sys.stderr, flush=True)
        raise
