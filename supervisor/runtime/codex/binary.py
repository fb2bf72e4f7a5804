"""Find the codex binary to run. Called once per start of a server."""

from __future__ import annotations

import importlib
import os
import platform
import shlex
import shutil
from pathlib import Path

from supervisor.errors import CodexError

GET_CODEX = (
    "install it (`npm install -g @openai/codex`), or name the binary in ORCH_CODEX_BIN and run `orch down`, `orch up`"
)


def locate(configured: str | None) -> Path:
    """Return the native binary: $ORCH_CODEX_BIN, then the config's, then PATH's, then the `codex` extra's.

    If that is npm's Node wrapper, return the native binary behind it: the wrapper forwards only the first signal, and
    its pid is not the server's. Raises CodexError if there is none.
    """
    for source, given in (
        ("ORCH_CODEX_BIN", os.environ.get("ORCH_CODEX_BIN")),
        ("codex.bin in the config", configured),
    ):
        if given:
            found = shutil.which(os.path.expanduser(given))
            if found is None:
                raise CodexError(
                    f"{source} names {given}, which is not a program",
                    "correct or remove it, then `orch down`, `orch up`",
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


def called(binary: Path) -> str:
    """Return how the person calls this codex in a shell: `codex` if that is the one, else its path."""
    found = shutil.which("codex")
    if found is not None and binary in (Path(found), Path(found).resolve(), _native_or_self(Path(found))):
        return "codex"
    return shlex.quote(str(binary))


def _native_or_self(found: Path) -> Path:
    try:
        return _native(found)
    except CodexError:
        return found


def _native(found: Path) -> Path:
    """Return the native binary behind npm's wrapper; `found` itself if it is not the wrapper."""
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
        f"{found} is npm's wrapper, but there is no native binary behind it",
        "reinstall it: `npm install -g @openai/codex`",
    )
