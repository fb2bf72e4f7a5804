"""Keep what came of a run, with its date and the machine. `scripts/docs` shows it in docs/promises.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.e2e.stdio import codex_binary
from tests.faults.result import Result


def write(file: Path, result: Result, seed: int, jobs: int) -> None:
    """Write the summary of a run so far. The file is whole at any moment."""
    said = {"seed": seed, "date": datetime.now(UTC).date().isoformat(), "machine": machine(jobs), **result.counts()}
    new = file.with_name(f".{file.name}.new")
    new.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    new.replace(file)


@cache
def machine(jobs: int) -> dict[str, Any]:
    codex = subprocess.run([codex_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "cores": os.cpu_count(),
        "jobs": jobs,
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "codex": codex.split()[-1],
        "orch": version("codex-crossrepo"),
    }
