"""The console entry: from a command line to an exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

from supervisor.cli import entry
from supervisor.cli.command import everywhere
from supervisor.cli.command.parameters import call, parameters
from supervisor.cli.command.table import HELP_OPTIONS
from supervisor.cli.command.words import WrongWords, found, read, spelled_out
from supervisor.cli.display import color
from supervisor.errors import OrchError, SupervisorDown, SupervisorHangs, UsageError

FAILED, USAGE, DOWN = 1, 2, 3

_TO_BE_ENDED = {"asyncio", "concurrent.futures", "typer"}  # their users may have threads to join or files to remove


def main() -> None:
    """The console entry."""
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # a caller closed a standard stream: without this, the next file that we open would take its place
    os.close(free)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while an error was told, or the output written
        code = entry.INTERRUPTED
    entry.end_at_once()
    if not sys.modules.keys().isdisjoint(_TO_BE_ENDED):
        sys.exit(code)
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.flush()
    os._exit(code)  # all is written; finalizing the interpreter would take 15 ms


def run(arguments: list[str]) -> int:
    """Run a command line; return its exit code."""
    try:
        given = everywhere.take(arguments)
        color.choose(given.color)
        code = _carry_out(spelled_out(given.words), given.folder)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED if end.code else 0
    except OrchError as error:
        from supervisor.cli.display.output import complain  # import late (3 ms): only errors need it

        complain(error)
        down = isinstance(error, SupervisorDown) and not isinstance(error, SupervisorHangs)
        code = USAGE if isinstance(error, UsageError) else DOWN if down else FAILED
    except KeyboardInterrupt:
        code = entry.INTERRUPTED
    except OSError as error:
        code = FAILED
        if not isinstance(error, BrokenPipeError):
            print(f"orch: {error}", file=sys.stderr)
    return _flushed(code)


def _carry_out(words: list[str], folder: Path) -> int:
    """Run the command that these words name; return its exit code."""
    if (named := found(words)) is not None:
        command, rest = named
        function = command.load()
        takes = parameters(function)
        values = read(takes, rest)
        if isinstance(values, dict):
            entry.raise_again()
            gc.enable()
            return call(function, takes, folder, values)
    from supervisor.cli.command import overview  # import late (6 ms): only help and mistakes need it

    if named is not None and isinstance(values, WrongWords):
        raise overview.explained(command, takes, values)
    return overview.show_help(words if named is None else [*command.words.split(" "), HELP_OPTIONS[1]])


def _flushed(code: int) -> int:
    """Return `code` once all output is flushed. A closed pipe is not an error: its reader left early."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter does not flush again
        return code or FAILED
    return code


if __name__ == "__main__":
    main()
