"""The label files: the true links of a system, and checks that they are in the sources."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
OWN = sorted(HERE.glob("*/labels.yaml"))
REAL = sorted((HERE / "real").glob("*.yaml"))
_KINDS = """
    route topic header cookie env key error flag port table schema package submodule copy constant status commit
"""
KINDS = frozenset(_KINDS.split())
_WORDS = frozenset(("key", "topic", "error", "constant", "schema", "flag"))
ANY = "*"
_RENAMED = (".py.txt", ".pyi.txt", ".toml.txt")
_HOLE = re.compile(r"\{[^}]*\}|<[^>]*>|\$\{[^}]*\}|%[sdiu]|\$\w+|#\{[^}]*\}|\\\([^)]*\)|^:\w+\??$|^[*+#]+$|^\{\}$")
_FILLED = re.compile(r"\$?\{[^{}]*\}|%[sdir]")  # what a message is filled with: the variable has another name elsewhere
_FULL = re.compile(r"[0-9a-f]{40}")
_OID = re.compile(r"[0-9a-f]{7,40}")
_METHOD = re.compile(r"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY|ALL|WS|HTTP)\b[\s:]*", re.IGNORECASE)
_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A true row, a row that does not count, or a trap."""

    kinds: frozenset[str]
    name: str
    also: tuple[str, ...] = ()
    children: frozenset[str] = frozenset()
    places: tuple[tuple[str, str, int], ...] = ()  # child, file, line
    note: str = ""
    commits: tuple[
        tuple[str, frozenset[str]], ...
    ] = ()  # child, and beginnings of the ids of commits, one of which it is
    literal: bool = True  # whether a text in quotes is the same on both sides

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.name, *self.also)

    def of_kind(self, kind: str) -> bool:
        """Whether a row of this kind matches. A `word` is a name on both sides whose kind the map leaves open."""
        return ANY in self.kinds or kind in self.kinds or (kind == "word" and not self.kinds.isdisjoint(_WORDS))


@dataclass(frozen=True, slots=True)
class Commit:
    repo: str
    author: str
    date: str  # seconds since the epoch and +0000, as git accepts it
    message: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    child: str
    source: str  # pypi or npm
    name: str
    version: str
    sha256: str
    into: str = ""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A public git repo at one commit, with the history before it."""

    child: str
    repo: str  # owner/name on GitHub
    commit: str


@dataclass(frozen=True, slots=True)
class System:
    name: str
    path: Path
    held_out: bool
    children: tuple[str, ...]
    labels: tuple[Link, ...]
    ignorable: tuple[Link, ...]
    traps: tuple[Link, ...]
    commits: tuple[Commit, ...] = ()
    packages: tuple[Package, ...] = field(default=())
    pinned: tuple[Pinned, ...] = field(default=())

    @property
    def real(self) -> bool:
        return bool(self.packages or self.pinned)


def own() -> list[System]:
    """The systems whose files are here."""
    return [load(path) for path in OWN]


def real() -> list[System]:
    """The systems whose files are packages, or git repos of others."""
    return [load(path) for path in REAL]


def files(system: System, child: str) -> dict[str, bytes]:
    """The files of one repo of an own system: content by path in the repo."""
    top = system.path.parent / "repos" / child
    found = {}
    for path in sorted(path for path in top.rglob("*") if path.is_file()):
        name = path.relative_to(top).as_posix()
        if name.endswith(_RENAMED):
            name = name.removesuffix(".txt")
        head, slash, last = name.rpartition("/")
        if last == "gitignore":
            name = f"{head}{slash}.gitignore"
        found[name] = path.read_bytes()
    return found


def problems(
    system: System, sources: dict[str, dict[str, bytes]], oids: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """List what is wrong with the label file of a system, given the files of each child, and its commits if known."""
    found = [
        f"{system.name}: the commit of {it.child} is no full id, but {it.commit!r}"
        for it in system.pinned
        if not _FULL.fullmatch(it.commit)
    ]
    if system.pinned and {it.child for it in system.pinned} != set(system.children):
        found.append(f"{system.name}: repos names other children than children does")
    for link in (*system.labels, *system.ignorable, *system.traps):
        where = f"{system.name}: {'/'.join(sorted(link.kinds))} {link.name}"
        if unknown := link.kinds - KINDS - {ANY}:
            found.append(f"{where}: no such kind: {', '.join(sorted(unknown))}")
        if strangers := link.children - set(system.children):
            found.append(f"{where}: no such child: {', '.join(sorted(strangers))}")
        for child, file, number in link.places:
            content = sources.get(child, {}).get(file)
            lines = content.decode("utf-8", "replace").splitlines() if content is not None else []
            if not 0 < number <= len(lines):
                found.append(f"{where}: there is no {child}/{file}:{number}")
            elif not any(shows(link.kinds, spelling, lines[number - 1]) for spelling in link.spellings):
                found.append(f"{where}: {child}/{file}:{number} says {lines[number - 1].strip()!r}")
    for link in system.labels:
        where = f"{system.name}: {'/'.join(sorted(link.kinds))} {link.name}"
        if len(link.children) < 2:
            found.append(f"{where}: a link needs at least two children")
        if not link.kinds & {"copy", "commit"} and {child for child, _, _ in link.places} != link.children:
            found.append(f"{where}: the places are not those of {', '.join(sorted(link.children))}")
        if "copy" in link.kinds:
            for child in link.children:
                if not any(file.rpartition("/")[2] == link.name for file in sources.get(child, {})):
                    found.append(f"{where}: {child} has no such file")
        if "commit" in link.kinds and system.pinned:
            found += [f"{where}: {wrong}" for wrong in _wrong_commits(link, oids)]
        elif "commit" in link.kinds:
            for child in link.children:
                if not any(fold(link.name) in fold(it.message) for it in system.commits if it.repo == child):
                    found.append(f"{where}: no commit of {child} says so")
    names: dict[tuple[object, ...], Link] = {}
    for link in system.labels:
        for kind in link.kinds:
            other = names.setdefault((kind, link.commits or plain(kind, link.name)), link)
            if other is not link:
                found.append(f"{system.name}: {kind} {link.name} is there twice")
    return found


def _wrong_commits(link: Link, oids: Mapping[str, Collection[str]] | None) -> Iterator[str]:
    if {child for child, _ in link.commits} != link.children:
        yield f"it names no commit of each of {', '.join(sorted(link.children))}"
    for child, starts in link.commits:
        for start in sorted(starts):
            if not _OID.fullmatch(start):
                yield f"{child}: {start} is no beginning of a commit's id, of 7 digits or more"
            elif oids is not None and sum(oid.startswith(start) for oid in oids.get(child, ())) != 1:
                yield f"{child}: there is no one commit {start}"


def fold(text: str) -> str:
    """Keep only letters and digits, in lower case: `claimCode`, `CLAIM_CODE` and `claim-code` are one name."""
    return "".join(char for char in text.casefold() if char.isalnum())


def pieces(name: str) -> list[str]:
    """The segments of a route or topic, placeholders as `{}`."""
    name = _HOST.sub("", _METHOD.sub("", name.strip())).split("?")[0].strip("/ ")
    found = []
    for piece in re.split(r"[/.]" if "/" not in name else r"/", name):
        found.append("{}" if _HOLE.search(piece) else fold(piece))
    return [piece for piece in found if piece]


def plain(kind: str, name: str) -> str:
    """A name as it is compared."""
    if kind in ("route", "topic"):
        return "/".join(pieces(name))
    if kind == "copy":
        return fold(name.rpartition("/")[2])
    return fold(_FILLED.sub("", name))


def shows(kinds: frozenset[str], name: str, line: str) -> bool:
    """Whether a line has a name: all of it or its last part; of a route or topic, one of its own words."""
    text = fold(line)
    if "copy" in kinds or "commit" in kinds:
        return True
    found = [fold(part) for part in _FILLED.split(name)]
    if any(found) and all(part in text for part in found):
        return True
    if kinds & {"route", "topic"}:
        literal = [piece for piece in pieces(name) if piece != "{}"]
        return any(piece in text for piece in literal) or not literal
    last = re.split(r"[./:]", name)[-1]
    return bool(fold(last)) and fold(last) in text


def name_of(path: Path) -> str:
    return path.parent.name if path.name == "labels.yaml" else path.stem


@cache
def load(path: Path) -> System:
    """Load the system of a label file."""
    data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    history = data.get("history") or {"commits": []}
    return System(
        name_of(path),
        path,
        bool(data["held_out"]),
        tuple(data["children"]),
        tuple(_link(row) for row in data["labels"]),
        tuple(_link(row) for row in data.get("ignorable") or ()),
        tuple(_link(row) for row in data.get("traps") or ()),
        tuple(_commit(row, history) for row in history["commits"]),
        tuple(
            Package(it["child"], it["from"], it["name"], str(it["version"]), it["sha256"], it.get("into", ""))
            for it in data.get("packages") or ()
        ),
        tuple(Pinned(child, it["repo"], str(it["commit"])) for child, it in (data.get("repos") or {}).items()),
    )


def _link(row: dict[str, Any]) -> Link:
    kinds = row["kind"] if isinstance(row["kind"], list) else [row["kind"]]
    places = tuple(_place(place) for place in row.get("places") or ())
    commits = {
        child: frozenset(map(str, oid if isinstance(oid, list) else [oid]))
        for child, oid in (row.get("commits") or {}).items()
    }
    return Link(
        frozenset(kinds),
        str(row["name"]),
        tuple(map(str, row.get("also") or ())),
        frozenset(row.get("children") or commits or (child for child, _, _ in places)),
        places,
        str(row.get("note") or row.get("why") or ""),
        tuple(sorted(commits.items())),
        bool(row.get("literal", True)),
    )


def _place(text: str) -> tuple[str, str, int]:
    path, _, line = text.rpartition(":")
    child, _, file = path.partition("/")
    return child, file, int(line)


def _commit(row: dict[str, Any], history: dict[str, Any]) -> Commit:
    at = int(datetime.fromisoformat(history["base"]).timestamp() + 3600 * row["hours"])
    return Commit(
        row["repo"], history["authors"][row["author"]], f"{at} +0000", row["message"], tuple(row.get("files") or ())
    )
