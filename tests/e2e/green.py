"""What a repo's own tests say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def assert_green(made: Mapping[str, Path]) -> None:
    """Run the repos' own tests ourselves, and assert that they pass."""
    for name, repo in made.items():
        command = [sys.executable, "-B", "-m", "unittest", "-q"]
        done = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
