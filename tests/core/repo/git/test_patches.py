"""A patch says which words a commit added to each source file, and which it removed."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.repo.git.patches import LONGEST, Patch, WordChange, parse_patches, patch_format
from supervisor.core.text.words import literal_of
from supervisor.domain.repo.git import Revision

MARK = "0123456789abcdef"
WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def commit(patch: str, *, parents: str = "b" * 40, oid: str = "a" * 40, subject: str = "Claim devices") -> bytes:
    fields = (oid, parents, str(int(WHEN.timestamp())), "Ada", subject, patch)
    return f"{MARK}\0".encode() + "\0".join(fields).encode("utf-8", "surrogateescape")


def read(patch: str) -> Patch:
    ((_, files),) = parse_patches(commit(patch), MARK, lambda name: name.endswith(".py"), cut=False)
    return files


def test_the_lines_of_each_source_file_are_read_apart() -> None:
    patch = """
diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -1 +1,2 @@
-old = first["claim"]
+old = first["claim", 'X-Claim-Token']
+new_name = 3
diff --git a/notes.md b/notes.md
+++ b/notes.md
+prose
diff --git a/a b/c d.py b/a b/c d.py
--- a/a b/c d.py
+++ /dev/null
-gone
"""
    was = {b"old", b"first", b"claim", literal_of("claim")}
    assert read(patch) == {
        "app.py": WordChange(
            frozenset({*was, b"new_name", b"X-Claim-Token", literal_of("X-Claim-Token")}), frozenset(was)
        ),
        "a b/c d.py": WordChange(frozenset(), frozenset({b"gone"})),
    }


def test_each_commit_is_read_with_who_and_when_and_the_first_of_the_history_is_known() -> None:
    out = commit("", subject="Newest") + commit("", parents="", oid="c" * 40)
    assert [revision for revision, _ in parse_patches(out, MARK, lambda _: True, cut=False)] == [
        Revision("a" * 40, WHEN, "Ada", "Newest", initial=False),
        Revision("c" * 40, WHEN, "Ada", "Claim devices", initial=True),
    ]
    assert len(list(parse_patches(out, MARK, lambda _: True, cut=True))) == 1
    assert MARK in patch_format(MARK)


def test_a_line_that_a_program_wrote_is_not_read() -> None:
    patch = read(f"diff --git a/x.py b/x.py\n+{'word ' * LONGEST}\n+short")
    assert patch == {"x.py": WordChange(frozenset({b"short"}), frozenset())}


@given(st.binary(max_size=300))
def test_whatever_git_prints_is_read_without_an_error(out: bytes) -> None:
    marked = out.replace(b"M", MARK.encode() + b"\0")
    for revision, files in parse_patches(marked, MARK, lambda _: True, cut=False):
        assert isinstance(revision.oid, str)
        assert all(word for patch in files.values() for word in (*patch.added, *patch.removed))
