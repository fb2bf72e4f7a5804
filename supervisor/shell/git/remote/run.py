"""Run a program with the person's own environment, as they would in that repo; time and output are bounded.

Unlike `run_git`, it reaches the network, may ask for a passphrase, and runs what the person has set up for that.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from supervisor.domain.process import OF_ONE_REPO
from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.reach.output import ProgramOutput
from supervisor.shell.git.reach.there import PathThere

OUTPUT_KEPT = 256 << 10
"""Bytes of each stream that are kept: the first ones of the output, the last ones of the errors."""

_LOOK = 0.05  # seconds between two looks whether it has ended
_GRACE = 5.0  # seconds to end in order
_OWN_SETTINGS = frozenset({"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"})
_TRACES = regex(r"GIT_(?:TRACE|CURL_VERBOSE)")


Handler = Callable[[int, FrameType | None], object] | int | None


def run_as_person(
    command: Sequence[str],
    folder: Path,
    *,
    seconds: float,
    terminal: bool,
    environ: Mapping[str, str] | None = None,
) -> ProgramOutput:
    """Run a program in `folder`. `terminal`: it may ask the person who sits there. Raises WorkspaceError.

    On another machine it runs there, without a terminal, or raises OrchError.
    """
    if isinstance(folder, PathThere):
        return folder.repo.as_person(command, environ or {}, seconds=seconds)
    with _signals() as received:
        try:
            process = subprocess.Popen(
                list(command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**_environment(terminal=terminal), **(environ or {})},
                start_new_session=not terminal,  # with a terminal of its own, ssh could not ask
            )
        except OSError as error:
            raise WorkspaceError(f"cannot run {command[0]} in {folder}: {error.strerror}", "run it there") from error
        return _read(process, time.monotonic() + seconds, received, group=not terminal)


def _read(process: subprocess.Popen[bytes], deadline: float, received: Sequence[int], *, group: bool) -> ProgramOutput:
    """Read what a program prints until it ends, or is ended."""
    assert process.stdout is not None, "we opened a pipe"
    assert process.stderr is not None, "we opened a pipe"
    out, err = process.stdout.fileno(), process.stderr.fileno()
    kept = {out: bytearray(), err: bytearray()}
    late = False
    try:
        with selectors.DefaultSelector() as selector:
            for descriptor in kept:
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            while not received and not late:
                # What it left running, such as the master of an ssh connection, may keep the pipes open for hours.
                ended = process.poll() is not None
                found = selector.select(0 if ended else _LOOK)
                for key, _ in found:
                    if not _taken(kept[key.fd], key.fd, last=key.fd == err):
                        selector.unregister(key.fd)
                if ended and not found:
                    break
                if not selector.get_map():
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_LOOK)  # it has closed its output, and may go on
                late = not ended and time.monotonic() > deadline
    finally:
        if process.poll() is None:
            _end(process, group=group)
        process.stdout.close()
        process.stderr.close()
    return ProgramOutput(process.returncode, _text(kept[out]), _text(kept[err]), late)


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Take the signals that would end us: they end the program first, then us."""
    received = list[int]()
    before: dict[signal.Signals, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
    if received:
        signal.raise_signal(received[0])


def _taken(buffer: bytearray, descriptor: int, *, last: bool) -> bool:
    """Read what is there, and return whether more can come."""
    try:
        chunk = os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return True
    buffer += chunk
    if last:
        del buffer[:-OUTPUT_KEPT]
    else:
        del buffer[OUTPUT_KEPT:]
    return bool(chunk)


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # We have not waited for it, so its number cannot belong to anybody else.
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            return


def _environment(*, terminal: bool) -> dict[str, str]:
    """The person's environment without what names one repo, and without traces: these print credentials."""
    found = {
        name: value
        for name, value in os.environ.items()
        if (name not in OF_ONE_REPO or name in _OWN_SETTINGS) and not _TRACES.match(name)
    }
    return found if terminal else {**found, "GIT_TERMINAL_PROMPT": "0"}


def _text(data: bytearray) -> str:
    return bytes(data).decode("utf-8", "replace")
