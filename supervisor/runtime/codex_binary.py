"""Which codex is run: found once per start of a server, and old or missing ones told apart from good ones."""

from __future__ import annotations

import asyncio
import importlib
import os
import platform
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from supervisor.errors import CodexError
from supervisor.wire.codex import OLDEST, version_of

VERSION_TIMEOUT = 10.0  # seconds for `codex --version`; it takes 0.05
GET_CODEX = (
    "install it (`npm install -g @openai/codex`), or name the binary in ORCH_CODEX_BIN and run `orch down`, `orch up`"
)


class Codex(Struct, frozen=True):
    """A codex that can be run: the native binary and its version."""

    path: Path
    version: str


def locate(configured: str | None) -> Path:
    """The native binary: $ORCH_CODEX_BIN, then the config's, then PATH's, then the one of the `codex` extra.

    Where the one found is npm's Node wrapper, the native binary behind it is taken: the wrapper passes on only the
    first signal, and its pid is not the server's. Raises CodexError.
    """
    for source, given in (
        ("ORCH_CODEX_BIN", os.environ.get("ORCH_CODEX_BIN")),
        ("codex.bin in the config", configured),
    ):
        if given:
            found = shutil.which(os.path.expanduser(given))
            if found is None:
                raise CodexError(
                    f"{source} names {given}, which is no program",
                    "correct it, or leave it out, then `orch down`, `orch up`",
                )
            return _native(Path(found))
    on_path = shutil.which("codex")
    if on_path is not None:
        return _native(Path(on_path))
    try:
        packaged: Path = importlib.import_module("codex_cli_bin").bundled_codex_path()
    except (ImportError, FileNotFoundError) as error:
        raise CodexError("there is no codex on PATH", GET_CODEX) from error
    return packaged


class Versions:
    """Asks each binary for its version once, and again when the file changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int], str] = {}
        self._lock = asyncio.Lock()

    async def check(self, path: Path) -> Codex:
        """The codex at `path`. Raises CodexError if it does not run, or is too old."""
        try:
            found = path.stat()
        except OSError as error:
            raise CodexError(f"{path} cannot be run ({error.strerror})", GET_CODEX) from error
        key = (path, found.st_mtime_ns, found.st_size)
        async with self._lock:
            if key not in self._known:
                self._known[key] = await asyncio.to_thread(_version, path)
        return Codex(path, self._known[key])


def _version(path: Path) -> str:
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
                os.killpg(process.pid, signal.SIGKILL)  # all of it: who holds the pipe holds up the wait
            raise CodexError(f"`{path} --version` did not answer within {VERSION_TIMEOUT:g} s", GET_CODEX) from error
    words = output.decode("utf-8", "replace").strip()
    version = version_of(words)
    if process.returncode != 0 or version is None:
        raise CodexError(f"`{path} --version` is not codex (it says: {words[:200] or 'nothing'})", GET_CODEX)
    text = ".".join(str(part) for part in version)
    refuse_old(text, path)
    return text


def refuse_old(version: str, path: Path) -> None:
    """Raises CodexError for a version that is too old to work with."""
    if (version_of(version) or OLDEST) < OLDEST:
        oldest = ".".join(str(part) for part in OLDEST)
        raise CodexError(
            f"codex {version} ({path}) is too old", f"update it to {oldest} or newer (`npm install -g @openai/codex`)"
        )


def _native(found: Path) -> Path:
    """The native binary behind npm's wrapper; `found` itself if it is not the wrapper."""
    target = found.resolve()
    if target.suffix != ".js":
        return found
    package = target.parent.parent
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), ""
    )
    name = f"codex-{platform.system().lower()}-{machine}"
    for root in (package.parent / name, package / "node_modules" / "@openai" / name, package):
        natives = sorted(root.glob("vendor/*/bin/codex")) + sorted(root.glob("vendor/*/codex/codex"))
        if natives:
            return natives[0]
    raise CodexError(
        f"{found} is npm's wrapper, and no native binary is behind it", "reinstall it: `npm install -g @openai/codex`"
    )
