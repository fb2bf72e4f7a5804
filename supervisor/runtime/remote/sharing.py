"""Connections of OpenSSH that the lines of several children of one machine share, and what reads there. A command such
as `orch land` has a login of its own, which ends with nothing but itself."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path

from supervisor.errors import OrchError
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.prefix.conversation import Conversation
from supervisor.wire.place.scripts import PlaceScripts
from supervisor.wire.place.sharing import may_share, question, usable

LOGINS = 8  # at once at one machine: an sshd drops some of more than ten
LINES = 7  # over one connection: an sshd takes ten sessions (MaxSessions); its own shell is one, two are for reading
CONFIGURED_WITHIN = 10.0  # seconds for `ssh -G`; it takes 0.01
ANSWERS_WITHIN = 2.0  # seconds for a connection that stands; it takes 0.01, and the login that it saves 0.3 to 2


class Machine:
    """What all children behind the same words share."""

    def __init__(self, workspace: WorkspacePaths, connect: tuple[str, ...]) -> None:
        self.gate = asyncio.Semaphore(LOGINS)
        self._workspace = workspace
        self._connect = connect
        self._connections: list[SharedConnection] = []
        self._children: set[str] = set()
        self._lock = threading.Lock()
        self._may: bool | None = None  # None: not asked yet

    def join(self, child: str) -> None:
        """Count a child that will want a line."""
        with self._lock:
            self._children.add(child)

    def connection(self, child: str) -> SharedConnection | None:
        """Return the connection for the line of a child; None if each line has one of its own. Blocks."""
        with self._lock:
            self._children.add(child)
            if self._may is None:
                self._may = self._configured()
            for one in self._connections:
                if child in one.users:
                    return one
            if not self._may or len(self._children) == 1:  # a login more would only delay the one line
                return None
            while len(self._connections) * LINES < len(self._children):  # they log in at the same time
                socket = self._workspace.connection(self._connect, len(self._connections))
                self._connections.append(SharedConnection(socket))
            fewest = min(self._connections, key=lambda one: len(one.users))
            fewest.users.add(child)
            return fewest

    def check(self, child: str, place: ChildPlace) -> None:
        """End the connection of a child unless it gives an answer: its lines are cut, and a new one is made. Blocks."""
        with self._lock:
            found = [one for one in self._connections if child in one.users]
        for one in found:
            one.check(place)

    def leave(self, child: str) -> None:
        """Let go of the connection of a child that has no line any more. Blocks."""
        with self._lock:
            self._children.discard(child)
            for one in self._connections:
                one.users.discard(child)
                if not one.users:
                    one.end()

    def _configured(self) -> bool:
        words = question(self._connect)
        if words is None or not usable(str(self._workspace.connection(self._connect, 0))):
            return False
        try:
            said = subprocess.run(
                words,
                cwd=self._workspace.root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=CONFIGURED_WITHIN,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return said.returncode == 0 and may_share(said.stdout.decode("utf-8", "replace"))


class SharedConnection:
    """One login, whose shell there is asked whether the connection still stands. It ends with this process."""

    def __init__(self, socket: Path) -> None:
        self.users: set[str] = set()
        self.socket = socket
        self._lock = threading.Lock()
        self._shell: tuple[Conversation, PlaceScripts] | None = None

    def obtain(self, place: ChildPlace, seconds: float) -> None:
        """Log in, unless the connection stands. Blocks. Raises as `ChildPlace.open`."""
        with self._lock:
            if self._shell is not None and self._stands(place, *self._shell):
                return
            self._end()
            script = place.script()
            shell = place.converse(script, shares=self.socket)
            try:
                place.told(shell, script, script.system(), seconds)
            except BaseException:
                shell.process.end()
                raise
            self._shell = shell, script

    def check(self, place: ChildPlace) -> None:
        """End it unless it stands."""
        with self._lock:
            if self._shell is not None and not self._stands(place, *self._shell):
                self._end()

    def end(self) -> None:
        """End the process that holds the connection, and remove its socket. It may be called again."""
        with self._lock:
            self._end()

    def _stands(self, place: ChildPlace, shell: Conversation, script: PlaceScripts) -> bool:
        try:
            place.told(shell, script, script.system(), ANSWERS_WITHIN)
        except OrchError:
            return False
        return self.socket.exists()

    def _end(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            shell[0].process.end(0.2)
        self.socket.unlink(missing_ok=True)
