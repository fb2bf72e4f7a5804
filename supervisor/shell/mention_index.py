"""The index of what the sources mention: one SQLite file, updated file by file.

It is a cache and can be rebuilt at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from supervisor.domain.link import Kind, Mention, Role, UnresolvedCall
from supervisor.domain.repo.git import Revision
from supervisor.errors import StoreError

VERSION = 48
"""The version of this schema and of the way sources are read. An index of another version is rebuilt."""

_SCHEMA = """
CREATE TABLE file (id INTEGER PRIMARY KEY, child TEXT NOT NULL, name TEXT NOT NULL, token TEXT NOT NULL,
                   test INTEGER NOT NULL, skipped TEXT NOT NULL, UNIQUE (child, name));
CREATE TABLE mention (file INTEGER NOT NULL, child TEXT NOT NULL, joined TEXT NOT NULL, kind TEXT NOT NULL,
                      name TEXT NOT NULL, shown TEXT NOT NULL, line INTEGER NOT NULL, role TEXT NOT NULL,
                      detail TEXT NOT NULL, weak INTEGER NOT NULL, type TEXT NOT NULL);
CREATE TABLE call (file INTEGER NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE revision (id INTEGER PRIMARY KEY, child TEXT NOT NULL, oid TEXT NOT NULL, at INTEGER NOT NULL,
                       author TEXT NOT NULL, subject TEXT NOT NULL, initial INTEGER NOT NULL);
CREATE TABLE origin (spot INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
CREATE TABLE note (about TEXT PRIMARY KEY, version TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX mention_joined ON mention (joined, child, weak, file);
CREATE INDEX mention_file ON mention (file);
CREATE INDEX call_file ON call (file);
CREATE INDEX revision_child ON revision (child);
CREATE INDEX origin_revision ON origin (revision);
"""
_SHARED = """
SELECT joined FROM mention
WHERE joined NOT BETWEEN 'route ' AND 'route!' AND joined NOT BETWEEN 'submodule ' AND 'submodule!'
  AND joined NOT BETWEEN 'path ' AND 'path!'
GROUP BY joined HAVING count(DISTINCT child) > 1 AND min(weak) < 2 AND count(DISTINCT file) <= 200
"""
_ORIGINS = "FROM origin JOIN revision ON revision.id = origin.revision WHERE child = ?"
_KINDS = {str(kind): kind for kind in Kind}  # the enum's own look-up would double the time for a row
_ROLES = {str(role): role for role in Role}


def _hash(child: str, file: str, text: bytes) -> int:
    """Return a signed number of 64 bits."""
    key = b"\0".join((child.encode("utf-8"), file.encode("utf-8", "surrogateescape"), text))
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), signed=True)


class IndexedFile(Struct, frozen=True):
    """A source file and its mentions."""

    name: str
    token: str  # changes with the content
    test: bool  # it belongs to the tests
    skipped: str  # why it was not read ("": it was)
    mentions: tuple[tuple[str, Mention], ...]  # each with the key by which it is joined with others
    calls: tuple[UnresolvedCall, ...] = ()


class MentionIndex:
    """The open index. Raises StoreError when the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            with suppress(OSError):  # the file is damaged: read the sources again
                path.unlink()
            try:
                self._db = self._open()
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self._path, isolation_level=None, timeout=30)
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA synchronous = OFF")  # if a power cut tears it, it is rebuilt
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                db.execute(f"DROP TABLE {name}")
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {VERSION}")
        return db

    def close(self) -> None:
        """Close the database, for good."""
        self._db.close()

    def tokens(self, child: str) -> dict[str, str]:
        """The token of each indexed file of a child, by name."""
        return dict(self._db.execute("SELECT name, token FROM file WHERE child = ?", (child,)))

    def counts(self, child: str) -> tuple[int, tuple[tuple[str, int], ...]]:
        """How many files of a child were read, and how many were skipped, by reason."""
        rows = self._db.execute(
            "SELECT skipped, count(*) FROM file WHERE child = ? GROUP BY skipped", (child,)
        ).fetchall()
        skipped = tuple(sorted((reason, count) for reason, count in rows if reason))
        return sum(count for reason, count in rows if not reason), skipped

    def noted(self, about: str, version: str) -> str | None:
        """The text that `note` kept for this version of something; None if there is none."""
        row = self._db.execute("SELECT text FROM note WHERE about = ? AND version = ?", (about, version)).fetchone()
        return None if row is None else str(row[0])

    def note(self, about: str, version: str, text: str) -> None:
        """Keep a text until another version of the same thing is noted."""
        self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (about, version, text))

    def revision(self) -> str:
        """A text that changes with each update."""
        row = self._db.execute("SELECT version FROM note WHERE about = 'revision'").fetchone()
        return "" if row is None else str(row[0])

    def update(self, child: str, read: Iterable[IndexedFile], gone: Iterable[str]) -> None:
        """Add or replace the files that were read, and remove those that are `gone`, in one transaction."""
        try:
            self._db.execute("BEGIN")
            try:
                for name in gone:
                    self._forget(child, name)
                for one in read:
                    self._insert(child, one)
                self.note("revision", uuid.uuid4().hex, "")
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _insert(self, child: str, one: IndexedFile) -> None:
        self._forget(child, one.name)
        row = self._db.execute(
            "INSERT INTO file (child, name, token, test, skipped) VALUES (?, ?, ?, ?, ?)",
            (child, one.name, one.token, one.test, one.skipped),
        )
        self._db.executemany(
            "INSERT INTO mention VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (row.lastrowid, child, key, m.kind, m.name, m.shown, m.line, m.role, m.detail, m.weak, m.type)
                for key, m in one.mentions
            ],
        )

        self._db.executemany("INSERT INTO call VALUES (?, ?, ?)", [(row.lastrowid, *call) for call in one.calls])

    def keep_only(self, children: Iterable[str]) -> None:
        """Remove all other children."""
        known = {child for (child,) in self._db.execute("SELECT DISTINCT child FROM file")}
        for child in known - set(children):
            self.update(child, (), list(self.tokens(child)))
            self.forget_origins(child)

    def shared(self) -> Iterator[tuple[str, str, str, bool, Mention]]:
        """Read every mention that may be a link: (key, child, file, whether the file is a test, mention).

        These are the names that two or more children have, and all routes, submodules and names with levels (`path`),
        because those also match others that are not equal to them.
        """
        yield from self._mentions(f"mention.joined IN ({_SHARED})")
        for kind in ("route", "submodule", "path"):
            yield from self._mentions(f"mention.joined BETWEEN '{kind} ' AND '{kind}!'")

    def calls(self, child: str) -> list[tuple[str, UnresolvedCall]]:
        """The requests of a child whose address its source does not show, each with its file. Tests do not count."""
        rows = self._db.execute(
            "SELECT file.name, line, text FROM call JOIN file ON file.id = call.file WHERE child = ? AND NOT test"
            " ORDER BY file.name, line",
            (child,),
        )
        return [(str(file), UnresolvedCall(int(line), str(text))) for file, line, text in rows]

    def origins_head(self, child: str) -> str:
        """The commit up to which `add_origins` knows a child; "" if it knows none."""
        return self.noted(f"origins of {child}", "") or ""

    def shown(self, child: str, files: Iterable[str] | None = None) -> Iterator[tuple[str, bool, str]]:
        """What the files of a child mention, as written: each with its file, and whether that belongs to the tests."""
        query = "SELECT DISTINCT name, test, shown FROM (SELECT file.name, test, shown FROM mention JOIN file"
        query += " ON file.id = mention.file WHERE file.child = ?{})"
        if files is None:
            return self._db.execute(query.format(""), (child,))
        return (row for file in files for row in self._db.execute(query.format(" AND file.name = ?"), (child, file)))

    def add_origins(
        self,
        child: str,
        head: str,
        brought: Mapping[str, Mapping[bytes, Revision]],
        earlier: Mapping[str, Mapping[bytes, Iterable[str]]],
    ) -> None:
        """Note the commits up to `head` that brought in texts, by file and text. What an earlier call noted stays.

        `earlier`: the files that have a text now, by the file that had it before those commits, and by text. Only
        hashes of the texts are kept: the history may hold a secret that the sources hold no more.
        """
        known = dict(self._db.execute(f"SELECT spot, revision {_ORIGINS}", (child,)))
        ids: dict[str, int | None] = {}
        found: dict[int, int | None] = {}
        self._db.execute("BEGIN")
        for file, texts in brought.items():
            for text, revision in texts.items():
                if revision.oid not in ids:
                    row = (child, revision.oid, int(revision.at.timestamp()), *revision[2:])
                    ids[revision.oid] = self._db.execute(
                        "INSERT INTO revision (child, oid, at, author, subject, initial) VALUES (?, ?, ?, ?, ?, ?)", row
                    ).lastrowid
                found[_hash(child, file, text)] = ids[revision.oid]
        for before, held in earlier.items() if known else ():
            for text, files in held.items():
                if (came := known.get(_hash(child, before, text))) is not None:
                    found |= {_hash(child, file, text): came for file in files}
        rows = ((spot, revision) for spot, revision in found.items() if spot not in known)
        self._db.executemany("INSERT OR REPLACE INTO origin VALUES (?, ?)", rows)
        self.note(f"origins of {child}", "", head)
        self._db.execute("COMMIT")

    def forget_origins(self, child: str) -> None:
        """Remove what `add_origins` noted of a child."""
        self._db.execute(f"DELETE FROM origin WHERE spot IN (SELECT spot {_ORIGINS})", (child,))
        self._db.execute("DELETE FROM revision WHERE child = ?", (child,))
        self.note(f"origins of {child}", "", "")

    def origins(self, child: str, spots: Iterable[tuple[str, bytes]]) -> dict[tuple[str, bytes], Revision]:
        """Find the commits that brought texts into files of a child, by file and text."""
        found = {}
        for spot in spots:
            row = self._db.execute(
                "SELECT oid, at, author, subject, initial FROM origin JOIN revision ON id = revision WHERE spot = ?",
                (_hash(child, *spot),),
            ).fetchone()
            if row is not None:
                oid, at, author, subject, initial = row
                found[spot] = Revision(oid, datetime.fromtimestamp(at, UTC), author, subject, bool(initial))
        return found

    def own_name(self, child: str) -> tuple[str, int, str] | None:
        """Find where a child declares its own package: file, line and name. None if it does not.

        Of several files, the one highest up counts.
        """
        row = self._db.execute(
            "SELECT file.name, line, shown FROM mention JOIN file ON file.id = mention.file WHERE file.child = ? AND"
            " kind = 'package' AND role = 'provides' AND line > 0 ORDER BY length(file.name), file.name, line LIMIT 1",
            (child,),
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), str(row[2]))

    def _mentions(self, where: str) -> Iterator[tuple[str, str, str, bool, Mention]]:
        rows = self._db.execute(
            "SELECT joined, file.child, file.name, file.test, kind, mention.name, shown, line, role, detail, weak, type"
            f" FROM mention JOIN file ON file.id = mention.file WHERE {where}"
        )
        for key, child, file, test, kind, name, shown, line, role, detail, weak, type_ in rows:
            mention = Mention(_KINDS[kind], name, shown, line, _ROLES[role], detail, weak, type_)
            yield key, child, file, bool(test), mention

    def _forget(self, child: str, name: str) -> None:
        row = self._db.execute("SELECT id FROM file WHERE child = ? AND name = ?", (child, name)).fetchone()
        if row is not None:
            self._db.execute("DELETE FROM mention WHERE file = ?", row)
            self._db.execute("DELETE FROM call WHERE file = ?", row)
            self._db.execute("DELETE FROM file WHERE id = ?", row)

    def _unusable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"the index {self._path} cannot be used ({error})", "make room on the disk, or remove the file"
        )
