"""A shell in the repo of a child on another machine. It is kept while somebody is `talking`: logins take long."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from supervisor.errors import OrchError, OutOfReach, WorkspaceError
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.secrets import clean
from supervisor.shell.git.reach.output import GitOutput, ProgramOutput
from supervisor.shell.git.run import OUTPUT_LIMIT, SAFE
from supervisor.shell.prefix.conversation import Conversation
from supervisor.wire.place.git import each, git_step, person_step, plain_git, plain_step, read_step
from supervisor.wire.place.scripts import PlaceScripts

GIT = plain_git(SAFE)
WITHIN = 60.0  # seconds for one command there that is no git, such as looking at 500 files
MARGIN = 10.0  # seconds that we wait for an answer beyond the time that git is given
CHUNK = 500  # names that are sent in one command
TIMED_OUT = 124  # the exit code of `timeout`
PRINTED = 256 << 10  # bytes of each stream of a person's program that are kept

T = TypeVar("T")


class RemoteShell:
    """Runs commands in the repo of one child: one at a time, of all threads that talk to it, and sends them ahead."""

    def __init__(self, place: ChildPlace) -> None:
        self._place = place
        self.raw = os.fsencode(place.path)
        self.at = place.runner.name
        self.where = f"{self.at}:{place.path}"
        self._lock = threading.RLock()
        self._talk: tuple[Conversation, PlaceScripts] | None = None
        self._depth = 0
        self._once = 0
        self._known: dict[Hashable, Future[Any]] = {}  # what was asked, if it is asked once

    @contextmanager
    def talking(self, *, once: bool = False) -> Iterator[None]:
        """Keep the shell for the block. What is read in it is another machine's word: if the code that reads what git
        prints trips over it, that is an error of the machine, and never one of ours. Raises WorkspaceError then."""
        with self._lock:
            self._depth += 1
            self._once += once
        try:
            yield
        except (ValueError, LookupError, ArithmeticError) as error:
            raise WorkspaceError(
                f"git in {self.where} says what orch does not understand ({type(error).__name__})",
                "run `git status` there",
            ) from error
        finally:
            with self._lock:
                self._depth -= 1
                self._once -= once
                if not self._once:
                    self._known.clear()
                if not self._depth:
                    self._hang_up()

    def recalled(self, question: Hashable, ask: Callable[[], T]) -> T:
        """Ask something, unless it was asked before and is to be asked once."""
        with self._lock:
            if not self._once:
                known, asked = None, False
            else:
                asked = question in self._known
                known = self._known.setdefault(question, Future[Any]())
        if known is None:
            return ask()
        if not asked:
            try:
                known.set_result(ask())
            except BaseException as error:
                known.set_exception(error)
        found: T = known.result()
        return found

    def git(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        *,
        stdin: bytes,
        index: str | None,
        seconds: float,
        limit: int,
        partial: bool,
    ) -> GitOutput:
        """Run git there, for `seconds` at most; then raise WorkspaceError, or with `partial` return what it printed."""
        text = git_step(words, environ, given=len(stdin), index=index, seconds=seconds, root=self.raw)

        def ask() -> GitOutput:
            return self.answer_to(text, seconds + MARGIN, given=stdin, limit=limit)

        answer = ask() if stdin else self.recalled((text, limit), ask)
        if answer.code == TIMED_OUT:
            if not partial:
                raise WorkspaceError(
                    f"git {next(iter(words[len(SAFE) :]), '')} took longer than {seconds:g} s in {self.where}",
                    "run `git status` there",
                )
            return GitOutput(answer.code, answer.out, answer.complaint, True, f"took longer than {seconds:g} s")
        return answer

    def as_person(self, words: Sequence[str], environ: Mapping[str, str], *, seconds: float) -> ProgramOutput:
        """Run a program there with the person's own settings, for example to push."""
        cut = f"orch-{secrets.token_hex(12)}"
        quiet = {"GIT_TERMINAL_PROMPT": "0", **environ}
        text = person_step(words, quiet, seconds=seconds, cut=cut, kept=PRINTED)
        answer = self.answer_to(text, seconds + MARGIN, limit=OUTPUT_LIMIT)
        out, _, err = answer.out.rpartition(b"\n%s " % cut.encode())
        return ProgramOutput(
            answer.code,
            out[:PRINTED].decode("utf-8", "replace"),
            err.decode("utf-8", "replace"),
            answer.code == TIMED_OUT,
        )

    def run(self, command: bytes, *, limit: int = OUTPUT_LIMIT) -> GitOutput:
        """Run a command of the shell there, in which the functions of `wire.place.git` are known. Raises OrchError."""
        return self.recalled((command, limit), lambda: self.answer_to(plain_step(command), WITHIN, limit=limit))

    def over(self, command: str, paths: Iterable[bytes], *, limit: int = OUTPUT_LIMIT) -> Iterator[GitOutput]:
        """Run a command for each path, named `$f`, below the root."""
        for part in parts(list(paths)):
            yield self.run(b'cd -P -- "$root" || exit 1\n' + each(command, part), limit=limit)

    def answer_to(self, text: bytes, seconds: float, *, given: bytes = b"", limit: int) -> GitOutput:
        """Return what the shell there answers to a step, whatever that is. Raises OrchError."""
        with self.talking():
            while True:
                with self._lock:
                    talk, script = self._talk = self._talk or self.call()
                answer = talk.tell(text, seconds, given=given, limit=limit)
                step = read_step(answer.last, script.tag)
                if step is not None:
                    return GitOutput(step.code, answer.out, clean(step.complaint), cut=False)
                with self._lock:
                    ours = self._talk is not None and self._talk[0] is talk
                    lost = None if answer.cut else self.lost(talk, script)
                    if ours:
                        self._hang_up()
                    if lost is None:
                        return GitOutput(-1, answer.out, "", True)
                    if ours or not self._once:
                        raise lost
                # The answer to another question broke it, and what is asked once is only read: it is asked again.

    def call(self) -> tuple[Conversation, PlaceScripts]:
        """Open a shell there, which whoever gets it ends. Raises OrchError."""
        script = self._place.script()
        talk = self._place.converse(script)
        try:
            self._place.told(talk, script, script.here())
        except BaseException:
            talk.process.end()
            raise
        return talk, script

    def _hang_up(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk[0].process.end(0.2)

    def lost(self, talk: Conversation, script: PlaceScripts) -> OrchError:
        """Return why a shell gave no answer."""
        try:
            self._place.told(talk, script, "", 0.0)
        except OrchError as error:
            return error
        return OutOfReach(f"{self.at} gives no answer", "orch tries again")


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Split what is sent into commands of a bounded length."""
    for at in range(0, len(items), CHUNK):
        yield items[at : at + CHUNK]
