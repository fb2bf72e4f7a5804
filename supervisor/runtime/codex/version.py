"""Check the version of a codex binary: refuse old ones, and programs that are not codex."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from supervisor.errors import CodexError
from supervisor.runtime.codex.binary import GET_CODEX
from supervisor.wire.codex.answers import OLDEST, version_of

VERSION_TIMEOUT = 10.0  # seconds for `codex --version`; it takes 0.05


class Codex(Struct, frozen=True):
    """A usable codex: the native binary and its version."""

    path: Path
    version: str


class Versions:
    """Asks each binary for its version once, and again after the file changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int], str] = {}
        self._lock = asyncio.Lock()

    async def check(self, path: Path) -> Codex:
        """Return the codex at `path`. Raises CodexError if it does not run, or is too old."""
        try:
            found = path.stat()
        except OSError as error:
            raise CodexError(f"{path} cannot be run ({error.strerror})", GET_CODEX) from error
        key = (path, found.st_mtime_ns, found.st_size)
        async with self._lock:
            if key not in self._known:
                self._known[key] = await asyncio.to_thread(version_at, path)
        return Codex(path, self._known[key])


def version_at(path: Path) -> str:
    """Ask the binary at `path` for its version. Raises CodexError if it does not run, is no codex, or too old."""
    try:
        process = subprocess.Popen(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise CodexError(f"{path} cannot be run ({error.strerror})", GET_CODEX) from error
    with process:
        try:
            output, _ = process.communicate(timeout=VERSION_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the group: whoever has the pipe open delays us
            raise CodexError(f"`{path} --version` did not answer within {VERSION_TIMEOUT:g} s", GET_CODEX) from error
    words = output.decode("utf-8", "replace").strip()
    version = version_of(words)
    if process.returncode != 0 or version is None:
        raise CodexError(f"`{path} --version` is not codex (it says: {words[:200] or 'nothing'})", GET_CODEX)
    text = ".".join(str(part) for part in version)
    refuse_old(text, path)
    return text


def refuse_old(version: str, path: Path | str) -> None:
    """Check that a version is new enough. Raises CodexError if not."""
    if (version_of(version) or OLDEST) < OLDEST:
        oldest = ".".join(str(part) for part in OLDEST)
        raise CodexError(
            f"codex {version} ({path}) is too old", f"update it to {oldest} or newer (`npm install -g @openai/codex`)"
        )
