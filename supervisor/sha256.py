"""SHA-256 as Python itself implements it. `hashlib` loads OpenSSL (3 ms), for which no start has to wait.

The standard library's `random` imports its hash in the same way. For much data, take `hashlib`: it is faster.
"""

from __future__ import annotations

try:
    from _sha256 import sha256  # type: ignore[import-not-found]
except ImportError:  # Python 3.12 and newer
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256


def hex_digest(content: bytes) -> str:
    """The SHA-256 of `content` in hexadecimal digits."""
    digest: str = sha256(content).hexdigest()
    return digest
