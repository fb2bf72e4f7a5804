"""What came of the stories: one outcome each, and their sum."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Outcome:
    """What came of one story, or of the end of its stage. Travels from a worker as one line of JSON."""

    seed: int
    played: bool = True  # False: only the stage ended
    seconds: float = 0.0
    planned: str = ""  # the faults and their moments, for people
    faults: list[str] = field(default_factory=list)  # those that were done
    skipped: dict[str, str] = field(default_factory=dict)  # fault -> why it cannot be done here
    held: list[str] = field(default_factory=list)  # promises
    broken: list[tuple[str, str]] = field(default_factory=list)  # promise, what is wrong
    states: dict[str, int] = field(default_factory=dict)  # of its tasks at the end
    halted: list[str] = field(default_factory=list)  # why tasks are blocked or failed at the end

    def line(self) -> str:
        return json.dumps(asdict(self))


def outcome_of(line: str) -> Outcome:
    """The outcome that a worker wrote."""
    return Outcome(**json.loads(line))


class Result:
    """The outcomes so far. The order in which they come makes no difference."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self.seconds = 0.0

    def add(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._outcomes.sort(key=lambda one: (one.seed, not one.played))

    @property
    def stories(self) -> int:
        return sum(one.played for one in self._outcomes)

    @property
    def faults(self) -> Counter[str]:
        return Counter(fault for one in self._outcomes for fault in one.faults)

    @property
    def held(self) -> Counter[str]:
        return Counter(name for one in self._outcomes for name in one.held)

    @property
    def skipped(self) -> dict[str, str]:
        return {name: why for one in self._outcomes for name, why in one.skipped.items()}

    @property
    def broken(self) -> list[tuple[int, str, str]]:
        """Story, promise, what is wrong."""
        return [(one.seed, name, seen) for one in self._outcomes for name, seen in one.broken]

    @property
    def states(self) -> Counter[str]:
        return sum((Counter(one.states) for one in self._outcomes), Counter())

    def counts(self) -> dict[str, Any]:
        return {
            "stories": self.stories,
            "seconds": round(self.seconds, 1),
            "faults": dict(sorted(self.faults.items())),
            "skipped": self.skipped,
            "held": dict(self.held),
            "tasks": dict(sorted(self.states.items())),
            "halted": [one for outcome in self._outcomes for one in outcome.halted],
            "broken": [{"story": seed, "promise": name, "seen": seen} for seed, name, seen in self.broken],
        }

    def print(self) -> None:
        each = self.seconds / self.stories if self.stories else 0.0
        print(f"\n{self.stories} stories in {self.seconds:.0f} s, {each:.1f} s each; tasks: {dict(self.states)}\n")
        print("| promise | held | broken |\n|---|---|---|")
        held, broken = self.held, Counter(name for _, name, _ in self.broken)
        for name in dict.fromkeys((*held, *broken)):
            print(f"| {name.replace('_', ' ')} | {held[name]} | {broken[name]} |")
        print("\n| fault | times |\n|---|---|")
        for name, number in sorted(self.faults.items()):
            print(f"| {name} | {number} |")
        for name, why in self.skipped.items():
            print(f"skipped: {name}: {why}")
        for seed, name, seen in self.broken:
            print(f"BROKEN in story {seed}: {name}: {seen}\n  again: scripts/faults --seed {seed} --stories 1")
