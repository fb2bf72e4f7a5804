"""The map of a few sources that are written in a test: from the files of each repo to the rows."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.core.map.links import Occurrence, join_key, links
from supervisor.core.map.mention.mentions import mentions
from supervisor.domain.link import Link
from supervisor.wire.source import is_test, language_of
from supervisor.wire.source.read import literals

Row = tuple[str, str, str]  # kind, name, and for each place its child and role


def occurrences(child: str, files: Mapping[str, str]) -> list[Occurrence]:
    """What the files of a repo mention, by name."""
    found = []
    for name, source in files.items():
        language = language_of(name)
        assert language is not None, f"{name} is not read"
        for one in mentions(literals(language, source.encode()), language, name):
            found.append(Occurrence(join_key(one), child, name, is_test(name), one))
    return found


def linked(**children: Mapping[str, str]) -> tuple[Link, ...]:
    """The links of repos, each given by its files."""
    return links([one for child, files in children.items() for one in occurrences(child, files)])


def rows(**children: Mapping[str, str]) -> list[Row]:
    """The links of repos, in a form that is easy to compare: `("route", "/a", "api provides, web uses")`."""
    found = []
    for link in linked(**children):
        sides = dict.fromkeys(f"{place.child} {place.role}" for place in link.places)
        found.append((str(link.kind), link.name, ", ".join(sides)))
    return found
