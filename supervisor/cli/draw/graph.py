"""`orch graph`: which task waits for which, with their states: for a terminal, as Mermaid, as SVG or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Line, clean, one_line, width
from supervisor.cli.display.fit import cut, cut_line
from supervisor.cli.display.output import STATE_STYLES
from supervisor.core.view.graph.layers import Node, nodes_of
from supervisor.core.view.graph.mermaid import mermaid
from supervisor.core.view.graph.svg import svg
from supervisor.core.view.graph.text import Branch, drawing
from supervisor.domain.json_value import JsonObject
from supervisor.errors import SupervisorDown, UsageError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance

DOWN = 3  # the exit code when no supervisor answers


def graph(
    workspace: WorkspacePaths,
    *,
    as_mermaid: Annotated[bool, Option("--mermaid", "Print it for Mermaid, as in runs.md.")] = False,
    as_svg: Annotated[bool, Option("--svg", "Print it as an SVG that needs nothing else.")] = False,
    every: Annotated[bool, Option("--all", "Show retired tasks too.")] = False,
    as_json: Json = False,
) -> int:
    """Print the graph of the tasks. If no supervisor answers, print the last known one: it ends with DOWN if none is
    up. Raises UsageError for two forms at once."""
    if as_mermaid + as_svg + as_json > 1:
        raise UsageError("`orch graph` prints one form at a time", "give one of --mermaid, --svg and --json")
    orch = api.Workspace(workspace.root)
    error = None
    try:
        found = orch.status_json()
    except SupervisorDown as caught:
        found, error = orch.last_status_json(), caught
    status = glance(found)
    nodes = nodes_of(status.tasks, every=every)
    if as_json:
        output.emit_json(_json(nodes))
    elif as_mermaid:
        output.emit(mermaid([_cleaned(node) for node in nodes]))
    elif as_svg:
        print(svg([_cleaned(node) for node in nodes], one_line(status.plan.title or "")), end="")
    elif nodes:
        columns = output.room(sys.stdout)[0]
        print(output.plain(graph_lines(drawing(nodes), columns), sys.stdout))
    else:
        output.say("there are no tasks: write them into plan.md")
    if error is None:
        return 0
    output.complain(error)
    return 0 if status.supervisor.state == "busy" else DOWN


def _json(nodes: Sequence[Node]) -> JsonObject:
    tasks = [
        {"id": one.id, "title": one.title, "child": one.child, "state": one.state, "after": one.after} for one in nodes
    ]
    edges = [{"from": name, "to": node.id} for node in nodes for name in node.after]
    return {"tasks": tasks, "edges": edges}


def _cleaned(node: Node) -> Node:
    return node._replace(title=clean(node.title), child=clean(node.child), state=clean(node.state))


def graph_lines(rows: Sequence[Branch], columns: int | None) -> list[Line]:
    """Return a line per task: its place in the graph, state, child, title, and the other tasks that it waits for."""
    named = [f"{row.lanes}{one_line(row.node.id)}" for row in rows]
    places = max(width(text) + 2 for text in named)
    states = max(width(one_line(row.node.state)) for row in rows)
    children = max(width(one_line(row.node.child)) for row in rows)
    lines = []
    for row, name in zip(rows, named, strict=True):
        node, style = row.node, STATE_STYLES.get(row.node.state, "")
        state, child = one_line(node.state).replace("_", " "), one_line(node.child)
        others = node.after if len(node.after) > 1 else ()
        after = f"  (after {', '.join(map(one_line, others))})" if others else ""
        cells = (
            Cell(row.lanes, "dim"),
            Cell(f"{row.mark} ", style),
            Cell(cut(one_line(node.id), 40), "bold"),
            Cell(" " * (places - width(name))),
            Cell(state, style),
            Cell(" " * (states - width(state) + 2) + child + " " * (children - width(child) + 2)),
            Cell(one_line(node.title, 100)),
            Cell(after, "dim"),
        )
        lines.append(cut_line(Line(cells), columns))
    return lines
