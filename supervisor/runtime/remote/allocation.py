"""The place that a runner gets for a child before it leads there, such as a job of Slurm. Its name is kept on disk."""

from __future__ import annotations

import os
from contextlib import suppress
from time import monotonic, sleep

from supervisor.domain.child import PLACE, Runner
from supervisor.errors import NotReady, PlaceGone
from supervisor.regex import regex
from supervisor.runtime.codex.checks import Output
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths, make_inside
from supervisor.shell.atomic import write_atomic
from supervisor.shell.process import marked
from supervisor.shell.process.run import LOOK, run_marked

PRINTED = 16 << 10  # bytes of the output of a command that are kept
GIVES_BACK_WITHIN = 30.0  # seconds for `after`
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,200}")


class Allocation:
    """The place of one child. Its methods block."""

    def __init__(self, workspace: WorkspacePaths, child: str, runner: Runner, lender: str = "") -> None:
        """`lender`: whose place it is, if that has one now. It is never given back then."""
        self._workspace, self._child, self._runner = workspace, child, runner
        self._file = workspace.state / "places" / child
        self._lent = bool(lender) and self._file.with_name(lender).exists()
        if self._lent:
            self._file = self._file.with_name(lender)
        self._asked = self._file.with_name(f".{child}.asked")  # what `before` prints, until the place is recorded
        self._mark = f"{workspace.mark(child)}.place"

    @property
    def connect(self) -> tuple[str, ...]:
        """The words that lead there. Raises PlaceGone if there is no place."""
        if not self._runner.before:
            return self._runner.connect
        return self._filled(self._runner.connect)

    def obtain(self, seconds: float) -> bool:
        """Get a place, unless there is one; return whether it is new. Raises NotReady."""
        if not self._runner.before or self._name() is not None or self._finish_asking(seconds):
            return False
        make_inside(self._file.parent)
        # Into a file: if we are killed, the command goes on, and the place that it gets is not lost.
        to_file = ("/bin/sh", "-c", 'exec "$@" > "$0" 2>&1', str(self._asked), *self._runner.before)
        code, _ = self._run(to_file, seconds)
        said = self._said()
        if code != 0 or not self._take(said):
            self._asked.unlink(missing_ok=True)
            ended = "took too long" if code is None else f"ended with {code}"
            raise NotReady(
                f"`{self._runner.before[0]}` got no place for {self._child}: it {ended}: {_last(said)}",
                "correct `before` of the runner",
            )
        return True

    def forget(self) -> None:
        """Forget a place that is gone, so that the next try gets another one."""
        if self._lent:
            return
        for file in (self._asked, self._file):
            file.unlink(missing_ok=True)

    def give_back(self) -> None:
        """Give the place back, if there is one. Raises NotReady if that fails, and then it is kept for another try."""
        if self._lent or (self._name() is None and not self._finish_asking(GIVES_BACK_WITHIN)):
            return
        if self._runner.after:
            words = self._filled(self._runner.after)
            code, said = self._run(words, GIVES_BACK_WITHIN)
            if code != 0:
                raise NotReady(
                    f"the place of {self._child} was not given back: `{' '.join(words)}` says {_last(said)}",
                    "do that by hand",
                )
        self.forget()

    def _finish_asking(self, seconds: float) -> bool:
        """Take the place for which somebody asked who was killed meanwhile; whether there is one. Raises NotReady."""
        if not self._asked.exists():
            return False
        until = monotonic() + seconds
        while marked(self._mark):
            if monotonic() >= until:
                raise NotReady(f"`{self._runner.before[0]}` still asks for a place for {self._child}", "try again")
            sleep(LOOK)
        found = self._take(self._said())
        self._asked.unlink(missing_ok=True)
        return found

    def _take(self, said: str) -> bool:
        """Record the place that a command named with its last word; whether it named one."""
        name = said.split()[-1] if said.split() else ""
        if not _NAME.fullmatch(name):
            return False
        write_atomic(self._file, name)
        self._asked.unlink(missing_ok=True)
        return True

    def _said(self) -> str:
        with suppress(OSError), self._asked.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - PRINTED))
            return file.read().decode("utf-8", "replace")
        return ""

    def _filled(self, words: tuple[str, ...]) -> tuple[str, ...]:
        name = self._name()
        if name is None:
            raise PlaceGone(f"{self._child} has no place at {self._runner.name}", "`orch up` gets one")
        return tuple(word.replace(PLACE, name) for word in words)

    def _name(self) -> str | None:
        try:
            name = self._file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if _NAME.fullmatch(name) else None

    def _run(self, words: tuple[str, ...], seconds: float) -> tuple[int | None, str]:
        printed = Output(PRINTED)
        code = run_marked(
            words,
            cwd=self._workspace.root,
            env=os.environ,
            mark=self._mark,
            seconds=seconds,
            take=printed.add,
        )
        return code, printed.text()


def _last(said: str) -> str:
    lines = [one.strip() for one in said.splitlines() if one.strip()]
    return clean(lines[-1][:200]) if lines else "nothing"
