"""The title, the bell and the notice of the terminal that shows `orch status --watch`: nothing but numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from supervisor.domain.status import Status

Attention = frozenset[tuple[str, str]]


@contextmanager
def kept_title() -> Iterator[None]:
    """Restore the old title at the end of the block."""
    _write("\x1b[22;2t")  # xterm: push the title
    try:
        yield
    finally:
        _write("\x1b]2;\x07\x1b[23;2t")  # empty, for terminals that cannot pop


def show_title(status: Status) -> None:
    """Have the terminal's title count what needs attention; on no terminal, print nothing."""
    _write(set_title(status))


def set_title(status: Status) -> str:
    """Return the sequence that sets the title."""
    return f"\x1b]2;{title(status)}\x07"


def show_notice(status: Status) -> None:
    """Ring the bell, and have a terminal that can do so notify the person, also through tmux."""
    _write(notice(status))


def notice(status: Status) -> str:
    """Return the sequence that rings and notifies.

    The bell comes first: tmux passes it on in any case, and the rest only with `allow-passthrough on`.
    """
    sequence = f"\x1b]9;{title(status)}\x1b\\"
    if os.environ.get("TMUX"):
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return f"\x07{sequence}"


def title(status: Status) -> str:
    """Return the title: `orch: 2 asks, 1 blocked, 3/5 done`."""
    tasks = [task for task in status.tasks if task.state != "retired"]
    states = [task.state for task in tasks]
    asks, blocked = len(status.asks), states.count("blocked") + states.count("failed")
    parts = [
        f"{asks} ask{'s' * (asks != 1)}" if asks else "",
        f"{blocked} blocked" if blocked else "",
        f"{states.count('done')}/{len(tasks)} done" if tasks else "no tasks",
    ]
    return "orch: " + ", ".join(part for part in parts if part)


def attention(status: Status) -> Attention:
    """Return what rings the bell when it is new: each ask, and each task that is blocked or failed."""
    asks = {("ask", ask.id) for ask in status.asks}
    tasks = {("task", task.id) for task in status.tasks if task.state in ("blocked", "failed")}
    return frozenset(asks | tasks)


def _write(sequence: str) -> None:
    sys.stdout.write(sequence)
    sys.stdout.flush()
