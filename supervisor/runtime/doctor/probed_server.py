"""An app-server for the time of the checks."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from supervisor import __version__
from supervisor.errors import OrchError
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell import process
from supervisor.shell.connection import Connection, connect
from supervisor.shell.git.environment import without_repo
from supervisor.wire.codex.answers import (
    INITIALIZE,
)
from supervisor.wire.codex.params import initialize
from supervisor.wire.jsonrpc import Call, Garbage, Notice

ANSWERS_WITHIN = 15.0  # seconds for a server to start and answer; it takes 0.3
CONNECT_RETRY = 0.05  # seconds between two tries to connect to a server that starts


class CheckFailed(OrchError):
    """Something that orch needs does not work here."""


class ProbedServer:
    """An app-server of our own, in an empty folder, for the time of the checks."""

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self._folder = Path(mkdtemp(prefix="orch-doctor-"))
        self._workspace = WorkspacePaths(self._folder)
        self._spawned: process.Spawned | None = None
        self._reading: asyncio.Task[None] | None = None
        self.connection: Connection | None = None
        self.said: list[Call | Notice | Garbage] = []  # without being asked

    async def start(self) -> None:
        """Start it and do the handshake. Raises CheckFailed with the last line of its output."""
        make_private(self._workspace.runtime_dir)
        listens = self._workspace.server_socket("doctor")
        errors = self._folder / "stderr.log"
        self._spawned = process.spawn(
            [str(self._binary), "app-server", "--listen", f"unix://{listens}"],
            cwd=self._folder,
            env=without_repo(os.environ),
            mark=self._workspace.mark("doctor"),
            stdout_path=errors,
            stderr_path=errors,
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                while self.connection is None:
                    with suppress(OrchError):
                        self.connection = await connect(str(listens), self.said.append, ANSWERS_WITHIN)
                        break
                    await asyncio.sleep(CONNECT_RETRY)
                self._reading = asyncio.create_task(self.connection.read(), name="read the doctor's server")
                await self.connection.request(INITIALIZE.name, initialize(__version__), ANSWERS_WITHIN)
                await self.connection.notify("initialized")
        except (OrchError, TimeoutError) as error:
            self.connection = None
            lines = errors.read_text(encoding="utf-8", errors="replace").split("\n") if errors.exists() else []
            last = next((line for line in reversed(lines) if line.strip()), "no output")
            raise CheckFailed(
                f"`codex app-server` does not answer ({last[:200]})",
                "run `codex doctor`, or update codex",
            ) from error

    async def stop(self) -> None:
        """Stop it and remove all its files."""
        if self.connection is not None:
            self.connection.close()
        if self._reading is not None:
            self._reading.cancel()
        if self._spawned is not None:
            await process.kill_tree(self._spawned.identity, self._workspace.mark("doctor"))
        with suppress(OSError):
            self._workspace.server_socket("doctor").unlink(missing_ok=True)
            self._workspace.runtime_dir.rmdir()
        with suppress(OSError):
            for file in self._folder.iterdir():
                file.unlink()
            self._folder.rmdir()
