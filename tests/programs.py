"""Programs of the system that some tests drive: `scripts/system-packages` installs them."""

from __future__ import annotations

import os
import shutil

import pytest

SBIN = "/usr/sbin:/usr/local/sbin"  # not on every user's PATH


def require(program: str) -> str:
    """Return the path of a program. Without it the test is skipped, and named at the end of the run; with
    `ORCH_REQUIRE=all` it fails."""
    found = shutil.which(program) or shutil.which(program, path=SBIN)
    if found is None:
        missing = f"`{program}` is not installed: run scripts/system-packages"
        if os.environ.get("ORCH_REQUIRE") == "all":
            pytest.fail(missing)
        pytest.skip(missing)
    return found
