"""Write changes into a work tree on another machine: first into a folder beside it, then each file in its place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.runtime.remote.shell import GIT, RemoteShell, parts
from supervisor.shell.git.keep.write import CHECKOUT, GITLINK, LINK
from supervisor.shell.git.reach.files import ABSENT, PathChange, Stamp
from supervisor.shell.git.run import OUTPUT_LIMIT, SAFE
from supervisor.wire.place.git import quoted


class RemoteWriting:
    """Writes changes into a work tree there. Raises as `write_changes` does."""

    def __init__(self, shell: RemoteShell, stamps: Mapping[bytes, Stamp | None]) -> None:
        self._shell = shell
        self._stamps = stamps

    def write(self, changes: Sequence[PathChange]) -> None:
        """Make all new files in a folder there, then put each in its place; what is to be gone is removed first."""
        wanted = [one for one in changes if one.mode not in (ABSENT, GITLINK)]
        gone = [one for one in changes if one.mode == ABSENT and one.old_mode != GITLINK]
        made = self._shell.run(b'mktemp -d "$gitdir/orch-XXXXXX"')
        folder = made.out.rstrip(b"\n")
        if made.code or not folder.startswith(b"/") or b"/orch-" not in folder:
            raise WorkspaceError(
                f"{self._shell.where} cannot be written ({made.complaint})", "fix that, then try again"
            )
        try:
            sources = self._make(folder, wanted)
            self._carry(folder, gone, lambda one: b"drop %s %s %s" % self._place(one))
            self._carry(folder, wanted, lambda one: self._put(one, sources[one.path]))
        finally:
            self._shell.run(b"rm -rf -- " + quoted(folder))

    def _make(self, folder: bytes, wanted: Sequence[PathChange]) -> dict[bytes, bytes]:
        """Write the new files into a folder there; return where each is in it."""
        plain = [one for one in wanted if not one.exact]
        lines = b"".join(f"{one.mode} {one.oid}\t".encode() + one.path + b"\0" for one in plain)
        name = os.fsdecode(os.path.basename(folder)) + "/index"
        prefix = f"--prefix={os.fsdecode(folder)}/tree/"
        settings = [word for setting in CHECKOUT for word in ("-c", setting)]
        for words, stdin in (
            (("update-index", "-z", "--add", "--index-info"), lines),
            (("checkout-index", "--all", "--quiet", prefix), b""),
        ):
            if plain:
                answer = self._shell.git(
                    [*SAFE, *settings, *words],
                    {},
                    stdin=stdin,
                    index=name,
                    seconds=600.0,
                    limit=OUTPUT_LIMIT,
                    partial=False,
                )
                if answer.code != 0:
                    raise WorkspaceError(
                        f"git cannot write files in {self._shell.where}: {answer.complaint}", "run `git status` there"
                    )
        made = {one.path: b"tree/" + one.path for one in plain}
        for number, one in enumerate(one for one in wanted if one.exact):
            made[one.path] = b"exact-%d" % number
            file = quoted(folder + b"/" + made[one.path])
            command = GIT + b"cat-file blob %s > %s" % (quoted(one.exact.encode()), file)
            if one.mode == "100755":
                command += b" && chmod +x " + file
            answer = self._shell.run(command)
            if answer.code != 0:
                raise self._not_written(one.path, answer.complaint)
        return made

    def _carry(self, folder: bytes, changes: Sequence[PathChange], command: Callable[[PathChange], bytes]) -> None:
        for part in parts(changes):
            lines = [b"%s || { echo %d; exit 1; }" % (command(one), number) for number, one in enumerate(part)]
            answer = self._shell.run(b"\n".join([b"made=" + quoted(folder), *lines]))
            if answer.code != 0:
                number = answer.out.strip()
                path = part[min(int(number[:9]), len(part) - 1)].path if number.isdigit() else part[0].path
                raise self._not_written(path, answer.complaint)

    def _place(self, one: PathChange) -> tuple[bytes, bytes, bytes]:
        folder, _, name = one.path.rpartition(b"/")
        stamp = self._stamps[one.path]
        text = stamp.rest.encode("ascii", "replace") if stamp is not None and isinstance(stamp.rest, str) else b""
        return quoted(folder), quoted(name), quoted(text)

    def _put(self, one: PathChange, source: bytes) -> bytes:
        permissions, stamp = one.permissions, self._stamps[one.path]
        replaced = stamp.mode if stamp is not None and stat.S_ISREG(stamp.mode) else None
        if permissions is None and replaced is not None and bool(replaced & stat.S_IXUSR) == (one.mode == "100755"):
            permissions = stat.S_IMODE(replaced)
        mode = b"%o" % permissions if permissions is not None and one.mode != LINK else b""
        return b"put %s %s %s %s %s" % (*self._place(one), quoted(source), quoted(mode))

    def _not_written(self, path: bytes, why: str) -> WorkspaceError:
        return WorkspaceError(
            f"{shown(path)} in {self._shell.where} cannot be written ({why or 'no reason is given'})",
            "fix that, then try again",
        )
