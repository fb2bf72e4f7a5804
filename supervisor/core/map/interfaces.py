"""Group the rows of the map into interfaces: what one repo offers and another relies on, by file.

Routes, topics, packages and tables show an interface by themselves. Names of data, headers and cookies then join the
interface that carries them: the one that has most of their files or folders on both sides, or the only one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from supervisor.domain.link import RPC_CALLED, RPC_SERVED, Family, Interface, Kind, Link, Place, Role

MOST = 12
"""Interfaces of one pair of children."""

OF_FAMILY = {Family.SETTINGS: 1, Family.COPIES: 1, Family.NAMES: 2, Family.PACKAGE: 2}
"""Interfaces of one family between two children, if not `OTHERWISE`. More are joined by folder."""

OTHERWISE = 4

FILES = 3  # that an interface names on each side

_FAMILIES = {
    Kind.ROUTE: Family.HTTP,
    Kind.TOPIC: Family.MESSAGES,
    Kind.TABLE: Family.DATABASE,
    Kind.PACKAGE: Family.PACKAGE,
    Kind.SUBMODULE: Family.PACKAGE,
    Kind.COPY: Family.COPIES,
    Kind.ENV: Family.SETTINGS,
    Kind.PORT: Family.SETTINGS,
    Kind.FLAG: Family.SETTINGS,
}
"""The family of a kind of row. Rows of other kinds are names of data: they join an interface beside them."""

_SCHEMAS = {".proto": Family.PROTOBUF, ".graphql": Family.GRAPHQL, ".graphqls": Family.GRAPHQL, ".gql": Family.GRAPHQL}
_CARRIES = (Family.HTTP, Family.MESSAGES, Family.PROTOBUF, Family.GRAPHQL)
"""The families that carry data."""

_OF_HTTP = (Kind.HEADER, Kind.COOKIE, Kind.STATUS)
"""Kinds of rows that only HTTP carries, whoever sets them."""

_SPECIFICATIONS = (".yaml", ".yml", ".json")
_NAMES = {Kind.KEY: "field", Kind.ENV: "variable", Kind.STATUS: "status code"}


class _Row(NamedTuple):
    """A link as one pair of children sees it."""

    number: int  # its place in the map
    link: Link
    provider: str
    consumer: str
    directed: bool
    offered: tuple[str, ...]  # files of the provider, best first
    used: tuple[str, ...]  # files of the consumer, best first


class _Bundle(NamedTuple):
    """Rows that become one interface."""

    family: Family
    rows: tuple[_Row, ...]  # that show the interface: they say who provides it, and where
    names: tuple[_Row, ...] = ()  # that it carries

    @property
    def score(self) -> float:
        """How much speaks for it. Many weak rows count less than a few sure ones."""
        return sum(row.link.score**2 for row in (*self.rows, *self.names))


def interfaces(links: Sequence[Link]) -> tuple[Interface, ...]:
    """Group links into interfaces, at most `MOST` for each pair of children. Commits are in none."""
    pairs: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for number, link in enumerate(links):
        if link.kind is not Kind.COMMIT:
            for pair in combinations(link.children, 2):
                pairs[pair].append(_row(number, link, *pair))
    return tuple(interface for _, rows in sorted(pairs.items()) for interface in _between(rows))


def _between(rows: Sequence[_Row]) -> Iterator[Interface]:
    """Yield the interfaces of one pair, best first."""
    own: dict[tuple[Family, str, bool, str], list[_Row]] = defaultdict(list)
    names = []
    for row in _turned(rows):
        family = _family(row)
        if family is None:
            names.append(row)
        else:
            own[family, row.provider, row.directed, row.offered[0] if row.offered else ""].append(row)
    groups = [_Bundle(family, tuple(members)) for (family, *_), members in own.items()]
    groups = list(_with_names(groups, names))
    by_family: dict[Family, list[_Bundle]] = defaultdict(list)
    for group in groups:
        by_family[group.family].append(group)
    joined = [
        one for family, several in by_family.items() for one in _joined(several, OF_FAMILY.get(family, OTHERWISE))
    ]
    while len(joined) > MOST:  # the families with the most interfaces, and among them the weakest, are joined further
        most, count = Counter(one.family for one in joined).most_common(1)[0]
        rest = [one for one in joined if one.family is not most]
        joined = rest + _joined([one for one in joined if one.family is most], count - 1)
    joined.sort(key=lambda group: (-group.score, group.family, group.rows[0].number))
    yield from map(_interface, joined)


def _row(number: int, link: Link, a: str, b: str) -> _Row:
    places: dict[str, list[Place]] = {
        child: [place for place in link.places if place.child == child] for child in (a, b)
    }
    roles = {child: {place.role for place in places[child]} for child in (a, b)}
    provider, consumer, directed = a, b, False
    for one, other in ((a, b), (b, a)):
        if Role.PROVIDES in roles[one] and Role.PROVIDES not in roles[other]:
            provider, consumer, directed = one, other, True
    if not directed and Role.PROVIDES not in roles[a] | roles[b] and (Role.USES in roles[a]) != (Role.USES in roles[b]):
        consumer = a if Role.USES in roles[a] else b
        provider, directed = (b if consumer == a else a), True
    return _Row(number, link, provider, consumer, directed, _files(places[provider]), _files(places[consumer]))


def _turned(rows: Sequence[_Row]) -> Iterator[_Row]:
    """Turn the rows of a schema that both children have a copy of: the one that serves it provides it."""
    serving = {place.child for row in rows for place in row.link.places if place.detail == RPC_SERVED}
    server = serving.pop() if len(serving & {rows[0].provider, rows[0].consumer}) == 1 else ""
    for row in rows:
        if row.directed or not server or _family(row) is not Family.PROTOBUF:
            yield row
        elif row.provider == server:
            yield row._replace(directed=True)
        else:
            yield row._replace(
                provider=row.consumer, consumer=row.provider, offered=row.used, used=row.offered, directed=True
            )


def _files(places: Iterable[Place]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place.file for place in places if place.file))


def _family(row: _Row) -> Family | None:
    """Return the family that a row belongs to by itself; None for a name of data."""
    if (family := _FAMILIES.get(row.link.kind)) is not None:
        return family
    if any(place.detail in (RPC_CALLED, RPC_SERVED) for place in row.link.places):
        return Family.PROTOBUF
    if row.link.kind in (Kind.SCHEMA, Kind.KEY, Kind.WORD, Kind.CONSTANT):
        for place in row.link.places:
            schema = _SCHEMAS.get(_ending(place.file))
            if schema is not None and place.child == row.provider and place.role is Role.PROVIDES:
                return schema
    return None


def _with_names(groups: Sequence[_Bundle], names: Sequence[_Row]) -> Iterator[_Bundle]:
    """Add each name to the interface that carries it; the others are grouped by file."""
    added: dict[int, list[_Row]] = defaultdict(list)
    left: dict[tuple[Family, str, str], list[_Row]] = defaultdict(list)
    carrying = {at: _sides(group.rows) for at, group in enumerate(groups) if group.family in _CARRIES}
    for row in names:
        of_http = row.link.kind in _OF_HTTP
        able = {at: sides for at, sides in carrying.items() if not of_http or groups[at].family is Family.HTTP}
        which = _carrier(row, able, certain=of_http)
        if which is not None:
            added[which].append(row)
        elif of_http:
            left[Family.HTTP, "", ""].append(row._replace(directed=False))
        else:
            left[Family.NAMES, row.provider, row.offered[0] if row.offered else ""].append(row)
    for at, group in enumerate(groups):
        yield group._replace(names=tuple(added[at]))
    for (family, *_), rows in left.items():
        yield _Bundle(family, tuple(rows))


def _sides(rows: Sequence[_Row]) -> dict[str, set[str]]:
    """Return the files on each side."""
    sides: dict[str, set[str]] = {rows[0].provider: set(), rows[0].consumer: set()}
    for row in rows:
        sides[row.provider].update(row.offered)
        sides[row.consumer].update(row.used)
    return sides


def _carrier(row: _Row, able: Mapping[int, dict[str, set[str]]], *, certain: bool) -> int | None:
    """Return which interface carries a name: the one that has most of its files, or else of its folders, on both sides.

    If there is none, the only one that could; with `certain`, the one that is nearest in any case.
    """
    mine = _sides([row])
    best, which = (0, 0), None
    for at, sides in able.items():
        files = [len(mine[child] & sides[child]) for child in mine]
        folders = [len(set(map(_parent, mine[child])) & set(map(_parent, sides[child]))) for child in mine]
        near = (sum(files) if all(files) else 0, sum(folders) if certain or all(folders) else 0)
        if near > best:
            best, which = near, at
    if which is None and (certain or len(able) == 1):
        return next(iter(able), None)
    return which


def _parent(file: str) -> str:
    return file.rpartition("/")[0]


def _joined(groups: Sequence[_Bundle], most: int) -> list[_Bundle]:
    """Join groups of one family until there are no more than `most`: each time the weakest with the nearest one, which
    is one of the same direction, with the deepest common folder, and of these the weakest."""
    placed = [_placed(group) for group in groups]
    while len(placed) > most:
        placed.sort(key=lambda one: (one.group.score, one.group.rows[0].number))
        weakest, *others = placed
        at = max(range(len(others)), key=lambda number: (*_nearness(weakest, others[number]), -number))
        nearest = others.pop(at).group
        both = _Bundle(nearest.family, nearest.rows + weakest.group.rows, nearest.names + weakest.group.names)
        placed = [*others, _placed(both)]
    return [one.group for one in placed]


class _Placed(NamedTuple):
    """A group, with what its distance from others depends on."""

    group: _Bundle
    direction: tuple[str, bool]
    folder: list[str]  # that has all its files


def _placed(group: _Bundle) -> _Placed:
    return _Placed(group, _direction(group), _common([_parent(file).split("/") for file in _offered(group)]))


def _nearness(one: _Placed, other: _Placed) -> tuple[int, int]:
    same = sum(mine == theirs for mine, theirs in zip(one.direction, other.direction, strict=True))
    return same, len(_common([one.folder, other.folder]))


def _direction(group: _Bundle) -> tuple[str, bool]:
    """Return which child provides most of a group's rows, and whether that is known."""
    known = Counter((row.provider, row.directed) for row in group.rows)
    return max(known, key=lambda way: (way[1], known[way], way))


def _offered(group: _Bundle) -> list[str]:
    """Return the files of the provider that provide most rows, best first."""
    provider = _direction(group)[0]
    counts: Counter[str] = Counter()
    for row in group.rows:
        sides = row.offered if row.provider == provider else row.used
        counts.update(sides[:1])
    return [file for file, _ in counts.most_common()]


def _interface(group: _Bundle) -> Interface:
    rows = sorted((*group.rows, *group.names), key=lambda row: row.number)
    provider, directed = _direction(group)
    consumer = rows[0].consumer if rows[0].provider == provider else rows[0].provider
    used: Counter[str] = Counter()
    for row in rows:
        used.update((row.used if row.consumer == consumer else row.offered)[:1])
    files = _offered(group)
    return Interface(
        group.family,
        _title(group.family, files, rows),
        provider,
        consumer,
        directed,
        tuple(files[:FILES]),
        tuple(file for file, _ in used.most_common(FILES)),
        tuple(row.number for row in rows),
        round(group.score, 3),
    )


def _title(family: Family, files: Sequence[str], rows: Sequence[_Row]) -> str:
    what = str(family)
    if family is Family.HTTP and files and _ending(files[0]) in _SPECIFICATIONS:
        what = "REST API"
    return f"{what}: {', '.join((*_where(files), counted([row.link for row in rows])))}"


def _where(files: Sequence[str]) -> tuple[str, ...]:
    """Name the file, or the folder that has all files, or the first file and how many more there are."""
    if len(files) < 2:
        return tuple(files)
    folder = "/".join(_common([_parent(file).split("/") for file in files]))
    return (f"{folder}/ ({len(files)} files)",) if folder else (f"{files[0]} and {len(files) - 1} more",)


def counted(links: Iterable[Link]) -> str:
    """Count links by kind: `12 routes, 1 field`."""
    kinds = sorted(Counter(link.kind for link in links).items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(_count(_NAMES.get(kind, str(kind)), count) for kind, count in kinds)


def _count(name: str, count: int) -> str:
    return f"{count} {name if count == 1 else f'{name[:-1]}ies' if name.endswith('y') else f'{name}s'}"


def _ending(file: str) -> str:
    return f".{file.rpartition('.')[2].lower()}" if "." in file.rpartition("/")[2] else ""


def _common(folders: Sequence[Sequence[str]]) -> list[str]:
    """Return the parts with which all these folders begin."""
    common: list[str] = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return common
