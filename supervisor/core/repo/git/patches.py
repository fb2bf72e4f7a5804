"""Parse what `git log -p` prints: which words each commit brought into the repo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from supervisor.core.repo.git.text import moment, words
from supervisor.core.text.words import words_in
from supervisor.domain.repo.git import Revision

LONGEST = 2_000  # bytes of a line that is read: longer ones were written by programs
_FIELDS = 5


def patch_format(mark: str) -> str:
    """Return the format with which `parse_patches` can read the log. Nobody who writes commits may know `mark`."""
    return f"tformat:{mark}%x00%H%x00%P%x00%ct%x00%aN%x00%s%x00"


def parse_patches(
    out: bytes, mark: str, is_source: Callable[[str], bool], *, cut: bool
) -> Iterator[tuple[Revision, frozenset[bytes]]]:
    """Parse the output of `log -z -p --unified=0` with `patch_format(mark)`: each commit with the words and
    the quoted texts that it added to source files and removed from none. If the output was `cut`, omit the last one."""
    parts = out.split(mark.encode("ascii") + b"\0")[1:]
    for part in parts[:-1] if cut else parts:
        fields = part.split(b"\0", _FIELDS)
        if len(fields) > _FIELDS:
            oid, parents, when, author, subject, patch = fields
            revision = Revision(
                oid.decode("ascii", "replace"), moment(when), words(author), words(subject), initial=not parents
            )
            yield revision, _brought(patch, is_source)


def _brought(patch: bytes, is_source: Callable[[str], bool]) -> frozenset[bytes]:
    added: list[bytes] = []
    removed: list[bytes] = []
    wanted = False
    for line in patch.split(b"\n"):
        if line.startswith(b"diff --git "):
            wanted = is_source(line.decode("utf-8", "surrogateescape").rstrip('"'))
        elif wanted and len(line) < LONGEST and not line.startswith((b"+++ ", b"--- ")):  # those name the file
            if line.startswith(b"+"):
                added.append(line)
            elif line.startswith(b"-"):
                removed.append(line)
    return frozenset(words_in(b"\n".join(added))).difference(words_in(b"\n".join(removed)))
