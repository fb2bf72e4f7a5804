"""Try to lock an open file; whoever only looks around holds a lock for some microseconds, which is waited for."""

from __future__ import annotations

import fcntl
import time

TRIES, PAUSE = 5, 0.02  # seconds


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock a file; False while somebody else has it. Raises OSError where the file system knows no locks."""
    for attempt in range(TRIES):
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < TRIES:
                time.sleep(PAUSE)
            continue
        return True
    return False
