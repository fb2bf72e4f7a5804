"""Parse what `git log -p` prints: which words each commit brought into the repo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from supervisor.core.repo.git.text import moment, words
from supervisor.core.text.words import words_in
from supervisor.domain.repo.git import Revision

LONGEST = 2_000  # bytes of a line that is read: longer ones were written by programs
LARGEST = 500_000  # bytes of the patch of one file, for the same reason
_FIELDS = 5


def patch_format(mark: str) -> str:
    """Return the format with which `parse_patches` can read the log. Nobody who writes commits may know `mark`."""
    return f"tformat:{mark}%x00%H%x00%P%x00%ct%x00%aN%x00%s%x00"


def parse_patches(
    out: bytes, mark: str, is_source: Callable[[str], bool], *, cut: bool
) -> Iterator[tuple[Revision, frozenset[bytes]]]:
    """Parse the output of `log -z -p --unified=0` with `patch_format(mark)`: each commit with the words and
    the quoted texts that it added to source files and removed from none. If the output was `cut`, omit the last one."""
    for part in _parts(out, mark.encode("ascii") + b"\0", cut=cut):
        fields = part.split(b"\0", _FIELDS)
        if len(fields) > _FIELDS:
            oid, parents, when, author, subject, patch = fields
            revision = Revision(
                oid.decode("ascii", "replace"), moment(when), words(author), words(subject), initial=not parents
            )
            yield revision, _brought(patch, is_source)


def _parts(out: bytes, mark: bytes, *, cut: bool) -> Iterator[bytes]:
    """Yield what is behind each mark, one after the other: all of them at once take as much memory as `out`."""
    begin = out.find(mark)
    while begin >= 0:
        end = out.find(mark, begin + len(mark))
        if end >= 0 or not cut:
            yield out[begin + len(mark) : end if end >= 0 else len(out)]
        begin = end


def _brought(patch: bytes, is_source: Callable[[str], bool]) -> frozenset[bytes]:
    added: list[bytes] = []
    removed: list[bytes] = []
    for file in (b"\n" + patch).split(b"\ndiff --git ")[1:]:
        name, _, lines = file.partition(b"\n")
        if len(lines) > LARGEST or not is_source(name.decode("utf-8", "surrogateescape").rstrip('"')):
            continue
        for line in lines.split(b"\n"):
            if len(line) < LONGEST and not line.startswith((b"+++ ", b"--- ")):  # those name the file
                if line.startswith(b"+"):
                    added.append(line)
                elif line.startswith(b"-"):
                    removed.append(line)
    return frozenset(words_in(b"\n".join(added)) - words_in(b"\n".join(removed)))
