"""The place of one child: what is run there, and the errors that say why it could not be."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

from supervisor.domain.child import Runner
from supervisor.domain.json_value import JsonObject
from supervisor.errors import CodexError, NotReady, OrchError, OutOfReach, PlaceGone, PlaceQueued, StoreError
from supervisor.runtime.codex.registry import RecordElsewhere
from supervisor.runtime.remote.allocation import Allocation
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths, make_inside, shorten
from supervisor.sha256 import hex_digest
from supervisor.shell.prefix.conversation import Conversation, PrefixOutput
from supervisor.shell.prefix.line import PrefixLine, open_line
from supervisor.shell.prefix.process import PrefixProcess
from supervisor.wire.place import sharing
from supervisor.wire.place.answers import PlaceAnswer, ServerThere, read_line, server_there
from supervisor.wire.place.scripts import PlaceScripts, words
from supervisor.wire.place.trouble import Trouble, endless, refusal, unreached
from supervisor.wire.plain import dumped, typed

ANSWERS_WITHIN = 30.0  # seconds for a shell there to answer, the login included; it takes 0.3 to 2
TURN_WITHIN = 10.0  # seconds for a job to begin on an idle cluster; Slurm takes one or two. Then people do other things
TURN_LOOK = 0.3  # seconds between two tries meanwhile: each is a process of Slurm
MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))

T = TypeVar("T")

_turns = count()


class OpenedLine(NamedTuple):
    """The line to a server."""

    line: PrefixLine
    there: ServerThere
    holder: PrefixProcess | None = None  # where a process has to stay with the server


class ChildPlace:
    """Where one child lives: a folder at the other end of a prefix. Its methods block."""

    def __init__(
        self,
        workspace: WorkspacePaths,
        child: str,
        runner: Runner,
        path: str,
        own: str = "",
        *,
        python: str = sys.executable,
    ) -> None:
        """`own`: under which name all of it goes there and here, if that is not the child's. `python`: for the keeper
        of a server on this machine, if the login finds none."""
        self.runner = runner
        self.path = path
        self._child = child
        self._workspace = workspace
        self._over: Callable[[], Path | None] = lambda: None
        self._python = python
        self._own = own or child
        self._mark = f"{_id_there(workspace)}/{self._own}"
        self.allocation = Allocation(workspace, self._own, runner, lender=child if own else "")

    def script(self) -> PlaceScripts:
        """Return the scripts for one process, with a tag that nobody there can guess."""
        own = self._workspace.mark()
        tag = f"orch-{secrets.token_hex(12)}"
        return PlaceScripts(tag, self._mark, own, self.path, self.runner, self._python)

    def converse(self, script: PlaceScripts, shares: Path | None = None) -> Conversation:
        """Open a shell there; `shares`: whose connection others may use at this socket, too. Raises OrchError if there
        is no such program."""
        if shares is None:
            mark, argv = self._workspace.mark(self._own), self._words()
        else:
            mark = self._workspace.mark(f"{shares.name}.connection")
            argv = words(sharing.shared(self.runner.connect, str(shares)))
        return Conversation(argv, script.tag, mark=mark, cwd=self._workspace.root, errors=self._errors())

    def _words(self) -> list[str]:
        """The words of a session there: over the connection that it is to use, if that stands."""
        connect, socket = self.allocation.connect, self._over()
        return words(connect if socket is None or not socket.exists() else sharing.over(connect, str(socket)))

    def go_over(self, connection: Path) -> None:
        """Have all sessions from now on use the connection at this socket, for as long as it stands."""
        self._over = lambda: connection

    def go_over_any(self) -> None:
        """Have each session use a connection of the lines to this machine, in turns, if there is one: for what only
        reads, and may be cut with them."""
        self._over = self._any

    def _any(self) -> Path | None:
        found = self._workspace.connections(self.runner.connect)
        return found[next(_turns) % len(found)] if found else None

    def open(
        self, arguments: Sequence[str], begun: Callable[[], None], seconds: float, *, anew: bool, filters_off: bool
    ) -> OpenedLine:
        """Adopt or start the server there, and open the line to it. Calls `begun` before a place is asked for, and once
        the shell there answers, before anything is started. Whoever gets the line ends it, and what holds the server
        once that has ended.

        Raises OutOfReach, CodexError if a person has to act first, or NotReady.
        """
        if self.runner.before:
            begun()
        lead = partial(self._lead, arguments, begun, seconds, filters_off=filters_off)
        line, there = self.once_it_is_there(partial(lead, held=self.runner.attached, anew=anew), seconds)
        if not self.runner.attached:
            return OpenedLine(line, there)
        holder, held = line, there
        if held.adopted:
            holder.process.end()
        try:
            line, there = lead(held=False, anew=False)
        except BaseException:
            if not held.adopted:
                holder.process.end()
            raise
        same = (there.boot, there.pid, there.ticks) == (held.boot, held.pid, held.ticks)
        return OpenedLine(line, held if same else there, None if held.adopted else holder.process)

    def once_it_is_there(self, do: Callable[[], T], seconds: float) -> T:
        """Do something in the place, which is got if there is none. One that is new may have to wait for its turn: then
        it is tried again for a moment. Raises as `open`."""
        until = monotonic() + (min(seconds, TURN_WITHIN) if self.allocation.obtain(seconds) else 0.0)
        while True:
            try:
                return do()
            except PlaceQueued:
                if monotonic() >= until:
                    raise
                sleep(TURN_LOOK)

    def _lead(
        self,
        arguments: Sequence[str],
        begun: Callable[[], None],
        seconds: float,
        *,
        held: bool,
        anew: bool,
        filters_off: bool,
    ) -> tuple[PrefixLine, ServerThere]:
        """Become the line to the server or, `held`, a process that stays as long as the server which it started."""
        script = self.script()
        line = open_line(
            self._words(),
            script.ensure(arguments, held=held, anew=anew, filters_off=filters_off),
            script.tag,
            begun=begun,
            mark=self._workspace.mark(self._own),
            cwd=self._workspace.root,
            errors=self._errors(),
            seconds=seconds,
        )
        try:
            answer = self._answer(line, script, line.process, seconds)
            there = server_there(answer)
            if there is None:
                raise self.error(refusal(self.runner, answer, self._child, self.path))
        except BaseException:
            line.process.end()
            raise
        return line, there

    def ask(self, make: Callable[[PlaceScripts], str], seconds: float = ANSWERS_WITHIN) -> PlaceAnswer:
        """Run one script and return what it says. Raises as `open`."""
        script = self.script()
        with self.converse(script) as talk:
            return self.told(talk, script, make(script), seconds)

    def told(self, talk: Conversation, script: PlaceScripts, text: str, seconds: float = ANSWERS_WITHIN) -> PlaceAnswer:
        """Run a script in a conversation and return what it says. Raises as `open`."""
        answer = self._answer(talk.tell(text, seconds), script, talk.process, seconds)
        if answer.word == "no":
            raise self.error(refusal(self.runner, answer, self._child, self.path))
        return answer

    def end(self, *, kill: bool, seconds: float) -> None:
        """End the server there and all that it started, and give the place back. Raises as `open`."""
        with suppress(PlaceGone):  # nothing can run there any more
            self.ask(lambda script: script.stop(kill=kill), seconds)
        self.allocation.give_back()

    def error(self, trouble: Trouble) -> OrchError:
        """Return what to raise. What the other side said is data: secrets are cut out of it."""
        kind = CodexError if trouble.refused else NotReady
        return kind(clean(trouble.what), trouble.next_step)

    def _answer(
        self, told: PrefixLine | PrefixOutput, script: PlaceScripts, process: PrefixProcess, seconds: float
    ) -> PlaceAnswer:
        answer = read_line(told.last, script.tag)
        if answer is not None:
            return answer
        if told.last:
            raise self.error(
                refusal(self.runner, PlaceAnswer("", (told.last[len(script.tag) :],)), self._child, self.path)
            )
        trouble = endless(self.runner) if told.cut else unreached(self.runner, process.said(), process.code, seconds)
        if trouble.gone and self.runner.before:
            self.allocation.forget()
            raise PlaceGone(clean(trouble.what), trouble.next_step)
        if trouble.refused:
            raise self.error(trouble)
        kind = PlaceQueued if trouble.queued else OutOfReach
        raise kind(clean(trouble.what), trouble.next_step)

    def _errors(self) -> Path:
        """Return the file for what the prefix prints to standard error. It begins anew when it has grown large."""
        path = self._workspace.runner_errors(self._own)
        with suppress(OSError):
            make_inside(path.parent)
            shorten(path)
        return path


def recorded(runner: Runner) -> JsonObject:
    """Return a runner as the registry keeps it."""
    kept: JsonObject = json.loads(dumped(runner))
    return kept


def runner_in(record: RecordElsewhere) -> Runner:
    """Return the runner of a record. Raises StoreError if the record is not as we wrote it."""
    try:
        return typed(Runner, record.runner)
    except ValueError as error:
        raise StoreError(f"children.json does not say where a server is ({error})", "correct or remove it") from error


def _id_there(workspace: WorkspacePaths) -> str:
    """A name of this workspace that no workspace of another machine or user has: they may meet where children live."""
    machine = socket.gethostname()
    for path in MACHINE_IDS:
        with suppress(OSError, UnicodeDecodeError):
            machine = path.read_text(encoding="ascii").strip() or machine
            break
    return hex_digest(os.fsencode(f"{machine}\0{os.getuid()}\0{workspace.root}"))[:12]
