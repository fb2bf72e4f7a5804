"""The labels of whole repos, and how what `orch snapshot` states is judged by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent / "snapshots"
PURPOSES = frozenset(("setup", "build", "test", "lint", "format", "run", "release"))
KINDS = ("about", "command", "entry", "rule", "document")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the snapshot says in one line. `part` is the purpose of a command or the kind of a document."""

    kind: str  # one of KINDS
    text: str  # a command, a path, `path:line` of an entry, `path: words` of a rule
    part: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.part + ': ' if self.part else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true. Any of `texts` says it; one that ends in `...` stands for all that begin so."""

    kind: str
    texts: tuple[str, ...]
    parts: frozenset[str] = frozenset()  # empty: any
    wanted: bool = True  # else it may be said, and is neither right nor missed

    def __str__(self) -> str:
        return f"{self.kind} {'|'.join(sorted(self.parts)) + ': ' if self.parts else ''}{self.texts[0]}"

    def covers(self, said: Statement) -> bool:
        """Return whether the statement says this."""
        if said.kind != self.kind or (self.parts and said.part not in self.parts):
            return False
        return any(_covers(self.kind, text, said.text) for text in self.texts)


@dataclass(frozen=True, slots=True)
class LabelledRepo:
    name: str
    repo: str  # owner/name on GitHub
    commit: str
    held_out: bool
    truths: tuple[Truth, ...]

    @property
    def wanted(self) -> list[Truth]:
        return [truth for truth in self.truths if truth.wanted]


@dataclass(frozen=True, slots=True)
class Score:
    """How many statements are right or wrong, and how many truths were said. Neutral statements count for nothing."""

    right: int
    wrong: tuple[Statement, ...]
    missed: tuple[Truth, ...]
    wanted: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong)) if self.right or self.wrong else 1.0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.wanted if self.wanted else 1.0


def repos() -> list[LabelledRepo]:
    return [load(path) for path in sorted(HERE.glob("*.yaml"))]


def load(path: Path) -> LabelledRepo:
    """Read a label file. Raises AssertionError if it is not of the form that README.md describes."""
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    also: dict[str, Any] = data.pop("also", {})
    unknown = (set(data) - {"repo", "commit", "held_out", *_PARTS}) | (set(also) - set(_PARTS))
    assert not unknown, f"{path.name}: no such key: {', '.join(sorted(unknown))}"
    truths = (*_truths(data, wanted=True), *_truths(also, wanted=False))
    for truth in truths:
        assert truth.kind != "command" or truth.parts <= PURPOSES, f"{path.name}: no such purpose in {truth}"
    assert re.fullmatch("[0-9a-f]{40}", data["commit"]), f"{path.name}: the commit is no full hash"
    return LabelledRepo(path.stem, data["repo"], data["commit"], data["held_out"], truths)


def judge(truths: Sequence[Truth], said: Iterable[Statement]) -> Score:
    """Compare statements with what is true. A truth that is said twice counts once, and neither time as wrong."""
    found: set[int] = set()
    wrong: list[Statement] = []
    for statement in said:
        covering = [number for number, truth in enumerate(truths) if truth.covers(statement)]
        found.update(number for number in covering if truths[number].wanted)
        if not covering:
            wrong.append(statement)
    missed = tuple(truth for number, truth in enumerate(truths) if truth.wanted and number not in found)
    return Score(len(found), tuple(wrong), missed, sum(truth.wanted for truth in truths))


def statements(markdown: str) -> list[Statement]:
    """Read what `orch snapshot --tokens` prints: commands, entry points, rules, documents and what the repo is."""
    section, found = "", []
    for line in markdown.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("- ") and (pattern := _LINES.get(section)) is not None:
            match = pattern[1].fullmatch(line[2:])
            if match is not None:
                groups = match.groupdict("")
                text, part = groups["text"], groups.get("part", "")
                if pattern[0] == "rule":
                    part, text = "", f"{part.rpartition(':')[0] or part}: {_unescaped(text)}"
                found.append(Statement(pattern[0], _unescaped(text) if pattern[0] == "about" else text, part))
    return found


_PARTS = ("about", "docs", "commands", "entries", "rules")
_SPAN = r"(?P<fence>`+) ?(?P<text>.+?) ?(?P=fence)"
_LINES = {
    "What it is": ("about", re.compile(r"(?P<text>.*) \(`[^`]*`\)")),
    "Commands": ("command", re.compile(rf"(?P<part>\w+): {_SPAN} \(.*\)")),
    "Before a commit or release": ("rule", re.compile(r"\w+: (?P<text>.*) \(`(?P<part>[^`]*)`\)")),
    "Code": ("entry", re.compile(rf"starts in {_SPAN} \(.*\)")),
    "Documents": ("document", re.compile(rf"(?P<part>\w+) {_SPAN}(: .*)?")),
}


def _truths(data: dict[str, Any], *, wanted: bool) -> Iterable[Truth]:
    if about := data.get("about"):
        yield Truth("about", tuple(about), wanted=wanted)
    for path, kind in data.get("docs", {}).items():
        yield Truth("document", (path,), frozenset(() if kind == "*" else kind.split("|")), wanted)
    for purposes, *texts in data.get("commands", ()):
        yield Truth("command", tuple(texts), frozenset(purposes.split("|")), wanted)
    for path in data.get("entries", ()):
        yield Truth("entry", (path,), wanted=wanted)
    for rule in data.get("rules", ()):
        yield Truth("rule", (f"{rule['path']}: {rule.get('words', '')}",), wanted=wanted)


def _covers(kind: str, true: str, said: str) -> bool:
    if kind == "about":
        return _folded(said).startswith(_folded(true))
    if kind == "entry":
        return said == true or said.rpartition(":")[0] == true
    if kind == "rule":
        path, _, words = true.partition(": ")
        return said.partition(": ")[0] == path and _folded(words) in _folded(said.partition(": ")[2])
    if true.endswith("..."):
        return said.startswith(true.removesuffix("...").rstrip())
    return said == true


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[`*“”\"'()]", "", text).lower().split())


def _unescaped(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace("&lt;", "<")
