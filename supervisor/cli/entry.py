"""The first lines of `orch`: while the program is still being loaded, Ctrl-C ends it without a traceback."""

from __future__ import annotations

import gc
import os
import signal
from importlib import import_module

INTERRUPTED = 130


def main() -> None:
    """The console entry. Everything else is loaded once Ctrl-C no longer interrupts an import."""
    gc.disable()  # until a command runs: to scan what is loaded finds nothing, and takes 2 ms
    end_at_once()
    import_module("supervisor.cli.main").main()


def end_at_once() -> None:
    """Let Ctrl-C end the process. An exception would be lost in an import, or come out of it as another one."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else somebody ignores it, or handles it
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise KeyboardInterrupt: a command runs, and has something to clean up and to say."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
