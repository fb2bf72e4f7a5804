"""Commits of any bytes, and what git prints for them."""

from __future__ import annotations

from hypothesis import strategies as st

from supervisor.core.repo.git.log import Logged

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
