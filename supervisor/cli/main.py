"""The console entry: from a command line to an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.cli.folder import checked, take_folder
from supervisor.errors import OrchError, SupervisorDown, UsageError

if TYPE_CHECKING:
    from supervisor.runtime.workspace import Workspace

FAILED, USAGE, DOWN, INTERRUPTED = 1, 2, 3, 130


def main() -> None:
    """The console entry."""
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # whoever closed a standard stream would have it be the next file that is opened
    os.close(free)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    if "typer" in sys.modules:
        sys.exit(code)
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.flush()
    os._exit(code)  # all is written; to take the interpreter apart as well takes 15 ms


def run(arguments: list[str]) -> int:
    """Carry out a command line; its exit code."""
    try:
        folder, rest = take_folder(arguments)
        done = _plain(folder, rest)
        if done is None:
            from supervisor.cli.commands import app

            app(rest, prog_name="orch", obj=folder)
        code = done or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED if end.code else 0
    except OrchError as error:
        from supervisor.cli.output import complain

        complain(error)
        code = USAGE if isinstance(error, UsageError) else DOWN if isinstance(error, SupervisorDown) else FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError as error:
        code = FAILED
        if not isinstance(error, BrokenPipeError):
            print(f"orch: {error}", file=sys.stderr)
    return _flushed(code)


def _plain(folder: Path, words: list[str]) -> int | None:
    """Do what is asked most, by people and scripts, without the parser, which takes as long to load as all that these
    commands need; None for anything else. `commands.py` says the same."""
    match words:
        case ["up"]:
            from supervisor.runtime.daemon import launch

            workspace = _workspace(folder)
            started = launch.ensure_supervisor(workspace, [])
            from supervisor.cli import lifecycle  # 5 ms, in which the supervisor starts

            return lifecycle.up(workspace, [], started)
        case ["down"]:
            from supervisor.cli import lifecycle

            return lifecycle.down(_workspace(folder), now=False)
        case ["status"] | ["status", "--json"]:
            from supervisor.cli import show

            return show.status(_workspace(folder), as_json=len(words) > 1)
    return None


def _workspace(folder: Path) -> Workspace:
    from supervisor.runtime.workspace import find

    return find(checked(folder))


def _flushed(code: int) -> int:
    """`code`, once all output is written; whoever read it may be gone, which is no news."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter does not try again
        return code or FAILED
    return code


if __name__ == "__main__":
    main()
