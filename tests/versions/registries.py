"""The versions of codex that can be installed, from PyPI and from npm."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from supervisor.errors import CodexError
from supervisor.runtime.codex.binary import locate
from supervisor.wire.codex.answers import OLDEST

PYPI, NPM = "openai-codex-cli-bin", "@openai/codex"
ASKING = 60.0  # seconds for a list of versions
INSTALLING = 600.0  # seconds: a codex is some 150 MB to fetch


def available() -> dict[str, tuple[str, ...]]:
    """Every final version that orch takes, oldest first, with the registries that have it."""
    found = {"PyPI": _on_pypi(), "npm": _on_npm()}
    every = sorted({version for versions in found.values() for version in versions}, key=number)
    kept = [version for version in every if number(version) >= OLDEST]
    return {version: tuple(name for name, versions in found.items() if version in versions) for version in kept}


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def install(version: str, folder: Path) -> Path | None:
    """Install a version into a folder and return its native binary; None if no registry has it."""
    return _from_pypi(version, folder) or _from_npm(version, folder)


def _on_pypi() -> list[str]:
    said = _run([sys.executable, "-m", "pip", "index", "versions", PYPI], ASKING) or ""
    listed = re.search(r"Available versions: (.*)", said)
    return _final(listed[1].split(", ")) if listed else []


def _on_npm() -> list[str]:
    npm = shutil.which("npm")
    said = _run([npm, "view", NPM, "versions", "--json"], ASKING) if npm else None
    return _final(json.loads(said)) if said else []


def _final(versions: Sequence[str]) -> list[str]:
    return [version for version in versions if re.fullmatch(r"\d+\.\d+\.\d+", version)]


def _from_pypi(version: str, folder: Path) -> Path | None:
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    if _run([*pip, "--target", str(folder), f"{PYPI}=={version}"], INSTALLING) is None:
        return None
    return next(folder.glob("codex_cli_bin/bin/codex"), None)


def _from_npm(version: str, folder: Path) -> Path | None:
    npm = shutil.which("npm")
    words = ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), f"{NPM}@{version}"]
    if npm is None or _run([npm, *words], INSTALLING) is None:
        return None
    os.environ.pop("ORCH_CODEX_BIN", None)
    try:
        return locate(str(folder / "node_modules" / ".bin" / "codex"))
    except CodexError:
        return None


def _run(words: Sequence[str], seconds: float) -> str | None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds)
    return done.stdout if done.returncode == 0 else None
