"""The last long run of the fault stories, as docs/promises.md shows it. `scripts/faults --summary` writes the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SUMMARY = Path(__file__).with_name("faults.json")


def section(file: Path = SUMMARY) -> str:
    """What was played, where, and what came of it, as Markdown."""
    run: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    where, last = run["machine"], run["seed"] + run["stories"] - 1
    tasks = ", ".join(f"{number} {state}" for state, number in run["tasks"].items())
    lines = [
        f"On {run['date']}, the stories {run['seed']} to {last} were played in one run: {run['stories']} stories with "
        f"{sum(run['faults'].values())} faults, **{len(run['broken'])} broken promises**. The tasks ended: {tasks}. It "
        f"took {run['seconds'] / 60:.0f} minutes, with `--jobs {where['jobs']}` on {where['cores']} cores: "
        f"{where['kernel']}, Python {where['python']}, Codex {where['codex']}, orch {where['orch']}.",
        "",
        *(f"- Not played: {name}, because {why}" for name, why in run["skipped"].items()),
        *([""] if run["skipped"] else []),
        "| checked after a story | held |",
        "|---|---|",
        *(f"| {name.replace('_', ' ')} | {number} |" for name, number in run["held"].items()),
        "",
        "| fault | times |",
        "|---|---|",
        *(f"| {name} | {number} |" for name, number in run["faults"].items()),
    ]
    if run["broken"]:
        lines += ["", "| story | broken promise |", "|---|---|"]
        lines += [f"| {one['story']} | {one['promise'].replace('_', ' ')} |" for one in run["broken"]]
    return "\n".join(lines)
