"""`orch watch`: the live screen. Refuses, with words, where it cannot be shown."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

from supervisor.cli.command.parameters import Option
from supervisor.errors import OrchError, UsageError
from supervisor.late import Late
from supervisor.runtime.workspace import WorkspacePaths

if TYPE_CHECKING:
    from supervisor.cli.look import status_watch
    from supervisor.cli.watch import app
else:
    status_watch = Late("supervisor.cli.look.status_watch")
    app = Late("supervisor.cli.watch.app")  # imports Textual, which may not be installed

INSTALL = "install it with `pip install 'codex-crossrepo[watch]'`; `orch status --watch` works without"


class ScreenMissing(OrchError):
    """Textual, which draws the screen, is not installed."""


def watch(
    workspace: WorkspacePaths,
    *,
    as_json: Annotated[bool, Option("--json", "Print JSON, a line at each change, until Ctrl-C.")] = False,
) -> int:
    """Show the live screen until the person leaves it; with `as_json` each new status as a line, until Ctrl-C.

    Raises UsageError without a terminal that can show it, ScreenMissing without Textual.
    """
    if as_json:
        return status_watch.watch(workspace, as_json=True)
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("`orch watch` needs a terminal", "run it in one; `orch status` and `orch logs` print text")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError(
            "this terminal can show no screen (TERM is dumb or unset)", "`orch status --watch` prints text"
        )
    if find_spec("textual") is None:
        raise ScreenMissing("the screen needs Textual, which is not installed", INSTALL)
    return app.show(workspace)
