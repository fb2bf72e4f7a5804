"""The files of a work tree on another machine: many are looked at with one command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.runtime.remote.shell import GIT, RemoteShell, parts
from supervisor.shell.git.keep.files import HIDDEN, HIDDEN_LIMIT
from supervisor.shell.git.reach.files import Stamp
from supervisor.wire.place.git import STAMP, quoted

_STAT = regex(rb"([0-9a-f]{1,8}) ([0-9]{1,18}) [^|]*")


class RemoteFiles:
    """The files of a work tree there (`shell.git.reach.files`)."""

    def __init__(self, shell: RemoteShell) -> None:
        self._shell = shell

    def stamps(self, paths: Iterable[bytes]) -> dict[bytes, Stamp | None]:
        found: dict[bytes, Stamp | None] = dict.fromkeys(paths)
        plain = [path for path in found if b"\n" not in path]
        with self._shell.talking():
            for part in parts(plain):
                # A name may begin with "-", and `--` ends the options; `./` is taken off again.
                names = b" ".join(quoted(b"./" + path) for path in part)
                command = b'cd -P -- "$root" || exit 1\nstat -c %s -- %s 2> /dev/null; true'
                answer = self._shell.run(command % (quoted(f"{STAMP}|%n".encode()), names))
                for line in answer.out.split(b"\n"):
                    text, _, name = line.partition(b"|")
                    if name.removeprefix(b"./") in found:
                        found[name.removeprefix(b"./")] = _stamp(text)
            for path in [path for path in found if b"\n" in path]:
                for answer in self._shell.over('look "./$f"', [path]):
                    found[path] = _stamp(answer.out.rstrip(b"\n"))
        return found

    def targets(self, links: Iterable[bytes]) -> dict[bytes, bytes]:
        found = {}
        with self._shell.talking():
            for path in links:
                for answer in self._shell.over('readlink -n -- "./$f"', [path]):
                    if answer.code == 0:
                        found[path] = answer.out
        return found

    def unreadable(self, files: Iterable[bytes]) -> dict[bytes, str]:
        wanted = list(files)
        answers = self._shell.over('if [ -r "./$f" ]; then echo y; else echo n; fi', wanted)
        marks = b"".join(one.out for one in answers).split()
        if len(marks) != len(wanted):
            raise WorkspaceError(f"{self._shell.at} says what orch does not understand", "see `orch logs`")
        return {path: "it cannot be read" for path, mark in zip(wanted, marks, strict=True) if mark != b"y"}

    def differing(self, recorded: Mapping[bytes, str]) -> list[bytes]:
        answers = self._shell.over('git hash-object --no-filters -- "./$f"', recorded)
        ids = b"".join(one.out for one in answers).split()
        if len(ids) != len(recorded):
            return []  # one is gone meanwhile: the next time tells
        return [path for (path, oid), now in zip(recorded.items(), ids, strict=True) if oid.encode() != now]

    def index(self) -> Stamp | None:
        return _stamp(self._shell.run(b'look "$gitdir/index"').out.rstrip(b"\n"))

    def hidden(self) -> tuple[tuple[bytes, bool], ...]:
        answer = self._shell.run(
            GIT + b"ls-files -v -z | tr '\\n\\000' '\\001\\n' | LC_ALL=C grep -a '^[a-zS] '"
            b" | head -n %d | tr '\\n\\001' '\\000\\n'" % HIDDEN_LIMIT
        )
        return tuple((path, mark in b"Ss") for mark, path in HIDDEN.findall(answer.out))

    def staged(self) -> str:
        answer = self._shell.run(
            b'made=$(mktemp -d "$gitdir/orch-XXXXXX") || exit 1\n'
            b'cp -p "$gitdir/index" "$made/index" && GIT_INDEX_FILE=$made/index ' + GIT + b"write-tree\n"
            b'code=$?; rm -rf "$made"; exit $code'
        )
        return answer.out.decode("ascii", "replace").strip() if answer.code == 0 else ""

    def below(self, folder: bytes) -> list[bytes]:
        found = b"".join(one.out for one in self._shell.over('find "./$f" ! -type d -print0', [folder]))
        return [path.removeprefix(b"./") for path in found.split(b"\0") if path]


def _stamp(text: bytes) -> Stamp | None:
    found = _STAT.fullmatch(text)
    return Stamp(int(found[1], 16), int(found[2]), text.decode("ascii", "replace")) if found else None
