"""Move branches of a repo on another machine, as a landing does.

A line of its own holds the lock of each: if it is cut, git there lets go of the lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.remote.shell import MARGIN, RemoteShell
from supervisor.runtime.secrets import clean
from supervisor.shell.git.land.batch import ANSWER_WITHIN, LOCK_WAIT, WHY
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import SAFE
from supervisor.shell.prefix.conversation import Conversation
from supervisor.wire.place.git import read_step
from supervisor.wire.place.hooks import hook_command, hooks_command
from supervisor.wire.place.refs import COMMITTED, PREPARED, hold_step, move_command, release_command
from supervisor.wire.place.scripts import PlaceScripts

LETS_GO_WITHIN = 2.0  # seconds for git there to let go of a lock, and for the line to end


class RemoteMoves:
    """Moves branches there (`shell.git.reach.moves`)."""

    def __init__(self, shell: RemoteShell) -> None:
        self._shell = shell

    def common(self) -> str:
        answer = self._shell.run(b'cd -P -- "$common" && pwd')
        found = answer.out.decode("utf-8", "surrogateescape").strip("\n")
        if answer.code or not found.startswith("/"):
            raise WorkspaceError(f"{self._shell.where} is no git repo", "run `git status` there")
        return self._at + found

    def hooks(self, names: Sequence[str]) -> tuple[str, ...]:
        answer = self._shell.run(hooks_command(names))
        if answer.code:
            raise WorkspaceError(
                f"git does not say where the hooks of {self._shell.where} are", "run `git status` there"
            )
        found = answer.out.decode("utf-8", "replace").split()
        return tuple(name for name in names if name in found)

    def hook(self, name: str, limit: int) -> tuple[bytes, bytes]:
        answer = self._shell.run(hook_command(name, limit))
        real, newline, text = answer.out.partition(b"\n")
        if answer.code or not newline or not real.startswith(b"/"):
            raise WorkspaceError(f"the {name} hook of {self._shell.where} cannot be read", "see its permissions there")
        return real, text

    def sync(self) -> None:
        answer = self._shell.run(b'sync -f "$common" 2> /dev/null || sync')
        if answer.code:
            raise WorkspaceError(f"the disk of {self._shell.where} cannot be synced", "see what is wrong with it")

    def hold(self, name: str, old: str | None, new: str, why: str) -> RemoteHeldRef:
        return RemoteHeldRef(self._shell, name, old, new, why)

    def move(self, name: str, old: str | None, new: str, settings: Sequence[str]) -> GitOutput:
        words = [*SAFE, *(word for one in settings for word in ("-c", one))]
        return self._shell.run(move_command(words, WHY, name, old or "0" * len(new), new))

    def release(self, lock: str, new: str) -> bool:
        return self._shell.run(release_command(lock.removeprefix(self._at), new)).code == 0

    @property
    def _at(self) -> str:
        return f"{self._shell.at}:"


class RemoteHeldRef:
    """A ref there that is about to be made or moved."""

    def __init__(self, shell: RemoteShell, name: str, old: str | None, new: str, why: str) -> None:
        self._shell, self._name, self._old, self._new, self._why = shell, name, old, new, why
        self._talk: tuple[Conversation, PlaceScripts] | None = None

    def prepare(self) -> None:
        talk, script = self._talk = self._shell.call()
        ref, old, new = self._name, self._old, self._new
        what = f"create {ref} {new}" if old is None else f"update {ref} {new} {old}"
        given = f"start\n{what}\nprepare\n".encode("utf-8", "surrogateescape")
        words = [*SAFE, "-c", f"core.filesRefLockTimeout={LOCK_WAIT}"]
        last = talk.tell(hold_step(words, self._why), ANSWER_WITHIN + MARGIN, given=given).last
        if last.strip() == f"{script.tag} {PREPARED}":
            return
        step = read_step(last, script.tag)
        try:
            if step is None:
                raise self._shell.lost(talk, script)
            why = clean(step.complaint) or "it ended"
            raise WorkspaceError(f"git cannot make {ref} in {self._shell.where}: {why}", "run `git status` there")
        finally:
            self.abort()

    def held(self) -> str:
        return ""

    def commit(self) -> bool:
        if self._talk is None:
            return False
        talk, script = self._talk
        try:
            return talk.tell("commit\n", ANSWER_WITHIN).last.strip() == f"{script.tag} {COMMITTED}"
        except OrchError:
            return False
        finally:
            self.abort()

    def abort(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk[0].process.end(LETS_GO_WITHIN)
