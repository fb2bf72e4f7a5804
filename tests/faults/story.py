"""What happens in a story: a pure function of its seed, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

LONGEST = 2.0  # seconds after the start of the work in which faults happen
A_STAGE = 6  # stories that are played on one stage, one after the other
CHILDREN = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")


@dataclass(frozen=True, slots=True)
class Job:
    """A task: its child, what it comes after, and the lines that script the model."""

    name: str
    child: str
    after: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file that it writes, with its own name as content."""
        return f"{self.name}.txt"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something goes wrong `at` seconds after the work began. `luck` decides the details."""

    at: float
    kind: str
    luck: int


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    jobs: tuple[Job, ...]
    faults: tuple[Fault, ...]
    down: bool  # it ends with `orch down`, and the next story starts everything again


def stage_of(seed: int) -> int:
    """The number of the stage of a story."""
    return seed // A_STAGE


def children_of(seed: int) -> tuple[str, ...]:
    """The children on the stage of a story: mostly three."""
    return CHILDREN[: 3 + Random(stage_of(seed)).choice((0, 0, 0, 1, 2, 5))]


def story_of(seed: int, children: Sequence[str], kinds: Sequence[str]) -> Story:
    """The story with this number."""
    dice = Random(seed)
    jobs: list[Job] = []
    for number in range(dice.randint(2, 2 + len(children))):
        name = f"S{seed}T{number}"
        after = tuple(one.name for one in jobs if dice.random() < 0.2)
        jobs.append(Job(name, dice.choice(children), after, _lines(dice, name)))
    faults = [
        Fault(round(dice.uniform(0, LONGEST), 2), dice.choice(kinds), dice.getrandbits(32))
        for _ in range(dice.randint(1, 3))
    ]
    return Story(seed, tuple(jobs), tuple(sorted(faults, key=lambda one: one.at)), dice.random() < 0.25)


def _lines(dice: Random, name: str) -> tuple[str, ...]:
    lines = [f"write {name}.txt by {name}"]
    if dice.random() < 0.5:
        lines.insert(dice.randint(0, 1), f"run sleep {dice.choice(('0.1', '0.5', '1.5'))}")
    if dice.random() < 0.3:
        lines.insert(dice.randint(0, len(lines)), f"stream {dice.randint(5, 40)} {dice.randint(0, 30)}")
    if dice.random() < 0.2:
        lines.append(f"escalate echo {name}")
    if dice.random() < 0.1:
        lines.append("ask Which one? | this | that")
    return (*lines, f'report {{"outcome": "done", "summary": "{name} is done"}}')
