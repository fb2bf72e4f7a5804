"""The graph of the tasks for a terminal: a line for each task, the lanes of the arrows to its left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supervisor.core.view.graph.layers import Node, layers
from supervisor.core.view.graph.palette import palette_of

LANES = 24  # columns: a deep task still has room for its name


class Branch(NamedTuple):
    """A task of the drawing: how deep it lies, a mark for its state, and what it waits for."""

    node: Node
    depth: int
    lanes: str
    mark: str


def drawing(nodes: Sequence[Node]) -> list[Branch]:
    """Return the tasks as a tree: each below the last of those that it waits for, the others are named beside it.

    `lanes` has two columns for each level, drawn with `│ ├─ └─`; of a deep one only the last LANES columns.
    """
    rows_of = layers(nodes)
    order = {node.id: at for at, node in enumerate(node for row in rows_of for node in row)}
    level = {node.id: at for at, row in enumerate(rows_of) for node in row}
    below: dict[str | None, list[Node]] = {}
    for node in nodes:
        sooner = [name for name in node.after if level.get(name, level[node.id]) < level[node.id]]
        parent = max(sooner, key=lambda name: (level[name], order[name])) if sooner else None
        below.setdefault(parent, []).append(node)
    rows: list[Branch] = []
    stack = [(node, 0, "", "") for node in reversed(below.get(None, []))]
    while stack:
        node, depth, lanes, ahead = stack.pop()
        near = lanes if len(lanes) <= LANES else f"…{lanes[1 - LANES :]}"
        rows.append(Branch(node, depth, near, palette_of(node.state).mark))
        children = below.get(node.id, [])
        for child in reversed(children):
            last = child is children[-1]
            stack.append((child, depth + 1, ahead + ("└─" if last else "├─"), ahead + ("  " if last else "│ ")))
    return rows
