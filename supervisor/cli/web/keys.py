"""Who has entered: links that work once, and the sessions that they begin. Kept in memory only, as digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32
LINKS = 8  # links that were shown and not used; older ones stop working
SESSIONS = 50  # the oldest ends when one more begins


class Keys:
    """The links and the sessions of one `orch web`. They end with it."""

    def __init__(self) -> None:
        self._links: list[bytes] = []
        self._sessions: dict[bytes, None] = {}

    def link(self) -> str:
        """Return the token of a new link. It opens one session."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._links = [*self._links[1 - LINKS :], _digest(token)]
        return token

    def enter(self, token: str) -> str | None:
        """Use a link up, and return the secret of the session that begins; None if the link is none, or was used."""
        given = _digest(token.strip())
        found = [one for one in self._links if hmac.compare_digest(one, given)]
        if not found:
            return None
        self._links = [one for one in self._links if one not in found]
        session = secrets.token_urlsafe(TOKEN_BYTES)
        self._sessions[_digest(session)] = None
        while len(self._sessions) > SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return session

    def knows(self, session: str) -> bool:
        """Whether a session has begun, and not ended."""
        given = _digest(session)
        return any(hmac.compare_digest(one, given) for one in self._sessions)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
