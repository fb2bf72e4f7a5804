"""A folder in which a test starts servers."""

from __future__ import annotations

import itertools
import os
import select
import signal
import sys
import time
from pathlib import Path

from supervisor.shell.process import (
    Identity,
    Spawned,
    alive,
    identity_of,
    spawn,
)

NUMBERS = itertools.count()
SAY = '#!/bin/sh\necho $$ > "$READY"\nexec "$@"\n'
"""The program `./say`: writes its pid to the test's pipe, so the test knows that it runs, then runs its arguments."""
SLEEP = "./say sleep 60"


class Ground:
    """A folder in which a test starts servers and receives their pids. Kills them all at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"test-{os.getpid()}-{next(NUMBERS)}/api"
        self._fifo = folder / "ready"
        os.mkfifo(self._fifo)
        (folder / "say").write_text(SAY, encoding="utf-8")
        (folder / "say").chmod(0o755)
        self._ready = os.open(self._fifo, os.O_RDWR)
        self._received = b""
        self.seen: list[Identity] = []
        self.servers: list[Spawned] = []

    def serve(self, *argv: str, mark: str | None = None) -> Spawned:
        """Start a server; one word is a shell script, and python starts with "-c"."""
        command = ("/bin/sh", "-c", *argv) if len(argv) == 1 else argv
        server = spawn(
            command,
            cwd=self.folder,
            env={**os.environ, "READY": str(self._fifo)},
            mark=self.mark if mark is None else mark,
            stdout_path=self.folder / "out",
            stderr_path=self.folder / "err",
        )
        self.servers.append(server)
        self.seen.append(server.identity)
        return server

    def python(self, script: str) -> Spawned:
        return self.serve(sys.executable, "-c", script)

    def pids(self, count: int) -> list[int]:
        """Wait for the next pids that processes write to the pipe."""
        deadline = time.monotonic() + 4
        while self._received.count(b"\n") < count:
            assert select.select([self._ready], [], [], deadline - time.monotonic())[0], (
                f"received only {self._received!r}"
            )
            self._received += os.read(self._ready, 4096)
        *lines, self._received = self._received.split(b"\n", count)
        return [int(line) for line in lines]

    def started(self, count: int) -> list[Identity]:
        """Wait for the next processes that write their pid, and return them in the order of their pids."""
        found = [identity for pid in self.pids(count) if (identity := identity_of(pid))]
        assert len(found) == count
        self.seen += found
        return sorted(found, key=lambda one: one.pid)

    def living(self) -> list[Identity]:
        """The processes of this test that are still alive."""
        return [one for one in dict.fromkeys(self.seen) if alive(one)]

    def output(self) -> str:
        return (self.folder / "out").read_text(encoding="utf-8")

    def leave(self) -> None:
        for one in self.living():
            os.kill(one.pid, signal.SIGKILL)
        for server in self.servers:
            server.popen.wait(timeout=4)
        os.close(self._ready)
