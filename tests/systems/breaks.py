"""`scripts/map-quality --breaks`: how many breaks of interfaces are flagged, how many harmless edits, and how fast."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple

from supervisor.core.map.drift import drifts
from supervisor.domain.child import Child
from supervisor.domain.link import Drift, Link
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import WorkspacePaths
from tests.systems import repos
from tests.systems.harmless import harmless, unshared
from tests.systems.labels import System, fold, plain, shows
from tests.systems.mutate import Edit, breaks

SEED = 17
COUNT = 200  # breaks, and as many harmless edits
FLAGGED, FALSE, WITHIN = 0.8, 0.05, 1.0  # what is wanted: shares, and seconds


class Outcome(NamedTuple):
    edit: Edit
    held_out: bool
    found: tuple[Drift, ...]
    flagged: bool  # the break is among them, with the line of another repo
    false: bool  # something else is
    seconds: float
    floor: float  # of `git status` in the same repo


class _Bench:
    """One system, with a warm map of its repos."""

    def __init__(self, system: System, folder: Path, cache: Path, say: Callable[[str], None], source: str) -> None:
        self.system = system
        self.paths = repos.make(system, folder / "repos", cache, say, source)
        self.sources = repos.sources(self.paths)
        self._workspace = WorkspacePaths(folder / "workspace")
        self._kept = folder / "kept"
        (folder / "workspace").mkdir()
        self._children = [Child(name, str(path)) for name, path in self.paths.items()]
        self.before = self._survey()
        shutil.copytree(self._workspace.state, self._kept)

    def _survey(self) -> tuple[Link, ...]:
        return survey(self._workspace, self._children, lambda *_: None).links

    def carry_out(self, edit: Edit) -> Outcome:
        """Make an edit, look for drifts, and take it back."""
        top = self.paths[edit.child]
        for file, content in edit.files.items():
            _put(top / file, content)
        began = time.monotonic()
        subprocess.run(["git", "status", "--porcelain"], cwd=top, capture_output=True, check=True)
        floor = time.monotonic() - began
        began = time.monotonic()
        found = drifts(self.before, self._survey(), {edit.child})
        seconds = time.monotonic() - began
        for file in edit.files:
            _put(top / file, self.sources[edit.child].get(file))
        shutil.rmtree(self._workspace.state)
        shutil.copytree(self._kept, self._workspace.state)
        right = [drift for drift in found if edit.label is not None and self._is_told(drift, edit)]
        false = any(drift not in right and not _follows(drift, edit) for drift in found)
        return Outcome(edit, self.system.held_out, found, bool(right), false, seconds, floor)

    def _is_told(self, drift: Drift, edit: Edit) -> bool:
        """Whether a drift names the broken label and a line of another repo that has it."""
        label = edit.label
        assert label is not None
        named = {plain(str(drift.kind), spelling) for spelling in label.spellings}
        mine = plain(str(drift.kind), drift.name)
        same = mine in named or fold(drift.name) in map(fold, label.spellings)
        if not same and (drift.kind == "route" and "route" in label.kinds):
            same = any(mine.endswith(f"/{it}") or it.endswith(f"/{mine}") for it in named)
        if not same:
            same = any(fold(place.shown) in edit.words and fold(place.shown) for place in drift.was)
        lines = [
            self._line(place.child, place.file, place.line)
            for place in drift.theirs
            if place.child != edit.child and place.line
        ]
        kinds = frozenset((str(drift.kind),))
        return same and any(
            shows(kinds | label.kinds, spelling, line) for line in lines for spelling in (*label.spellings, drift.name)
        )

    def _line(self, child: str, file: str, number: int) -> str:
        lines = self.sources[child].get(file, b"").decode("utf-8", "replace").split("\n")
        return lines[number - 1] if number <= len(lines) else ""


def _follows(drift: Drift, edit: Edit) -> bool:
    """Whether a drift follows from a break: what it names was on a changed line, or has the changed word."""
    if edit.label is None:
        return False
    on_line = any((place.file, place.line) in edit.lines for place in drift.was)
    return (
        on_line
        or (drift.kind == "copy" and any(place.file in edit.files for place in drift.was))
        or any(word and word in fold(drift.name) for word in edit.words)
    )


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def chosen(edits: Iterable[Edit], count: int, random: Random) -> list[Edit]:
    """Choose edits so that each way, and of each way each system, comes as often as it can."""
    by_way: dict[str, dict[str, list[Edit]]] = defaultdict(lambda: defaultdict(list))
    for edit in edits:
        if edit.files:
            by_way[edit.way][edit.system].append(edit)
    turns = []
    for _, by_system in sorted(by_way.items()):
        for several in by_system.values():
            random.shuffle(several)
        names = sorted(by_system)
        random.shuffle(names)
        longest = max(map(len, by_system.values()))
        turns.append([by_system[name][at] for at in range(longest) for name in names if at < len(by_system[name])])
    rounds = [turn[at] for at in range(max(map(len, turns), default=0)) for turn in turns if at < len(turn)]
    return rounds[:count]


def measure(
    systems: Sequence[System],
    top: Path,
    cache: Path,
    say: Callable[[str], None],
    source: str = repos.SOURCE,
    count: int = COUNT,
    seed: int = SEED,
) -> tuple[list[Outcome], dict[str, str]]:
    """Carry out `count` breaks and as many harmless edits. Also returns why a system could not be made, by name."""
    benches: dict[str, _Bench] = {}
    skipped: dict[str, str] = {}
    broken: list[Edit] = []
    intact: list[Edit] = []
    for system in systems:
        if system.pinned:
            continue  # checkouts that the cache shares
        say(f"{system.name}: making {len(system.children)} repos, surveying")
        try:
            bench = benches[system.name] = _Bench(system, top / system.name, cache, say, source)
        except repos.FetchError as error:
            skipped[system.name] = str(error)
            continue
        broken += breaks(system, bench.sources, Random(f"{seed} {system.name} breaks"))
        intact += harmless(system, bench.sources, Random(f"{seed} {system.name} harmless"))
        intact += unshared(system, bench.sources)
    random = Random(seed)
    edits = [*chosen(broken, count, random), *chosen(intact, count, random)]
    edits.sort(key=lambda edit: edit.system)
    outcomes = []
    for number, edit in enumerate(edits):
        if number % 50 == 0:
            say(f"{number} of {len(edits)} edits")
        outcomes.append(benches[edit.system].carry_out(edit))
    return outcomes, skipped


class Figures(NamedTuple):
    flagged: float  # share of the breaks
    false: float  # share of all edits that flag something which they do not break
    median: float
    worst: float
    floor: float

    @property
    def reached(self) -> bool:
        return self.flagged >= FLAGGED and self.false <= FALSE and self.worst <= WITHIN


def figures(outcomes: Sequence[Outcome]) -> Figures:
    broken = [it for it in outcomes if it.edit.label is not None]
    times = [it.seconds for it in outcomes]
    return Figures(
        sum(it.flagged for it in broken) / max(1, len(broken)),
        sum(it.false for it in outcomes) / max(1, len(outcomes)),
        median(times),
        max(times),
        median([it.floor for it in outcomes]),
    )


def report(outcomes: Sequence[Outcome], skipped: dict[str, str], *, verbose: bool, reveal: bool) -> list[str]:
    """The table by kind of break, and below it what was missed."""
    rows: dict[tuple[bool, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        rows[one.edit.label is None, one.edit.way].append(one)
    lines = [f"{'break':<38} {'edits':>5} {'flagged':>8} {'false':>6}"]
    for (intact, way), group in sorted(rows.items()):
        told = "" if intact else f"{sum(it.flagged for it in group) / len(group):.0%}"
        name = f"harmless: {way}" if intact else way
        lines.append(f"{name:<38} {len(group):>5} {told:>8} {sum(it.false for it in group):>6}")
    for name, part in (("tuned on", False), ("held out", True)):
        if group := [it for it in outcomes if it.held_out is part]:
            sums = figures(group)
            lines.append(f"{name:<38} {len(group):>5} {sums.flagged:>8.0%} {sums.false:>6.1%}")
    sums = figures(outcomes)
    lines.append(f"{'all':<38} {len(outcomes):>5} {sums.flagged:>8.0%} {sums.false:>6.1%}")
    lines.append(f"seconds: median {sums.median:.2f}, worst {sums.worst:.2f} (git status: median {sums.floor:.3f})")
    lines.append(f"wanted: {FLAGGED:.0%} flagged, at most {FALSE:.0%} false, each within {WITHIN:.0f} s")
    if verbose:
        for one in outcomes:
            if (reveal or not one.held_out) and (one.false or not (one.flagged or one.edit.label is None)):
                missed = not one.flagged and one.edit.label is not None
                lines.append(f"{'false ' * one.false}{'missed ' * missed}{one.edit.told}")
                lines += [
                    f"    {it.kind} {it.name}: {it.what}; was {_at(it.was)}; theirs {_at(it.theirs)}"
                    for it in one.found
                ]
    lines += [f"{name}: not measured: {reason}" for name, reason in skipped.items()]
    return lines


def _at(places: Iterable[Any]) -> str:
    return ", ".join(f"{it.child}/{it.file}:{it.line}" for it in places)


def as_json(outcomes: Sequence[Outcome], skipped: dict[str, str], *, reveal: bool) -> str:
    ways: dict[str, dict[str, Any]] = {}
    for one in outcomes:
        row = ways.setdefault(one.edit.way, {"harmless": one.edit.label is None, "edits": 0, "flagged": 0, "false": 0})
        row["edits"] += 1
        row["flagged"] += one.flagged
        row["false"] += one.false
    sums = figures(outcomes)
    missed = [it.edit.told for it in outcomes if it.edit.label and not it.flagged and (reveal or not it.held_out)]
    wrong = [it.edit.told for it in outcomes if it.false and (reveal or not it.held_out)]
    data = {"ways": ways, **sums._asdict(), "reached": sums.reached, "missed": missed, "false_alarms": wrong}
    return json.dumps({**data, "skipped": skipped}, indent=2, ensure_ascii=False)
