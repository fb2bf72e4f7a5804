"""Keep a work tree: make a commit of HEAD's tree and of what differs from it. The cost grows with what changed.

`git fast-import` writes it in one step: no index is needed, and none of the user's is touched.
"""

from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.clean import Beside, CleanFiles
from supervisor.shell.git.keep.conversion import Conversion, conversions
from supervisor.shell.git.keep.files import EXACT_LIMIT, files_of, usual_modes
from supervisor.shell.git.keep.form import MODES, RAW, STAGED, WORK, KeptTree, TreeState, quoted
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.reach.files import Stamp
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere, raw_root
from supervisor.shell.git.run import failed
from supervisor.shell.git.tree import TreeNow, read_now

SECONDS = 600.0
"""For one call that reads files: 10 GB take about a minute."""

_SETTINGS = ("core.logAllRefUpdates=false", "core.bigFileThreshold=4m", "core.safecrlf=false", "gc.auto=0")
"""No reflog of our refs, and no large file in memory."""

_RAW_BYTES = ("--no-filters",)
_FAILING = 200  # files that a filter may fail on

_USUAL = (0o644, 0o755, 0o664, 0o775)
"""Permissions that a checkout gives to files on another machine: those of git, with the usual umasks."""


class TreeEntry(Struct, frozen=True):
    """What is at a path."""

    mode: str  # as git writes it: 100644, 100755, 120000 or 160000
    oid: str  # as git records the content
    exact: str = ""  # the id of the exact bytes, if git records others


class KeptTrees:
    """Keeps the work tree of one repo, time and again. What it has read once, it does not read again."""

    def __init__(self, root: Path, ref: str, *, only: bool = False) -> None:
        self._root = root
        self._files = files_of(root)
        self._clean = None if isinstance(root, PathThere) else CleanFiles(root, ref)
        self._looked: tuple[TreeNow, Future[Beside]] | None = None  # at the clean files, for a work tree just read
        self._ref = ref
        self._only = only  # the ref leads to the last one only
        self._known: dict[bytes, tuple[Stamp, TreeEntry]] = {}
        self._base: tuple[str, str] = ("", "")  # a commit, and its tree
        self._last: tuple[bytes, KeptTree] | None = None  # what was kept last, and a digest of it
        self._tip: str | None = None  # the commit that the ref leads to; "": none; None: not known
        self._hidden: tuple[Stamp | None, tuple[tuple[bytes, bool], ...]] = (None, ())  # by the stamp of the index

    def read(self) -> TreeNow:
        """Read the work tree. Its clean files are looked at meanwhile, so `keep` need not wait for that.

        Raises WorkspaceError when git fails.
        """
        if self._clean is None:
            return read_now(self._root)
        self._looked = self._clean.read()
        return self._looked[0]

    def keep(self, now: TreeNow, title: str, *, among: Collection[bytes] | None = None) -> KeptTree:
        """Keep a work tree that was just read. If nothing changed since the last time, nothing is written.

        Of the files that git calls clean, only those `among` these paths are looked at (None: all). Raises
        WorkspaceError when git fails or cannot list all that changed.
        """
        if now.cut:
            raise WorkspaceError(
                f"git lists too many changed files in {self._root}", "add build products to .gitignore"
            )
        left_out: list[str] = []
        stamps, entries, gone = self._look(now, left_out)
        entries |= self._contents({path: stamp for path, stamp in stamps.items() if path not in entries}, left_out)
        head = now.repos[0].head
        staged = self._files.staged() if any(one.staged for one in now.dirty.values()) else ""
        differing = {*entries, *gone}
        clean = self._of_clean(now, None if among is None else [path for path in among if path not in differing])
        exact = {path: one for path, one in clean.exact.items() if path not in differing}
        exact |= {path: one.exact for path, one in entries.items() if one.exact}
        modes = {path: mode for path, mode in clean.permissions.items() if path not in differing} | self._modes(stamps)
        usual = 0 if self._clean is None else usual_modes()[0]
        lines = [*self._changes(head, entries, gone), *_beside(exact, modes, usual, staged)]
        digest = hashlib.sha256(b"\n".join([(head or "").encode(), *lines])).digest()
        if self._last is None or self._last[0] != digest:
            ((commit, tree),) = self._commits([(lines, title)])
            state = TreeState(tree or empty_tree(self._root), exact, modes, usual)
            self._last = (digest, KeptTree(commit, state, tuple(left_out)))
        return self._last[1]

    def record(self, *states: tuple[TreeState, str]) -> list[str]:
        """Keep states that the work tree had or is about to have, each with a title, and return the ids of the commits.
        Raises WorkspaceError."""
        self._last = None
        return [commit for commit, _ in self._commits([(_lines(state), title) for state, title in states])]

    def _of_clean(self, now: TreeNow, among: Collection[bytes] | None) -> Beside:
        looked, self._looked = self._looked, None
        if self._clean is None:
            return Beside()
        if among is not None:
            return self._clean.some(among)
        return looked[1].result() if looked is not None and looked[0] is now else self._clean.every()

    def _modes(self, stamps: Mapping[bytes, Stamp]) -> dict[bytes, int]:
        """The permissions of these files that git's tree does not hold."""
        usual = _USUAL if self._clean is None else usual_modes()
        modes = {path: stat.S_IMODE(stamp.mode) for path, stamp in stamps.items() if stat.S_ISREG(stamp.mode)}
        return {path: mode for path, mode in modes.items() if mode not in usual}

    def _look(
        self, now: TreeNow, left_out: list[str]
    ) -> tuple[dict[bytes, Stamp], dict[bytes, TreeEntry], list[bytes]]:
        """Look at each path that differs from HEAD: files with their stamps, what is known of them, what is gone."""
        start = len(raw_root(self._root)) + 1
        inside = {one.raw: one for one in now.repos[1:]}
        within = tuple(raw + b"/" for raw in inside)
        hidden = dict(self._hidden_paths())
        differing = {dirty.file[start:]: dirty.state for dirty in now.dirty.values()}
        found = self._files.stamps(dict.fromkeys([*differing, *hidden]))
        stamps: dict[bytes, Stamp] = {}
        entries: dict[bytes, TreeEntry] = {}
        gone: list[bytes] = []
        for path, state in differing.items():
            stamp = found[path]
            if path.startswith(within) and path not in within:
                continue
            if path.endswith(b"/") or (path in inside and not state):
                left_out.append(f"{shown(path.rstrip(b'/'))}: a repo of its own")
            elif state:
                repo = inside.get(path)
                if repo is not None and repo.head is not None:
                    entries[path] = TreeEntry("160000", repo.head)
                elif stamp is None:
                    gone.append(path)
            elif stamp is None or stat.S_ISDIR(stamp.mode):  # what is in a folder has paths of its own
                gone.append(path)
            elif stat.S_ISREG(stamp.mode) or stat.S_ISLNK(stamp.mode):
                stamps[path] = stamp
            else:
                left_out.append(f"{shown(path)}: no file and no link")
        for path, sparse in hidden.items():
            stamp = found[path]
            if stamp is None and not sparse:
                gone.append(path)
            elif stamp is not None and (stat.S_ISREG(stamp.mode) or stat.S_ISLNK(stamp.mode)):
                stamps[path] = stamp
        self._known = {path: one for path, one in self._known.items() if stamps.get(path) == one[0]}
        return stamps, entries | {path: one[1] for path, one in self._known.items()}, gone

    def _hidden_paths(self) -> tuple[tuple[bytes, bool], ...]:
        """The files that git does not look at, read anew when the index changed."""
        now = self._files.index()
        if now is not None and now != self._hidden[0]:
            self._hidden = (now, self._files.hidden())
        return () if now is None else self._hidden[1]

    def _contents(self, wanted: Mapping[bytes, Stamp], left_out: list[str]) -> dict[bytes, TreeEntry]:
        """Write the contents of files and links into the repo, and return their entries."""
        entries: dict[bytes, TreeEntry] = {}
        links = [path for path, stamp in wanted.items() if stat.S_ISLNK(stamp.mode)]
        targets = self._files.targets(links)
        for path, target in targets.items():
            entries[path] = TreeEntry("120000", self._hash("--stdin", stdin=target)[0])
        left_out += [f"{shown(path)}: it cannot be read" for path in links if path not in targets]
        files = [path for path, stamp in wanted.items() if not stat.S_ISLNK(stamp.mode)]
        unreadable = self._files.unreadable(files)
        left_out += [f"{shown(path)}: {reason}" for path, reason in unreadable.items()]
        files = [path for path in files if path not in unreadable]
        oids = self._filtered(files, left_out)
        files = [path for path in files if path in oids]
        small = {path: oids[path] for path in files if wanted[path].size <= EXACT_LIMIT}
        converted = conversions(self._root, list(small))
        differing = set(self._files.differing(small))
        # Of one that a checkout converts, these may be the bytes that git recorded, and not those that it would write.
        inward = (None, Conversion.INWARD)
        others = [path for path in small if path in differing or converted.get(path) not in inward]
        exact = dict(zip(others, self._hash_files(others, *_RAW_BYTES), strict=True))
        for path in files:
            mode = "100755" if wanted[path].mode & stat.S_IXUSR else "100644"
            entries[path] = TreeEntry(mode, oids[path], exact.get(path, ""))
        now = self._files.stamps(entries)
        for path, entry in entries.items():
            if now[path] == wanted[path]:  # else it changed while we read it
                self._known[path] = (wanted[path], entry)
        return entries

    def _filtered(self, files: Sequence[bytes], left_out: list[str]) -> dict[bytes, str]:
        """Write files as git records them, without those of which a filter fails. Raises WorkspaceError."""
        found: dict[bytes, str] = {}
        at = 0
        while at < len(files):
            answer = self._hash_object(files[at:])
            made = answer.out.decode("ascii").split()
            found |= dict(zip(files[at:], made, strict=False))
            at += len(made)
            if answer.code == 0 and not answer.cut:
                break
            if (
                at == len(files)
                or len(left_out) >= _FAILING
                or self._hash_object(files[at : at + 1], *_RAW_BYTES).code != 0
            ):
                raise failed(self._root, "read the changed files", answer)
            left_out.append(f"{shown(files[at])}: git cannot record it ({answer.complaint})")
            at += 1
        return found

    def _hash_object(self, files: Sequence[bytes], *options: str) -> GitOutput:
        names = b"".join(quoted(path) + b"\n" for path in files)
        words = ("hash-object", "-w", "--stdin-paths", *options)
        return read_git(self._root, *words, seconds=SECONDS, settings=_SETTINGS, stdin=names)

    def _hash_files(self, paths: Sequence[bytes], *options: str) -> list[str]:
        if not paths:
            return []
        return self._made(self._hash_object(paths, *options))

    def _hash(self, *options: str, stdin: bytes) -> list[str]:
        words = ("hash-object", "-w", *options)
        return self._made(read_git(self._root, *words, seconds=SECONDS, settings=_SETTINGS, stdin=stdin))

    def _made(self, answer: GitOutput) -> list[str]:
        if answer.code != 0 or answer.cut:
            raise failed(self._root, "read the changed files", answer)
        return answer.out.decode("ascii").split()

    def _changes(self, head: str | None, entries: Mapping[bytes, TreeEntry], gone: Sequence[bytes]) -> Iterator[bytes]:
        if head is not None:
            yield f"M 040000 {self._tree_of(head)} {WORK}".encode()
        for path in sorted(gone):
            yield b"D " + _place(WORK, path)
        for path, entry in sorted(entries.items()):
            yield f"M {entry.mode} {entry.oid} ".encode() + _place(WORK, path)

    def _tree_of(self, head: str) -> str:
        if self._base[0] != head:
            answer = read_git(self._root, "rev-parse", "--verify", f"{head}^{{tree}}")
            if answer.code != 0:
                raise failed(self._root, "read the tree of HEAD", answer)
            self._base = (head, answer.out.decode("ascii").strip())
        return self._base[1]

    def _commits(self, wanted: Sequence[tuple[Sequence[bytes], str]]) -> list[tuple[str, str]]:
        """Make a commit of each of these, and return its id and that of the work tree in it ("": without files)."""
        if self._tip is None:
            self._tip = "" if self._only else self._found_tip()
        now, tip, stream = int(time.time()), self._tip, bytearray()
        for number, (lines, title) in enumerate(wanted):
            kept, held = 2 * number + 1, 2 * number + 2
            head = f"commit {self._ref}\nmark :%d\ncommitter orch <orch@localhost> {now} +0000\n"
            head += f"data {len(title.encode())}\n{title}\n"
            # The kept commit has no parent, so `prune` can let go of any. A second one, without files, holds it.
            stream += f"reset {self._ref}\n\n{head % kept}".encode() + b"".join(line + b"\n" for line in lines) + b"\n"
            if not self._only:
                stream += f"{head % held}from {tip or f':{kept}'}\n".encode()
                stream += (f"merge :{kept}\n" if tip else "").encode() + b"deleteall\n\n"
                tip = f":{held}"
            stream += f'get-mark :{kept}\nls :{kept} "{WORK}"\n'.encode()
        stream += f"get-mark {tip}\ndone\n".encode() if not self._only else b"done\n"
        options = ("--quiet", "--done", *(["--force"] if self._only else []))
        answer = read_git(self._root, "fast-import", *options, seconds=SECONDS, settings=_SETTINGS, stdin=bytes(stream))
        if answer.code != 0 or answer.cut:
            self._tip = None  # somebody else may have changed the ref
            raise failed(self._root, "keep the work tree", answer)
        rows = answer.out.decode("ascii").splitlines()
        if not self._only:
            self._tip = rows.pop()
        trees = [row.split()[2] if row.startswith("040000 ") else "" for row in rows[1::2]]
        return list(zip(rows[0::2], trees, strict=True))

    def _found_tip(self) -> str:
        answer = read_git(self._root, "rev-parse", "--verify", "--quiet", f"{self._ref}^{{commit}}")
        return answer.out.decode("ascii").strip()


def _lines(state: TreeState) -> list[bytes]:
    return [f"M 040000 {state.tree} {WORK}".encode(), *_beside(state.exact, state.permissions, state.usual, "")]


def _beside(exact: Mapping[bytes, str], modes: Mapping[bytes, int], usual: int, staged: str) -> Iterator[bytes]:
    """What git's tree does not hold: exact bytes, permissions, and what was staged."""
    for path, oid in sorted(exact.items()):
        yield f"M 100644 {oid} ".encode() + _place(RAW, path)
    odd = b"".join(
        b"%o %s\0" % (mode, path) for path, mode in sorted({**modes, **({b"": usual} if usual else {})}.items())
    )
    if odd:
        yield b"M 100644 inline %s\ndata %d\n%s" % (MODES.encode(), len(odd), odd)
    if staged:
        yield f"M 040000 {staged} {STAGED}".encode()


def _place(folder: str, path: bytes) -> bytes:
    return quoted(folder.encode() + b"/" + path)
