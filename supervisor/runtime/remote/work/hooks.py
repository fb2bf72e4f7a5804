"""The hooks of commits of a repo on another machine. They run there, in a repo that is thrown away."""

from __future__ import annotations

import os
from collections.abc import Iterator

from supervisor.errors import RequestRefused, WorkspaceError
from supervisor.runtime.boundary.codex_config import LARGEST, roots_in
from supervisor.runtime.remote.shell import MARGIN, TIMED_OUT, RemoteShell
from supervisor.runtime.secrets import clean
from supervisor.shell.git.land.build import READ_LIMIT
from supervisor.shell.git.land.checkout import APART, CHECKOUT
from supervisor.shell.git.land.hooks import PACK_LIMIT
from supervisor.shell.git.reach.hooks import HookRun, Writable, cleaned
from supervisor.shell.git.run import OUTPUT_LIMIT, SAFE
from supervisor.wire.place.git import plain_step
from supervisor.wire.place.hooks import (
    begin_command,
    clear_command,
    configs_command,
    hook_step,
    make_command,
    message_command,
    tree_command,
)

PRINTED = 1 << 20  # bytes that are kept of what a hook prints
_SETTINGS = (*SAFE, *(word for one in APART for word in ("-c", one)))


class RemoteHookRepo:
    """A repo there in which hooks run (`shell.git.reach.hooks`)."""

    def __init__(self, shell: RemoteShell, writable: Writable, seconds: float) -> None:
        """Make it. Raises RequestRefused if it would lie where a sandbox there may write, and OrchError."""
        self._shell, self._seconds = shell, seconds
        folders = (*writable.folders, *self._named(writable))
        place = self._ask("make a repo for the hooks", make_command(SAFE, folders, shared=writable.temporary))
        if place:
            self.close()
            raise RequestRefused(
                f"the hooks of {shell.where} would run in {clean(os.fsdecode(place))}, where a child may write",
                "set `HOME` in `env` of the runner to another folder, or land with --no-verify to run no hook",
            )

    def begin(self, tree: str, parent: str | None, branch: str) -> None:
        ref = f"refs/heads/{branch or 'none'}"
        command = begin_command(_SETTINGS, tree, ref, parent, on_it=bool(branch), seconds=CHECKOUT)
        self._ask("prepare the hooks", command, CHECKOUT)

    def hook(self, name: str, *arguments: str) -> HookRun:
        step = hook_step(name, arguments, seconds=self._seconds, kept=PRINTED)
        answer = self._shell.answer_to(step, self._seconds + MARGIN, limit=OUTPUT_LIMIT)
        code = None if answer.code == TIMED_OUT or answer.cut else answer.code
        return HookRun(code, answer.out.decode("utf-8", "replace"))

    def message(self, message: bytes | None = None) -> bytes:
        return cleaned(self._ask("read the message that the hooks left", message_command(message, READ_LIMIT)))

    def tree(self, before: str) -> str:
        found = self._ask("take what the hooks left", tree_command(SAFE, before, PACK_LIMIT), CHECKOUT)
        tree = found.decode("ascii", "replace").strip()
        if len(tree) != len(before) or set(tree) - set("0123456789abcdef"):
            raise self._failed("read what the hooks left", "git names no tree")
        return tree

    def close(self) -> None:
        self._ask("remove the repo of the hooks", clear_command())

    def _named(self, writable: Writable) -> Iterator[str]:
        """Yield the folders that Codex configs there name."""
        found = self._ask("read the Codex config", configs_command(writable.configs, LARGEST))
        home, own, *texts = found.split(b"\0")
        places = [own, *(os.fsencode(os.path.dirname(one)) for one in writable.configs)]
        for place, text in zip(places, texts, strict=False):
            if place is own and not writable.own_config:
                continue
            for root in roots_in(text):
                whole = os.fsdecode(home) + root[1:] if root == "~" or root.startswith("~/") else root
                yield os.path.join(os.fsdecode(place), whole)

    def _ask(self, what: str, command: bytes, seconds: float = 60.0) -> bytes:
        answer = self._shell.answer_to(plain_step(command), seconds + MARGIN, limit=OUTPUT_LIMIT)
        if answer.code != 0:
            raise self._failed(what, answer.complaint or f"exit code {answer.code}")
        return answer.out

    def _failed(self, what: str, why: str) -> WorkspaceError:
        return WorkspaceError(f"git cannot {what} in {self._shell.where}: {why}", "run `git status` there")
