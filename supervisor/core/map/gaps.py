"""Say what the map did not understand, so that nobody takes silence for "there is nothing"."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from supervisor.core.map.mention import stopwords
from supervisor.core.map.mention.routes import MOUNT
from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Gap, Kind, Link, Role, Surveyed, UnresolvedCall

PLACES = 5
"""Places that a gap names."""

FEW = 3  # sure rows: two repos of some size that share fewer may be tied in ways that we cannot see
SURE = 0.6  # the score of such a row
SIZE = 20  # source files of a repo of some size


def gaps(
    children: Sequence[Surveyed],
    links: Sequence[Link],
    alone: Iterable[Sequence[Occurrence]],
    calls: Mapping[str, Sequence[tuple[str, UnresolvedCall]]],
    unread: Mapping[str, Mapping[str, int]],
) -> tuple[Gap, ...]:
    """Return what was not understood.

    `alone` are the routes that only one child has; `calls` the requests of each child whose address its source does
    not show, with their files; `unread` the files of each child in languages that are not read, by language.
    """
    return (
        *_poor(children, links),
        *_unresolved(calls),
        *(_one_sided(alone) if sum(not one.problem for one in children) > 1 else ()),
        *_unread(unread),
    )


def _poor(children: Sequence[Surveyed], links: Sequence[Link]) -> Iterator[Gap]:
    sure: Counter[tuple[str, str]] = Counter()
    for link in links:
        if link.score >= SURE and link.kind is not Kind.COMMIT:
            sure.update(combinations(sorted(link.children), 2))
    large = [one for one in children if one.files >= SIZE]
    for a, b in combinations(sorted(large, key=lambda one: one.child), 2):
        count = sure[a.child, b.child]
        if count < FEW:
            found = f"only {count} sure row{'s' if count > 1 else ''}" if count else "no sure row"
            what = (
                f"{found} between repos of {a.files} and {b.files} source files: "
                "if they work together, they do it in a way that was not recognised"
            )
            yield Gap((a.child, b.child), what)


def _unresolved(calls: Mapping[str, Sequence[tuple[str, UnresolvedCall]]]) -> Iterator[Gap]:
    for child, found in sorted(calls.items()):
        if found:
            what = (
                f"{_calls(len(found))} whose address is made elsewhere (such as `{found[0][1].text}`), "
                "so the route was not resolved"
            )
            yield Gap((child,), what, tuple(f"{file}:{call.line}" for file, call in found[:PLACES]), len(found))


def _calls(count: int) -> str:
    return f"{count} calls look like HTTP," if count > 1 else "1 call looks like HTTP,"


def _one_sided(alone: Iterable[Sequence[Occurrence]]) -> Iterator[Gap]:
    """Count the routes that nobody else calls, and the calls that nobody else serves."""
    served: dict[str, list[str]] = defaultdict(list)
    called: dict[str, list[str]] = defaultdict(list)
    for group in alone:
        own = [one for one in group if not one.test and one.mention.detail != MOUNT and not one.mention.weak]
        if not own or own[0].mention.name in stopwords.ROUTES:
            continue
        child, roles = own[0].child, {one.mention.role for one in own}
        first = min(own, key=lambda one: (one.file, one.mention.line))
        place = f"{first.file}:{first.mention.line}"
        if Role.PROVIDES in roles and Role.USES not in roles:
            served[child].append(place)
        elif roles == {Role.USES}:
            called[child].append(place)
    for side, one, many in (
        (called, "route is called that no repo here serves", "routes are called that no repo here serves"),
        (served, "route is served that no other repo calls", "routes are served that no other repo calls"),
    ):
        for child, places in sorted(side.items()):
            what = f"{len(places)} {one if len(places) == 1 else many}"
            yield Gap((child,), what, tuple(sorted(places)[:PLACES]), len(places))


def _unread(unread: Mapping[str, Mapping[str, int]]) -> Iterator[Gap]:
    for child, languages in sorted(unread.items()):
        if languages:
            most = sorted(languages.items(), key=lambda one: (-one[1], one[0]))
            named = ", ".join(f"{language} ({count} file{'s' if count > 1 else ''})" for language, count in most)
            yield Gap((child,), f"not read: {named}", count=sum(languages.values()))
