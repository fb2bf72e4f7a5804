"""What other git commands print: status, refs, index, stashes, work trees, configuration."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.repo.git.parse import (
    GitIndex,
    GitStatus,
    Ref,
    parse_index,
    parse_inside,
    parse_progress,
    parse_refs,
    parse_stashes,
    parse_status,
    parse_worktrees,
    patterns_of,
    remotes_of,
    submodules_of,
)
from supervisor.domain.repo.git import (
    GitOperation,
    InProgress,
    Paths,
    Remote,
    RepoInside,
    Submodule,
    SubmoduleState,
    Upstream,
)


def test_a_status_is_parsed_into_its_parts() -> None:
    oid, other = b"1" * 40, b"2" * 40
    out = b"\0".join(
        (
            b"# branch.oid " + oid,
            b"# branch.head a/b",
            b"# branch.upstream origin/a/b",
            b"# branch.ab +3 -2",
            b"# stash 4",
            b"1 M. N... 100644 100644 100644 " + oid + b" " + other + b" staged file",
            b"1 .M N... 100644 100644 100644 " + oid + b" " + oid + b" \nodd",
            b"1 AD N... 000000 100644 000000 " + oid + b" " + other + b" both",
            b"1 .M SC.. 160000 160000 160000 " + oid + b" " + oid + b" moved",
            b"1 .D S... 160000 160000 000000 " + oid + b" " + oid + b" lost",
            b"u UU N... 100644 100644 100644 100644 " + b" ".join((oid, oid, oid)) + b" fought over",
            b"? 1 .M N... new",
            b"",
        )
    )
    assert parse_status(out) == GitStatus(
        oid=oid.decode(),
        branch="a/b",
        upstream=Upstream("origin/a/b", 3, 2),
        staged=Paths(2, ("both", "staged file")),
        unstaged=Paths(4, ("\\nodd", "both", "lost", "moved")),
        untracked=Paths(1, ("1 .M N... new",)),
        conflicted=Paths(1, ("fought over",)),
        stash_count=4,
        submodules={b"moved": SubmoduleState.CHANGED, b"lost": SubmoduleState.MISSING},
    )
    assert parse_status(b"# branch.oid (initial)\0# branch.head (detached)\0") == GitStatus()
    for stop in range(len(out)):
        assert parse_status(out[:stop]).oid in (None, oid.decode())


def test_names_of_a_status_are_bounded_and_their_number_is_not() -> None:
    status = parse_status(b"".join(b"? %03d\0" % number for number in range(300)))
    assert (status.untracked.count, len(status.untracked.names), status.untracked.names[0]) == (300, 100, "000")


def test_refs_are_parsed_with_the_commit_that_a_tag_names() -> None:
    out = b"refs/heads/a\0001\0\0\0005\0\nrefs/tags/v\0002\0003\0\0007\0\nrefs/remotes/o/HEAD\0004\0\0refs/x\0\0\n"
    assert parse_refs(out) == (
        Ref("refs/heads/a", b"1", "", 5),
        Ref("refs/tags/v", b"3", "", 7),
        Ref("refs/remotes/o/HEAD", b"4", "refs/x", 0),
    )
    assert parse_refs(b"") == ()


def test_an_index_is_parsed_with_its_submodules_and_a_conflict_is_one_file() -> None:
    index = parse_index(b"H 100644 aa 0\ta\tb\0S 160000 bb 0\tsub\0M 100644 cc 2\tx\0M 100644 dd 3\tx\0")
    assert (index.files, index.submodules) == ({b"a\tb", b"sub", b"x"}, {b"sub": "bb"})


def test_stashes_and_work_trees_are_parsed() -> None:
    assert [(each.subject, each.at.year) for each in parse_stashes(b"0\0On main: \x1bx\x00999999999\0y\0")] == [
        ("On main: \\x1bx", 1970),
        ("y", 2001),
    ]
    out = b"worktree /a\nb\0HEAD 12\0branch refs/heads/x/y\0locked why\0\0worktree /c\0bare\0\0worktree /d\0HEAD 00\0\0"
    assert [(each.path, each.oid, each.branch, each.locked) for each in parse_worktrees(out)] == [
        ("/a\\nb", "12", "x/y", True),
        ("/d", None, None, False),
    ]


def test_nonsense_in_the_files_of_an_operation_is_not_a_step() -> None:
    found = parse_progress({"rebase-merge/msgnum": b"\xff", "rebase-merge/end": b"9" * 99, "CHERRY_PICK_HEAD": b""})
    assert found is not None
    assert (found.operation, found.step, found.steps, found.branch) == (GitOperation.REBASE, None, None, None)
    assert parse_progress({}) is None


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"MERGE_HEAD": b""}, InProgress(GitOperation.MERGE)),
        ({"CHERRY_PICK_HEAD": b""}, InProgress(GitOperation.CHERRY_PICK)),
        ({"sequencer/todo": b"pick 12 x\npick 13 y\n"}, InProgress(GitOperation.CHERRY_PICK)),
        ({"REVERT_HEAD": b""}, InProgress(GitOperation.REVERT)),
        ({"sequencer/todo": b"revert 12 x\n"}, InProgress(GitOperation.REVERT)),
        ({"BISECT_START": b"main\n"}, InProgress(GitOperation.BISECT)),
        (
            {"rebase-merge/head-name": b"refs/heads/topic\n", "rebase-merge/msgnum": b"2", "rebase-merge/end": b"5"},
            InProgress(GitOperation.REBASE, 2, 5, "topic"),
        ),
        (
            {"rebase-apply/applying": b"", "rebase-apply/next": b"1", "rebase-apply/last": b"3"},
            InProgress(GitOperation.AM, 1, 3),
        ),
        ({"rebase-apply/head-name": b"detached HEAD\n"}, InProgress(GitOperation.REBASE)),
    ],
)
def test_an_operation_is_known_by_its_files(files: dict[str, bytes], found: InProgress) -> None:
    assert parse_progress(files) == found


def test_submodules_are_shown_with_their_address_and_state() -> None:
    modules = (
        b"submodule.lib.path\nvendor/lib\0submodule.lib.url\nhttps://ada:pa55@host/lib.git\0"
        b"submodule.doc.url\n../doc\0core.bare\nfalse\0"
    )
    index = GitIndex(frozenset(), {b"vendor/lib": "11", b"doc": "22", b"gone": "33", b"torn": "44"})
    states = {b"doc": SubmoduleState.CHANGED, b"torn": SubmoduleState.CONFLICTED}
    status = replace(parse_status(b""), submodules=states)
    assert submodules_of(index, status, modules, frozenset({b"vendor/lib", b"doc"})) == (
        Submodule("doc", "../doc", "22", SubmoduleState.CHANGED),
        Submodule("gone", None, "33", SubmoduleState.MISSING),
        Submodule("torn", None, "44", SubmoduleState.CONFLICTED),
        Submodule("vendor/lib", "https://host/lib.git", "11", SubmoduleState.CURRENT),
    )


def test_remotes_are_parsed_by_name_with_their_first_address() -> None:
    settings = [
        ("remote.b.url", b"two"),
        ("remote.a.b.url", b"one"),
        ("remote.b.url", b"three"),
        ("remote.b.fetch", b"+refs/*"),
        ("remote.pushdefault", b"b"),
        ("remote.https://t0ken@example.com/x.url", b"x"),
    ]
    assert remotes_of(settings) == (Remote("a.b", "one"), Remote("b", "two"), Remote("https://example.com/x", "x"))


def test_patterns_are_parsed_without_comments() -> None:
    assert patterns_of(b"# x\n/*\n!/*/\n\n/src/ a\n") == ("/*", "!/*/", "/src/ a")
    assert patterns_of(b"#*.a filter=lfs\n*.bin filter=lfs -text\n*.c text\n", b"filter=lfs") == ("*.bin",)


def test_of_a_repo_inside_each_changed_file_counts_once_wherever_it_changed() -> None:
    oid = b"1" * 40
    out = b"\0".join(
        (
            b"# branch.oid " + oid,
            b"# branch.head main",
            b"1 MM N... 100644 100644 100644 " + oid + b" " + oid + b" both\nlines",
            b"1 .M N... 100644 100644 100644 " + oid + b" " + oid + b" a file",
            b"u UU N... 100644 100644 100644 100644 " + b" ".join((oid, oid, oid)) + b" fought over",
            b"? new",
            b"",
        )
    )
    assert parse_inside(b"libs/\xff", out, submodule=True) == RepoInside(
        "libs/\\xff",
        True,
        oid.decode(),
        "main",
        Paths(3, ("a file", "both\\nlines", "fought over")),
        Paths(1, ("new",)),
    )
    empty = parse_inside(b"nested", b"# branch.oid (initial)\0# branch.head main\0", submodule=False)
    assert empty == RepoInside("nested", False, None, "main", Paths(0, ()), Paths(0, ()))
    assert empty.clean


def test_a_submodule_that_two_sides_moved_is_in_conflict() -> None:
    oid = b"1" * 40
    record = b"u UU S... 160000 160000 160000 160000 " + b" ".join((oid, oid, oid)) + b" lib"
    found = parse_status(record + b"\0")
    assert (found.conflicted, found.submodules) == (Paths(1, ("lib",)), {b"lib": SubmoduleState.CONFLICTED})
