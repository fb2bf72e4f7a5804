"""Ctrl-C while `orch` is still being loaded ends it as quietly as later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import CHECKOUT

INTERRUPTED_AT_AN_IMPORT = """
import os, signal, sys

from supervisor.cli import entry

class Interrupts:
    def find_spec(self, name, path, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)

wanted = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupts())
entry.main()
"""


def interrupted(folder: Path, *words: str, ignored: bool = False) -> tuple[int, str, str]:
    # Under `scripts/coverage --outer`, coverage would import what is to be interrupted.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_AN_IMPORT, *words],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=30,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("supervisor.cli.main", "status"),
        ("pathlib", "version"),
        ("supervisor.cli.command.table", "up"),
        ("supervisor.cli.look.status", "status"),
        ("supervisor.cli.display.output", "status"),  # the workspace is missing, and that is being told
        ("supervisor.cli.command.overview", "chek"),
        ("textwrap", "--help"),
    ],
)
def test_ctrl_c_at_an_early_import_ends_quietly(module: str, words: str, tmp_path: Path) -> None:
    assert interrupted(tmp_path, module, words) == (130, "", "")


def test_a_ctrl_c_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    assert interrupted(tmp_path, "supervisor.cli.look.status", "version", ignored=True)[0] == 0
    code, _, err = interrupted(tmp_path, "supervisor.cli.look.status", "status", ignored=True)
    assert (code, err[:34]) == (1, "orch: no orchestrator.config.yaml ")
