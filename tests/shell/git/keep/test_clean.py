"""Files that git calls clean come back with the bytes and permissions that they had, whatever git makes of them."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from random import Random

import pytest

from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.clean import Beside, CleanFiles
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


def beside(clean: CleanFiles) -> Beside:
    """What a look finds that uses what is known of the last ones."""
    return clean.read()[1].result()


def of_others(found: Beside, dirty: set[bytes]) -> tuple[dict[bytes, str], dict[bytes, int]]:
    """What was found of all files but the dirty ones."""
    exact = {path: oid for path, oid in found.exact.items() if path not in dirty}
    return exact, {path: mode for path, mode in found.permissions.items() if path not in dirty}


ACTS = ("chmod", "chmod", "chmod", "same", "edit", "restore", "stage", "commit", "rules", "remove", "lock", "unlock")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_between_two_looks_the_next_one_finds_what_a_look_at_all_files_finds(
    repo: Path, seed: int
) -> None:
    dice = Random(seed)
    names = ["a", "b", "deep/er/c", "deep/d"]
    (repo / "deep/er").mkdir(parents=True)
    for name in names:
        (repo / name).write_bytes(b"one\r\ntwo\n")
    commit(repo)
    clean = CleanFiles(repo, "tested")
    for number in range(30):
        act, file = dice.choice(ACTS), repo / dice.choice(names)
        if act == "stage":
            git(repo, "add", "-A")
        elif act == "commit":
            commit(repo)
        elif act == "rules":
            folder = repo / dice.choice(("", "deep", "deep/er"))
            (folder / ".gitattributes").write_text(f"* {dice.choice(list(ATTRIBUTES.values())[:-2])}\n", "utf-8")
        elif act in ("lock", "unlock"):  # git then cannot note what it sees
            for copy in (repo / ".git/orch-runs").glob("*.?*[0-9]"):
                lock = copy.with_name(f"{copy.name}.lock")
                lock.touch() if act == "lock" else lock.unlink(missing_ok=True)
        elif act == "restore" or not file.exists():
            file.write_bytes(b"one\r\ntwo\n")
        elif act == "chmod":
            file.chmod(dice.choice((0o600, 0o644, 0o444, 0o640)))
        elif act == "same":
            file.write_bytes(file.read_bytes())
        elif act == "edit":
            file.write_bytes(b"%d\r\n" % number)
        else:
            file.unlink()
        now, found = clean.read()
        dirty = {os.fsencode(os.path.relpath(os.fsdecode(one.file), repo)) for one in now.dirty.values()}
        assert of_others(found.result(), dirty) == of_others(CleanFiles(repo, "anew").every(), dirty), (number, act)


def test_files_that_nobody_touched_are_not_looked_at_again(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = CleanFiles(repo, "tested")
    seen: list[bytes] = []
    look = os.lstat

    def noticed(path: bytes | Path) -> os.stat_result:
        if isinstance(path, bytes):
            seen.append(os.path.basename(path))
        return look(path)

    monkeypatch.setattr("supervisor.shell.git.keep.clean.os.lstat", noticed)
    until = time.monotonic() + 30
    while time.monotonic() < until:  # those touched in the second of a look are looked at in the next one
        seen.clear()
        assert beside(clean) == Beside()
        if not seen:
            break
    assert seen == []
    (repo / "b").chmod(0o600)
    assert (beside(clean), sorted(seen)) == (Beside({}, {b"b": 0o600}), [b"a", b"b"])


def test_no_index_of_ours_is_used_where_git_does_not_go_by_the_times_of_files_or_nothing_can_be_written(
    repo: Path,
) -> None:
    git(repo, "config", "core.trustctime", "false")
    clean = CleanFiles(repo, "tested")
    assert (beside(clean), (repo / ".git/orch-runs").exists()) == (Beside(), False)
    git(repo, "config", "--unset", "core.trustctime")
    (repo / ".git/orch-runs").write_text("in the way\n", encoding="utf-8")
    assert beside(clean) == Beside()
    (repo / "a").chmod(0o600)
    assert beside(clean) == Beside({}, {b"a": 0o600})
