"""A message is written as the repo writes its messages, and cannot be misread."""

from __future__ import annotations

import pytest

from supervisor.core.change.message import Habit, habit_of, is_same_commit, message_of

CONVENTIONAL = ["feat(api): add a route", "fix(api): close it", "fix(cli): say why", "chore: tidy", "Merge it"]
AREA = ["lib/url: parse less", "docs: fix a typo", "lib/url: parse more", "Start"]


@pytest.mark.parametrize(
    ("subjects", "title", "paths", "expected"),
    [
        (CONVENTIONAL, "Answer at once.", ["src/api/app.py"], "feat(api): answer at once"),
        (CONVENTIONAL, "Fix the count", ["other/a.py"], "fix: fix the count"),
        (CONVENTIONAL, "Say why", ["README.md", "docs/a.rst"], "docs: say why"),
        (CONVENTIONAL, "Count twice", ["tests/test_a.py", "cli/tests/b.py"], "test(cli): count twice"),
        (CONVENTIONAL, "perf(api): go faster", ["a"], "perf(api): go faster"),
        (["feat: a", "fix: b"], "HTTP answers", ["api/a.py"], "feat: HTTP answers"),
        (["feat: Add a", "fix: Mend b"], "answer at once", ["a.py"], "feat: Answer at once"),
        (AREA, "Parse nothing", ["lib/url/a.c", "lib/url/b.c"], "lib/url: parse nothing"),
        (AREA, "Parse nothing", ["src/a.c"], "src: parse nothing"),
        (AREA, "Parse nothing", ["setup.cfg"], "setup: parse nothing"),
        (AREA, "parse nothing", ["a/b", "c/d"], "Parse nothing"),
        (AREA, "lib: parse nothing", ["a/b"], "lib: parse nothing"),
        (["Add a", "Fix b"], "answer at once", ["a"], "Answer at once"),
        (["add a", "fix b"], "Answer at once", ["a"], "answer at once"),
        (["add a", "fix b"], "README and more", ["a"], "README and more"),
        ([], "`make` fails", ["a"], "`make` fails"),
        ([], "read_all returns None", ["a"], "read_all returns None"),
        (["ABC-1 Add a", "ABC-2 Fix b"], "Answer at once", ["a"], "Answer at once"),
        ([], "  \x07 ", ["a"], "Change files"),
    ],
)
def test_the_subject_follows_the_newest_ones(subjects: list[str], title: str, paths: list[str], expected: str) -> None:
    assert message_of(habit_of(subjects), title, "", paths, ()) == f"{expected}\n"


def test_a_long_title_is_shortened_and_stands_whole_in_the_body() -> None:
    title = "Answer " + "at once " * 20
    subject, _, body = message_of(Habit("plain"), title, "", ["a"], ()).partition("\n\n")

    assert len(subject) <= 100
    assert subject.endswith(" ...")
    assert " ".join(body.split()) == title.strip()


def test_the_body_is_wrapped_and_no_line_of_it_ends_the_message() -> None:
    text = "One.\r\n\r\n\r\n---\n- " + "word " * 30 + "\n    code stays\x1b\n\n" + "x" * 100 + "\n \n"

    body = message_of(Habit("plain"), "Do it", text, ["a"], [("Orch-Task", "T1\nOrch-Task: T9")])

    assert body.split("\n\n") == [
        "Do it",
        "One.",
        " ---\n- " + " ".join(["word"] * 14) + "\n" + " ".join(["word"] * 14) + "\nword word\n    code stays",
        "x" * 100,
        "Orch-Task: T1 Orch-Task: T9\n",
    ]


def test_commits_are_the_same_but_for_times_signature_and_revision() -> None:
    header = (
        b"tree 1\nparent 2\nauthor Ada <a@b> %d +0000\ncommitter Ada <a@b> %d +0100%s\n\nDo it\n\nOrch-Plan: Go r%d\n"
    )
    signature = b"\ngpgsig -----BEGIN SSH SIGNATURE-----\n abc\n \n -----END SSH SIGNATURE-----"
    one, other = header % (1, 2, b"", 3), header % (5, 6, signature, 7)

    assert is_same_commit(one, other, signed=False)
    assert [is_same_commit(*pair, signed=True) for pair in ((one, other), (other, one))] == [False, True]
    for old, new in ((b"tree 1", b"tree 2"), (b"a@b", b"a@c"), (b"Do it", b"Do more"), (b"Go r", b"Go on r")):
        assert not is_same_commit(one, other.replace(old, new), signed=False), old
