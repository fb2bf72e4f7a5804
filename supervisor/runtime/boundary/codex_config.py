"""What the user's Codex config, or that of a trusted repo, lets commands write besides the work tree."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LARGEST = 1 << 20  # bytes of a config; a larger one is not read
SYSTEM = Path("/etc/codex/config.toml")
MANAGED = Path("/etc/codex/managed_config.toml")
"""What an administrator sets: no option of a server's command line overrides it."""


def codex_home() -> Path:
    """Return the folder of the person's Codex config, which need not be there."""
    return Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")


def user_configs() -> tuple[Path, ...]:
    """The config files that count for every server."""
    return (codex_home() / "config.toml", SYSTEM, MANAGED)


def writable_roots(path: Path) -> Iterator[str]:
    """The folders that `sandbox_workspace_write.writable_roots` of a config file names, absolute.

    They count in every turn, also in one whose own policy names none (tried with 0.163 and 0.171).
    """
    return (os.path.join(path.parent, os.path.expanduser(root)) for root in roots_in(_content(path)))


def roots_in(content: bytes) -> Iterator[str]:
    """The same of what a config file holds, as they are written there."""
    if b"writable_roots" not in content and b"\\" not in content:  # a key may be written with escapes
        return
    section = _parsed(content).get("sandbox_workspace_write")
    roots = section.get("writable_roots") if isinstance(section, dict) else None
    for root in roots if isinstance(roots, list) else ():
        if isinstance(root, str) and root and "\0" not in root:
            yield root


def read_toml(path: Path) -> dict[str, object]:
    """What a file says; nothing if it is no regular file, too large or no TOML."""
    return _parsed(_content(path))


def _content(path: Path) -> bytes:
    with suppress(OSError, ValueError):
        if path.is_file() and path.stat().st_size <= LARGEST:
            return path.read_bytes()
    return b""


def _parsed(content: bytes) -> dict[str, object]:
    if not content:
        return {}
    tomllib = importlib.import_module("tomllib")  # late (3 ms): hardly any config names such folders
    with suppress(ValueError, RecursionError):
        found: dict[str, object] = tomllib.loads(content.decode("utf-8"))
        return found
    return {}
