"""The graph of the tasks in Mermaid, for runs.md and for whatever shows Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.core.view.graph.layers import Node
from supervisor.core.view.graph.palette import palette_of

TITLE = 60  # characters of a title


def mermaid(nodes: Sequence[Node]) -> str:
    """Return a `flowchart`. What the plan says stands in quotes, and no mark of it can end them or mean anything."""
    names = {node.id: f"t{at}" for at, node in enumerate(nodes)}
    states = dict.fromkeys(node.state for node in nodes)
    classes = {state: f"s{at}" for at, state in enumerate(states)}
    lines = ["flowchart LR"]
    for node in nodes:
        title = node.title if len(node.title) <= TITLE else node.title[: TITLE - 1] + "…"
        words = f"{_inert(node.id)}: {_inert(title)}<br/>{_inert(node.child)}, {_inert(node.state.replace('_', ' '))}"
        lines.append(f'    {names[node.id]}["{words}"]:::{classes[node.state]}')
    lines += [f"    {names[name]} --> {names[node.id]}" for node in nodes for name in node.after if name in names]
    for state, name in classes.items():
        look = palette_of(state)
        lines.append(f"    classDef {name} fill:{look.fill},stroke:{look.stroke},color:#111")
    return "\n".join(lines)


def _inert(text: str) -> str:
    """Write every mark but letters, digits and a few others as an entity of Mermaid."""
    joined = " ".join(text.split())
    kept = (mark for mark in joined if mark.isprintable())
    return "".join(mark if mark.isalnum() or mark in " .,-_/…" else f"#{ord(mark)};" for mark in kept)
