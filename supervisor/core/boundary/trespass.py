"""Which commands of which child could write another child's work tree, or the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from supervisor.core.boundary.nesting import holds, same
from supervisor.domain.repo.location import Kept, Root, Territory


class Trespass(Struct, frozen=True):
    """The commands of `child` could write what they must not. One of `other` and `kept` is named."""

    child: str
    where: Root | None = None  # None: the child's own work tree
    other: str | None = None  # the child whose work tree it is
    kept: Kept | None = None
    same: bool = False  # both children have one work tree


def trespasses(territories: Sequence[Territory], kept: Sequence[Kept]) -> Iterator[Trespass]:
    """Everything that commands could write although it is not theirs: work trees of others first, then the workspace.

    A child that only reads by the config is asked, too: a task may give it more, unless it is confined.
    """
    for mine in territories:
        for other in territories:
            if other is mine:
                continue
            if holds(mine.tree, other.tree):
                yield Trespass(mine.child, other=other.child, same=same(mine.tree, other.tree))
            elif (root := next((one for one in mine.roots if holds(one.location, other.tree)), None)) is not None:
                yield Trespass(mine.child, root, other.child)
    for mine in territories:
        for part in kept:
            if holds(mine.tree, part.location):
                yield Trespass(mine.child, kept=part)
            for root in mine.roots:
                if holds(root.location, part.location):
                    yield Trespass(mine.child, root, kept=part)


def confined(territories: Sequence[Territory], found: Sequence[Trespass]) -> frozenset[str]:
    """The children that only read, and have to whatever a task says, because they could trespass otherwise."""
    return frozenset(one.child for one in territories if one.reads_only) & {one.child for one in found}


def first_refused(territories: Sequence[Territory], found: Sequence[Trespass]) -> Trespass | None:
    """The first trespass that nothing prevents; None if there is none.

    Two children with one work tree are refused even if one of them only reads: a person means one child.
    """
    safe = confined(territories, found)
    return next((one for one in found if one.same or one.child not in safe), None)
