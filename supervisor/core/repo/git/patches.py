"""Parse what `git log -p` prints: what each commit added to which source files, and what it removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from supervisor.core.repo.git.text import moment, words
from supervisor.core.text.words import words_in
from supervisor.domain.repo.git import Revision

LONGEST = 2_000  # bytes of a line that is read: longer ones were written by programs
LARGEST = 500_000  # bytes of the patch of one file, for the same reason
_FIELDS = 5
_HEADER = len(b"a/ b/")


class WordChange(NamedTuple):
    """The words and quoted texts in the lines that a commit added to a file, and in those that it removed."""

    added: frozenset[bytes]
    removed: frozenset[bytes]


Patch = dict[str, WordChange]  # by the name of the file


def patch_format(mark: str) -> str:
    """Return the format with which `parse_patches` can read the log. Nobody who writes commits may know `mark`."""
    return f"tformat:{mark}%x00%H%x00%P%x00%ct%x00%aN%x00%s%x00"


def parse_patches(
    out: bytes, mark: str, is_source: Callable[[str], bool], *, cut: bool
) -> Iterator[tuple[Revision, Patch]]:
    """Parse the output of `log -z -p --no-renames --unified=0` with `patch_format(mark)`: each commit with its patches
    of source files. If the output was `cut`, omit the last commit."""
    for part in _parts(out, mark.encode("ascii") + b"\0", cut=cut):
        fields = part.split(b"\0", _FIELDS)
        if len(fields) > _FIELDS:
            oid, parents, when, author, subject, patch = fields
            revision = Revision(
                oid.decode("ascii", "replace"), moment(when), words(author), words(subject), initial=not parents
            )
            yield revision, dict(_files(patch, is_source))


def _parts(out: bytes, mark: bytes, *, cut: bool) -> Iterator[bytes]:
    """Yield what is behind each mark, one after the other: all of them at once take as much memory as `out`."""
    begin = out.find(mark)
    while begin >= 0:
        end = out.find(mark, begin + len(mark))
        if end >= 0 or not cut:
            yield out[begin + len(mark) : end if end >= 0 else len(out)]
        begin = end


def _files(patch: bytes, is_source: Callable[[str], bool]) -> Iterator[tuple[str, WordChange]]:
    for file in (b"\n" + patch).split(b"\ndiff --git ")[1:]:
        header, _, lines = file.partition(b"\n")
        name = header[2 : 2 + (len(header) - _HEADER) // 2].decode("utf-8", "surrogateescape")  # `a/NAME b/NAME`
        if len(lines) > LARGEST or not is_source(name):
            continue
        added: list[bytes] = []
        removed: list[bytes] = []
        for line in lines.split(b"\n"):
            if len(line) < LONGEST and not line.startswith((b"+++ ", b"--- ")):  # those name the file
                if line.startswith(b"+"):
                    added.append(line)
                elif line.startswith(b"-"):
                    removed.append(line)
        yield name, WordChange(*(frozenset(words_in(b"\n".join(some))) for some in (added, removed)))
