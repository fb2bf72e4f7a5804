"""Files that git calls clean come back with the bytes and permissions that they had, whatever git makes of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.keep.target import concerned, rewrites, state_of
from supervisor.shell.git.keep.write import look, write_changes
from supervisor.shell.git.tree import read_now
from tests.gitrepo import commit, git
from tests.programs import require

CONTENTS = {
    "lf": b"one\ntwo\n",
    "crlf": b"one\r\ntwo\r\n",
    "mixed": b"one\r\ntwo\n",
    "lone": b"one\rtwo\r\n",
    "id": b"$Id$ one\ntwo\n",
    "out": b"one\nout: 7\n",
    "none": b"",
}
ATTRIBUTES = {
    "no": "",
    "text": "text",
    "auto": "text=auto",
    "crlf": "text eol=crlf",
    "auto-crlf": "text=auto eol=crlf",
    "lf": "eol=lf",
    "raw": "-text eol=crlf",
    "old": "crlf",
    "ident": "ident",
    "lossy": "filter=lossy",
    "wide": "text working-tree-encoding=UTF-16LE",
}
MODES = (0o644, 0o600, 0o444, 0o755, 0o640, 0o2755, 0o664)


def files(repo: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(repo)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in sorted(repo.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repo).parts
    }


def undone(repo: Path, trees: KeptTrees, before: str) -> None:
    """Take back what was done to the files since `before`, as an undo does: of clean ones, only those concerned are
    looked at."""
    then, after = state_of(repo, before), state_of(repo, trees.keep(trees.read(), "after").commit)
    now = trees.keep(read_now(repo), "now", among=concerned(repo, after, then)).commit
    changes = rewrites(repo, state_of(repo, now), then)
    write_changes(repo, changes, look(repo, changes))


@pytest.mark.parametrize("automatic", ["false", "input", "true"])
def test_whatever_git_makes_of_clean_files_they_come_back_byte_for_byte(repo: Path, automatic: str) -> None:
    git(repo, "config", "--global", "filter.lossy.clean", "grep -v ^out")
    git(repo, "config", "core.autocrlf", automatic)
    lines = [f"*.{name} {said}\n" for name, said in ATTRIBUTES.items() if said]
    (repo / ".gitattributes").write_text("".join(lines), encoding="utf-8")
    for kind in ATTRIBUTES:
        for number, (name, content) in enumerate(CONTENTS.items()):
            path = repo / f"{name}.{kind}"
            path.write_bytes(content.decode().encode("utf-16-le") if kind == "wide" else content)
            path.chmod(MODES[number])
    commit(repo)
    assert git(repo, "status", "--porcelain") == ""
    was = files(repo)
    trees = KeptTrees(repo, ref_of("w", "api"))
    before = trees.keep(trees.read(), "before").commit
    assert trees.keep(trees.read(), "before").commit == before

    for path in [repo / name for name in was if name != ".gitattributes"]:
        path.unlink()
    undone(repo, trees, before)

    assert files(repo) == was
    for path in repo.glob("*.crlf"):  # git records the same of it
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        path.chmod(0o600)
    undone(repo, trees, before)
    assert files(repo) == was


def test_a_clean_file_of_git_lfs_comes_back_from_its_own_store(repo: Path) -> None:
    require("git-lfs")
    git(repo, "lfs", "install", "--skip-repo")
    (repo / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n", encoding="utf-8")
    (repo / "a.bin").write_bytes(b"\0large" * 999)
    (repo / "b.bin").write_bytes(b"\0other" * 999)
    commit(repo)
    was = files(repo)
    trees = KeptTrees(repo, ref_of("w", "api"))
    before = trees.keep(trees.read(), "before").commit
    assert git(repo, "ls-tree", "--name-only", before).split() == ["modes", "work"]
    (repo / "a.bin").unlink()
    (repo / "b.bin").write_bytes(b"\0changed" * 999)
    undone(repo, trees, before)
    assert files(repo) == was


def test_where_git_records_no_x_bit_it_is_kept_all_the_same(repo: Path) -> None:
    git(repo, "config", "core.fileMode", "false")
    (repo / "a").chmod(0o755)
    was = files(repo)
    trees = KeptTrees(repo, ref_of("w", "api"))
    before = trees.keep(trees.read(), "before").commit
    (repo / "a").unlink()
    undone(repo, trees, before)
    assert files(repo) == was


def test_permissions_are_those_of_the_file_and_not_of_who_writes_it(repo: Path) -> None:
    trees = KeptTrees(repo, ref_of("w", "api"))
    (repo / "b").chmod(0o664)
    was = files(repo)
    before = trees.keep(trees.read(), "before").commit
    (repo / "a").unlink()
    (repo / "b").write_text("changed\n", encoding="utf-8")
    (repo / "b").chmod(0o600)
    mask = os.umask(0o077)
    try:
        undone(repo, KeptTrees(repo, ref_of("w", "api")), before)
    finally:
        os.umask(mask)
    assert files(repo) == was
