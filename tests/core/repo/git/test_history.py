"""What a history shows: conventions, people, files that change together, branches in flight."""

from __future__ import annotations

from datetime import UTC, datetime

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
from supervisor.core.repo.git.parse import (
    Ref,
)
from supervisor.core.repo.git.text import moment
from supervisor.domain.repo.git import (
    Convention,
    Repair,
)
from tests.core.repo.git.commits import logged


def test_commits_that_undo_or_fix_others_are_recognised_by_their_subject() -> None:
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
