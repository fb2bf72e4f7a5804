"""The tasks as a graph: each in the layer behind the tasks that it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from supervisor.domain.status import TaskInfo

SWEEPS = 4  # passes that bring tasks near to those that they are tied to


class Node(NamedTuple):
    """A task. `after`: those that it waits for and that are nodes too."""

    id: str
    title: str
    child: str
    state: str
    after: tuple[str, ...] = ()


def nodes_of(tasks: Iterable[TaskInfo], *, every: bool = False) -> list[Node]:
    """Return the tasks of a status as nodes, in their order; retired ones only with `every`."""
    shown = [task for task in tasks if every or task.state != "retired"]
    return tied(Node(task.id, task.title or "", task.child or "", str(task.state), tuple(task.after)) for task in shown)


def tied(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes, each only once, and without ties to tasks that are none of them."""
    known = {node.id: node for node in nodes}
    return [
        node._replace(after=tuple(one for one in dict.fromkeys(node.after) if one in known and one != node.id))
        for node in known.values()
    ]


def layers(nodes: Sequence[Node]) -> list[list[Node]]:
    """Return the nodes by layers: the first has those that wait for none, each other one lies behind all it waits for.

    Within a layer, nodes stand near those they are tied to. A circle, which no accepted plan has, ends up in one layer.
    """
    depth: dict[str, int] = {}
    waiting = {node.id: set(node.after) for node in nodes}
    level = 0
    while waiting:
        ready = [name for name, after in waiting.items() if not after - depth.keys()] or list(waiting)
        depth |= dict.fromkeys(ready, level)
        waiting = {name: after for name, after in waiting.items() if name not in depth}
        level += 1
    rows = [[node for node in nodes if depth[node.id] == at] for at in range(level)]
    behind: dict[str, list[str]] = {node.id: [] for node in nodes}
    for node in nodes:
        for name in node.after:
            behind[name].append(node.id)
    before = {node.id: list(node.after) for node in nodes}
    for sweep in range(SWEEPS):
        ties = behind if sweep % 2 else before
        place = {node.id: at for row in rows for at, node in enumerate(row)}
        for row in reversed(rows) if sweep % 2 else rows:
            row.sort(key=lambda node: _middle([place[name] for name in ties[node.id]], place[node.id]))
            place |= {node.id: at for at, node in enumerate(row)}
    return rows


def _middle(places: Sequence[int], otherwise: int) -> float:
    return sum(places) / len(places) if places else float(otherwise)
