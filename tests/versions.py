"""`scripts/versions`: run the tests that a codex can break with versions of it that are named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from supervisor.errors import CodexError
from supervisor.runtime.codex.binary import locate
from tests import CHECKOUT

VERSIONS = ("0.163.0", "0.171.0")
"""The oldest that orch takes, and the newest that it was tried with."""

TESTS = (
    "tests/wire/test_contract.py",
    "tests/runtime/daemon/test_effects.py",
    *(
        f"tests/e2e/test_{name}.py"
        for name in ("model", "loop", "asks", "leftovers", "mcp", "attach", "terminal", "guard", "boundary", "trust")
    ),
)
INSTALL = 600.0  # seconds: a codex is some 150 MB to fetch


def main(versions: list[str]) -> int:
    """Returns 0 if all is well with each, 1 if a test failed, 2 if a version cannot be installed."""
    outcomes = {version: _tried(version) for version in versions or VERSIONS}
    for version, code in outcomes.items():
        print(f"codex {version}: {('ok', 'tests failed', 'cannot be installed')[code]}")
    return max(outcomes.values())


def _tried(version: str) -> int:
    with tempfile.TemporaryDirectory(prefix="orch-codex-") as folder:
        binary = _from_pypi(version, Path(folder)) or _from_npm(version, Path(folder))
        if binary is None:
            return 2
        print(f"codex {version}: testing {binary.name} ...", flush=True)
        words = [sys.executable, "-m", "pytest", "-n", "4", "--dist", "worksteal", *TESTS]
        done = subprocess.run(words, cwd=CHECKOUT, env={**os.environ, "ORCH_CODEX_BIN": str(binary)}, check=False)
        return int(done.returncode != 0)


def _from_pypi(version: str, folder: Path) -> Path | None:
    package = f"openai-codex-cli-bin=={version}"
    words = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*words, "--target", str(folder), package], capture_output=True, check=False, timeout=INSTALL)
    return next(folder.glob("codex_cli_bin/bin/codex"), None) if done.returncode == 0 else None


def _from_npm(version: str, folder: Path) -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    words = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run([*words, f"@openai/codex@{version}"], capture_output=True, check=False, timeout=INSTALL)
    os.environ.pop("ORCH_CODEX_BIN", None)
    try:
        return locate(str(folder / "node_modules" / ".bin" / "codex")) if done.returncode == 0 else None
    except CodexError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
