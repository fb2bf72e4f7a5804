"""Hold each answer from another machine until somebody types its code, which only the terminal shows."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

LASTS = 300.0  # seconds that a code counts
TRIES = 3  # wrong codes after which the answer is forgotten
WAITING = 20  # answers that wait for their code; the oldest is forgotten for one more


class Asked(NamedTuple):
    """What somebody wants done: the fields of the form, and where it was sent to."""

    path: str
    fields: tuple[tuple[str, str], ...]


class _Waiting(NamedTuple):
    asked: Asked
    session: str
    code: str
    until: float
    tries: int


class Confirmations:
    """What waits for a code. `show` puts it before the person, in the terminal."""

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}

    def ask(self, asked: Asked, session: str, words: str) -> str:
        """Show a code for it, and return the name under which it waits."""
        name, code = secrets.token_urlsafe(12), f"{secrets.randbelow(1_000_000):06}"
        while len(self._waiting) >= WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[name] = _Waiting(asked, session, code, self._clock() + LASTS, TRIES)
        self._show(f"code {code[:3]} {code[3:]} confirms: {words}")
        return name

    def confirmed(self, name: str, session: str, code: str) -> Asked | str:
        """Return what is confirmed by this, once; else why it is not."""
        found = self._waiting.pop(name, None)
        if found is None or found.session != session or found.until < self._clock():
            return "it does not wait for a code any more: answer again"
        if hmac.compare_digest(found.code.encode(), "".join(code.split()).encode()):
            return found.asked
        if found.tries <= 1:
            return "that was the wrong code, too often: answer again"
        self._waiting[name] = found._replace(tries=found.tries - 1)
        return "that is not the code: look at the terminal of `orch web`"
