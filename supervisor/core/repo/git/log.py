"""Parse `git log -z` into commits. Fields are found by position, so no name and no message can fake one."""

from __future__ import annotations

import re
from typing import NamedTuple

from supervisor.core.repo.git.text import moment, number, words
from supervisor.domain.repo.git import Commit
from supervisor.domain.repo.pathname import shown
from supervisor.regex import regex

LOG_FORMAT = "tformat:%x00%H%x00%P%x00%ct%x00%aN%x00%s"
SIZED_FORMAT = "tformat:%x00%H%x00%P%x00%ct%x00%aN%x00%B%x00"

COMMIT_NAMES = 50  # files named per commit
TICKETS = 8  # ids kept per message

_TICKET = regex(r"\b[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,6}\b|(?<![\w/&])#[1-9][0-9]{0,6}\b")
_NO_TICKET = regex(r"(?:UTF|SHA|ISO|RFC|CVE|MD|BASE|HTTP|TLS|UTC|GMT|X|PEP|AES|RSA|IPV|CP|KOI)-")


class Logged(NamedTuple):
    """A commit for statistics, in git's own bytes.

    A NamedTuple: there are thousands of them, and a frozen dataclass takes four times as long to make.
    """

    oid: bytes
    parents: bytes  # oids, separated by a space
    at: int  # Unix time
    author: bytes
    subject: bytes
    names: tuple[bytes, ...]  # changed files; none for a merge

    @property
    def merge(self) -> bool:
        """Whether it has more than one parent."""
        return b" " in self.parents


def parse_log(out: bytes, *, cut: bool) -> list[Logged]:
    """Parse the output of `log -z --name-only` with `LOG_FORMAT`. If it was `cut`, omit the last commit."""
    fields = out.split(b"\0")
    commits = []
    at, end = 0, len(fields) - 1
    while at + 5 < len(fields) and not fields[at]:
        start = at + 6
        # The names end at the next commit, which begins with an empty field. No name is empty.
        try:
            stop = fields.index(b"", start)
        except ValueError:
            stop = end
        names = tuple(fields[start:stop])
        if names:
            names = (names[0].removeprefix(b"\n"), *names[1:])
        _, oid, parents, when, author, subject = fields[at:start]
        commits.append(Logged(oid, parents, number(when), author, subject, names))
        at = stop
    return commits[:-1] if cut else commits


def parse_sized(out: bytes, *, cut: bool) -> list[Commit]:
    """Parse the output of `log -z --numstat` with `SIZED_FORMAT`. If it was `cut`, omit the last commit."""
    fields = out.split(b"\0")
    commits = []
    at = 0
    while at + 7 < len(fields) and not fields[at]:
        _, oid, parents, when, author, message, _ = fields[at : at + 7]
        at += 7
        added = gone = 0
        names = []
        while at < len(fields) and fields[at]:
            plus, tab, rest = fields[at].removeprefix(b"\n").partition(b"\t")
            minus, second_tab, name = rest.partition(b"\t")
            at += 1
            if not (tab and second_tab and name):
                continue  # git died in the middle of this commit: it is the last one of a cut output.
            added += number(plus)
            gone += number(minus)
            names.append(name)
        commits.append(_commit(oid, parents, when, author, message, names, added, gone))
    return commits[:-1] if cut else commits


def without_size(commit: Logged) -> Commit:
    """Convert a commit whose size git did not print."""
    parts = (commit.oid, commit.parents, commit.at, commit.author, commit.subject)
    return _commit(*parts, list(commit.names), None, None)


def _commit(
    oid: bytes,
    parents: bytes,
    at: int | bytes,
    author: bytes,
    message: bytes,
    names: list[bytes],
    added: int | None,
    gone: int | None,
) -> Commit:
    text = message[:20_000].decode("utf-8", "replace")
    tickets = dict.fromkeys(found for found in _TICKET.findall(text) if not _NO_TICKET.match(found))
    return Commit(
        oid=oid.decode("ascii", "replace"),
        subject=words(_subject(message)),
        author=words(author),
        at=moment(at),
        files=len(names),
        names=tuple(map(shown, names[:COMMIT_NAMES])),
        insertions=added,
        deletions=gone,
        merge=b" " in parents,
        tickets=tuple(tickets)[:TICKETS],
    )


def _subject(message: bytes) -> bytes:
    """Return the first paragraph as one line: git's definition of the subject."""
    paragraph = re.split(rb"\n[ \t]*\n", message.lstrip(b"\n"), maxsplit=1)[0]
    return b" ".join(line.strip() for line in paragraph.split(b"\n"))
