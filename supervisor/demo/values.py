"""The numbers, names and paths of a story's contract: found in a prompt, and put where the sample repos hold them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContractValue:
    """Where a file holds a value: the one group of `pattern`."""

    path: str
    value: str
    pattern: re.Pattern[str]
    write: Callable[[str], str] = str


def place(path: str, value: str, pattern: str, write: Callable[[str], str] = str) -> ContractValue:
    return ContractValue(path, value, re.compile(pattern, re.MULTILINE), write)


@dataclass(frozen=True, slots=True)
class Values:
    """What a brief may say, and under which name; what that means, in words; and where files hold it."""

    patterns: Mapping[str, re.Pattern[str]]
    meaning: Mapping[str, str]
    places: Sequence[ContractValue]

    def said(self, texts: Iterable[str]) -> dict[str, str]:
        """The values that the prompts of a thread name; what a later one says replaces what an earlier one said.

        Of several places the last counts: a redirect quotes the old text first. What comes quoted is what other repos
        told: data, and no wish.
        """
        values: dict[str, str] = {}
        for text in texts:
            own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
            for name, pattern in self.patterns.items():
                for found in pattern.finditer(own):
                    minutes = pattern.groups > 1 and found[2].startswith("m")
                    values[name] = f"{float(found[1]) * 60:g}" if minutes else found[1]
        return values

    def put(self, path: str, text: str, values: Mapping[str, str]) -> str:
        """A file of a sample repo with these values in place of its own; nothing else is touched."""
        for place in self.places:
            if place.path == path and place.value in values and (found := place.pattern.search(text)):
                text = text[: found.start(1)] + place.write(values[place.value]) + text[found.end(1) :]
        return text

    def told(self, values: Mapping[str, str]) -> str:
        """The values in words."""
        return "; ".join(self.meaning[name].format(value) for name, value in values.items())
