"""Parse what git prints, by value and by property. No name, message or person can pass for something else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.repo.git.history import (
    authors,
    default_branch,
    hot,
    in_flight,
    messages,
    near_tags,
    repairs,
    together,
    weeks,
)
from supervisor.core.repo.git.log import Logged, parse_log, parse_sized
from supervisor.core.repo.git.parse import (
    GitIndex,
    GitStatus,
    Ref,
    parse_index,
    parse_progress,
    parse_refs,
    parse_stashes,
    parse_status,
    parse_worktrees,
    patterns_of,
    remotes_of,
    submodules_of,
)
from supervisor.core.repo.git.text import moment, without_credentials, words
from supervisor.domain.repo.git import (
    Convention,
    InProgress,
    Operation,
    Paths,
    Remote,
    Repair,
    Submodule,
    SubmoduleState,
    Upstream,
)
from supervisor.domain.repo.pathname import shown

OIDS = st.binary(min_size=20, max_size=20).map(lambda raw: raw.hex().encode())
NAMES = st.binary(min_size=1, max_size=30).map(lambda raw: raw.replace(b"\0", b"\n"))
LINES = st.binary(max_size=30).map(lambda raw: raw.replace(b"\0", b"\x1b").replace(b"\n", b" "))
TEXTS = st.binary(max_size=60).map(lambda raw: raw.replace(b"\0", b"\n"))
TIMES = st.integers(0, 4_000_000_000)
COMMITS = st.lists(
    st.builds(
        Logged,
        oid=OIDS,
        parents=st.lists(OIDS, max_size=2).map(b" ".join),
        at=TIMES,
        author=LINES,
        subject=LINES,
        names=st.lists(NAMES, max_size=4).map(tuple),
    ),
    max_size=6,
)


def as_log(commits: list[Logged]) -> bytes:
    """What `log -z --name-only` prints for these commits."""
    out = bytearray()
    for commit in commits:
        header = (b"", commit.oid, commit.parents, b"%d" % commit.at, commit.author, commit.subject)
        out += b"\0".join(header) + b"\0"
        out += b"".join(b"\n" * (at == 0) + name + b"\0" for at, name in enumerate(commit.names))
    return bytes(out)


def as_sized(commits: list[Logged]) -> bytes:
    """What `log -z --numstat` prints for them: each file has three lines more and one less."""
    out = bytearray()
    for commit in commits:
        header = (b"", commit.oid, commit.parents, b"%d" % commit.at, commit.author, commit.subject, b"")
        out += b"\0".join(header) + b"\0"
        out += b"".join(b"\n" * (at == 0) + b"3\t1\t" + name + b"\0" for at, name in enumerate(commit.names))
    return bytes(out)


def logged(number: int, *names: bytes, at: int = 0, subject: bytes = b"x", parents: tuple[int, ...] = ()) -> Logged:
    return Logged(b"%040d" % number, b" ".join(b"%040d" % each for each in parents), at, b"Ada", subject, names)


@given(COMMITS)
def test_commits_of_any_bytes_come_out_of_a_log_as_they_went_in(commits: list[Logged]) -> None:
    assert parse_log(as_log(commits), cut=False) == commits


@given(COMMITS)
def test_sizes_of_commits_of_any_bytes_belong_to_the_right_commit(commits: list[Logged]) -> None:
    found = [
        (each.oid.encode(), each.files, each.insertions, each.deletions, each.names)
        for each in parse_sized(as_sized(commits), cut=False)
    ]
    assert found == [
        (each.oid, len(each.names), 3 * len(each.names), len(each.names), tuple(map(shown, each.names)))
        for each in commits
    ]


@given(COMMITS, st.data())
def test_a_log_that_was_cut_anywhere_yields_only_whole_commits(commits: list[Logged], data: st.DataObject) -> None:
    for out, parse in ((as_log(commits), parse_log), (as_sized(commits), parse_sized)):
        whole = parse(out, cut=False)
        stop = data.draw(st.integers(0, len(out)))
        found = parse(out[:stop], cut=True)
        assert found == whole[: len(found)]


@given(TEXTS)
def test_words_are_one_printable_line_whatever_was_written(text: bytes) -> None:
    line = words(text, 40)
    assert len(line) <= 40
    assert line.replace("\u200c", "").replace("\u200d", "").isprintable()


@given(st.lists(NAMES, unique=True))
def test_names_that_differ_are_shown_differently(names: list[bytes]) -> None:
    assert len({shown(name) for name in names}) == len(names)
    assert all(shown(name).isprintable() for name in names)


def test_words_lose_their_secrets_and_keep_the_rest() -> None:
    said = b"Merge 'x' of https://ada:s3cret@example.com/x and https://t0ken@example.com/y with ghp_" + b"a" * 36
    assert words(said) == "Merge 'x' of https://example.com/x and https://example.com/y with [redacted]"
    assert words("  Déjà vu 👩\u200d💻\tab\\n".encode()) == "Déjà vu 👩\u200d💻 ab\\n"
    assert words(b"x" * 500) == "x" * 299 + "…"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://ada@example.com/b", "https://example.com/b"),
        ("https://ada:s3cret@example.com:8443/b", "https://example.com:8443/b"),
        ("https://ada:s3@cret@example.com/b", "https://example.com/b"),
        ("https://ada:s3/cret@example.com/b", "https://example.com/b"),
        ("https://a@b:s3/cret@example.com/b", "https://example.com/b"),
        ("https://ada:s3?cret@example.com/b", "https://example.com/b"),
        ("https://example.com/b?private_token=s3cret#s3cret", "https://example.com/b"),
        ("https://example.com/b@v1", "https://example.com/b@v1"),
        ("https://[::1]:8080/b@v1", "https://[::1]:8080/b@v1"),
        ("ssh://git@example.com:22/b", "ssh://example.com:22/b"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("ada:s3cret@example.com:a/b.git", "example.com:a/b.git"),
        ("ext::curl -u ada:s3cret", "ext::…"),
        ("gcrypt::https://ada:s3cret@example.com/b", "gcrypt::https://example.com/b"),
        ("../b", "../b"),
        ("/srv/a b@c.git", "/srv/a b@c.git"),
    ],
)
def test_an_address_is_shown_without_what_lets_one_in(url: str, expected: str) -> None:
    assert without_credentials(url.encode()) == expected


@given(st.text("ab/@:?#%1", min_size=1, max_size=12))
def test_no_password_is_shown_whatever_is_in_it(noise: str) -> None:
    assert "s3cret" not in without_credentials(f"https://ada:s3cret{noise}@example.com/x".encode())


@given(st.integers() | st.binary(max_size=30))
def test_every_time_can_be_shown(seconds: int | bytes) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) <= moment(seconds) <= datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


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
    index = parse_index(b"100644 aa 0\ta\tb\x00160000 bb 0\tsub\x00100644 cc 2\tx\x00100644 dd 3\tx\0")
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
    assert (found.operation, found.step, found.steps, found.branch) == (Operation.REBASE, None, None, None)
    assert parse_progress({}) is None


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"MERGE_HEAD": b""}, InProgress(Operation.MERGE)),
        ({"CHERRY_PICK_HEAD": b""}, InProgress(Operation.CHERRY_PICK)),
        ({"sequencer/todo": b"pick 12 x\npick 13 y\n"}, InProgress(Operation.CHERRY_PICK)),
        ({"REVERT_HEAD": b""}, InProgress(Operation.REVERT)),
        ({"sequencer/todo": b"revert 12 x\n"}, InProgress(Operation.REVERT)),
        ({"BISECT_START": b"main\n"}, InProgress(Operation.BISECT)),
        (
            {"rebase-merge/head-name": b"refs/heads/topic\n", "rebase-merge/msgnum": b"2", "rebase-merge/end": b"5"},
            InProgress(Operation.REBASE, 2, 5, "topic"),
        ),
        (
            {"rebase-apply/applying": b"", "rebase-apply/next": b"1", "rebase-apply/last": b"3"},
            InProgress(Operation.AM, 1, 3),
        ),
        ({"rebase-apply/head-name": b"detached HEAD\n"}, InProgress(Operation.REBASE)),
    ],
)
def test_an_operation_is_known_by_its_files(files: dict[str, bytes], found: InProgress) -> None:
    assert parse_progress(files) == found


def test_submodules_are_told_with_their_address_and_state() -> None:
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


def test_commits_that_undo_or_mend_others_are_known_by_their_subject() -> None:
    subjects = (b'Revert "Add it"', b"fixup! Add it", b"revert(api): x", b"oops", b"Fix the parser", b"typography")
    found = repairs([logged(number, subject=subject) for number, subject in enumerate(subjects)])
    assert [(repair.kind, repair.subject) for repair in found] == [
        ("revert", 'Revert "Add it"'),
        ("fix-up", "fixup! Add it"),
        ("revert", "revert(api): x"),
        ("fix-up", "oops"),
    ]
    assert found[0] == Repair("revert", f"{0:040}", 'Revert "Add it"', moment(0))


def test_without_a_message_of_a_person_there_is_no_convention() -> None:
    assert messages([logged(1, subject=b'Revert "x"'), logged(2, parents=(1, 3))]) is None
    assert weeks([]) == ()


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


def test_a_message_convention_is_the_one_that_most_messages_follow() -> None:
    for subjects, expected, share in (
        (["feat: a", "fix(x)!: b", "Merge it"], Convention.CONVENTIONAL, 0.667),
        (["ABC-1 a", "[ABC-22] b", "#12: c"], Convention.TICKET, 1.0),
        (["CI: a", "drivers/usb: b", "whatever"], Convention.AREA, 0.667),
        ([":bug: a", "✨ b"], Convention.GITMOJI, 1.0),
        (["Add a thing", "Fix another", "fix: c"], Convention.NONE, 0.667),
    ):
        found = messages([logged(at, subject=subject.encode()) for at, subject in enumerate(subjects)])
        assert found is not None
        assert (found.convention, found.share, found.example) == (expected, share, subjects[0])
    assert messages([logged(1, subject=b'Revert "x"'), logged(2, subject=b"m", parents=(3, 4))]) is None


def test_a_change_counts_half_for_every_half_life_before_head() -> None:
    day = 86_400
    log = [logged(1, b"new", at=1000 * day), logged(2, b"new", at=970 * day)]
    log += [logged(3, b"old", b"new", b"once", at=940 * day), logged(4, b"old", at=940 * day)]
    assert [(file.path, file.commits, file.weight) for file in hot(log, None)] == [("new", 3, 1.75), ("old", 2, 0.5)]
    ahead = [logged(1, b"a", at=0), logged(2, b"a", at=250_000_000_000)]
    assert [file.weight for file in hot(ahead, None)] == [2.0]
    behind = [logged(1, b"a", at=250_000_000_000), logged(2, b"a", at=0)]
    assert [file.weight for file in hot(behind, None)] == [1.0]


def test_sweeps_lock_files_and_what_is_gone_pair_with_nothing() -> None:
    sweep = tuple(b"%d" % number for number in range(16))
    log = [logged(at, *names) for at, names in enumerate([sweep] * 5 + [(b"a", b"b", b"gone", b"x/yarn.lock")] * 4)]
    found = together(log, {b"a", b"b", b"x/yarn.lock", *sweep})
    assert [(pair.first, pair.second, pair.support) for pair in found] == [("a", "b", 4)]


def test_weeks_begin_on_a_monday_and_end_with_head() -> None:
    monday = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    log = [logged(1, at=monday), logged(2, at=monday - 1), logged(3, at=monday + 10**8), logged(4, at=0)]
    found = weeks(log)
    assert [(week.start.strftime("%a %F"), week.commits) for week in found[-2:]] == [
        ("Mon 2023-12-25", 1),
        ("Mon 2024-01-01", 2),
    ]
    assert len(found) == 26
    assert weeks([logged(1, at=0)])[-1].commits == 1


def test_authors_are_ranked_by_commits() -> None:
    log = [logged(1, at=5)._replace(author=b"Bob"), logged(2, at=7), logged(3, at=3)]
    assert [(each.name, each.commits, each.first, each.last) for each in authors(log)] == [
        ("Ada", 2, moment(3), moment(7)),
        ("Bob", 1, moment(5), moment(5)),
    ]


def test_the_default_branch_is_what_the_remote_says_before_what_is_usual() -> None:
    refs = [Ref("refs/remotes/origin/HEAD", b"1", "refs/remotes/origin/a/b", 0), Ref("refs/heads/main", b"2", "", 0)]
    with_target = [*refs, Ref("refs/remotes/origin/a/b", b"1", "", 0)]
    assert default_branch(with_target, "main") == ("a/b", ("refs/remotes/origin/a/b",))
    assert default_branch(refs, None) == ("main", ("refs/heads/main",))
    assert default_branch([Ref("refs/heads/odd", b"1", "", 0)], "odd") == ("odd", ("refs/heads/odd",))
    assert default_branch([], "main") == (None, ())


def test_a_branch_in_flight_counts_its_own_commits_and_not_those_of_others() -> None:
    unmerged = [logged(3, at=30, parents=(2,)), logged(2, at=20, parents=(1,)), logged(5, at=10, parents=(1,))]
    names = (("refs/heads/a", 3), ("refs/remotes/o/a", 2), ("refs/remotes/o/b", 5), ("refs/heads/done", 1))
    refs = [Ref(name, b"%040d" % number, "", 0) for name, number in names]
    found, count = in_flight(refs, unmerged)
    assert [(each.name, each.ahead, each.started, each.last) for each in found] == [
        ("a", 2, moment(20), moment(30)),
        ("o/b", 1, moment(10), moment(10)),
    ]
    assert count == 2


def test_the_distance_of_a_tag_is_the_number_of_commits_since() -> None:
    log = [logged(4, parents=(3, 2)), logged(3, parents=(1,)), logged(2, parents=(1,)), logged(1)]
    refs = [Ref("refs/tags/v2", b"%040d" % 2, "", 9), Ref("refs/tags/v1", b"%040d" % 1, "", 3)]
    assert [(tag.name, tag.distance) for tag in near_tags(refs, log)] == [("v2", 2), ("v1", 3)]
