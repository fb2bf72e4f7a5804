"""The numbers, names and paths of a story's contract: find them in a prompt, and write them into the sample repos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from supervisor.regex import regex


@dataclass(frozen=True, slots=True)
class ContractValue:
    """The place of a value in a file."""

    path: str
    value: str  # its name
    pattern: re.Pattern[str]  # its one group is the value
    format: Callable[[str], str] = str  # turns the value of the plan into the text in the file


def place(path: str, value: str, pattern: str, format: Callable[[str], str] = str) -> ContractValue:
    """Declare where in a sample repo a value of the contract stands; `pattern` has one group, with the value."""
    return ContractValue(path, value, regex(pattern, re.MULTILINE), format)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a story."""

    patterns: Mapping[str, re.Pattern[str]]  # how a brief names each value, by the value's name
    words: Mapping[str, str]  # how to describe each value, with `{}` for it
    places: Sequence[ContractValue]

    def read(self, texts: Iterable[str]) -> dict[str, str]:
        """Read the values from the prompts of a thread, oldest first. A later prompt overrides an earlier one.

        Within a prompt the last place counts, because a redirect quotes the old text first. Lines in a Markdown quote
        come from other repos: they are data, not a request, and are skipped.
        """
        values: dict[str, str] = {}
        for text in texts:
            own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
            for name, pattern in self.patterns.items():
                for found in pattern.finditer(own):
                    minutes = pattern.groups > 1 and found[2].startswith("m")
                    values[name] = f"{float(found[1]) * 60:g}" if minutes else found[1]
        return values

    def write(self, path: str, text: str, values: Mapping[str, str]) -> str:
        """Replace the values in the text of a sample file. Nothing else is changed."""
        for place in self.places:
            if place.path == path and place.value in values and (found := place.pattern.search(text)):
                text = text[: found.start(1)] + place.format(values[place.value]) + text[found.end(1) :]
        return text

    def describe(self, values: Mapping[str, str]) -> str:
        """Describe the values in words."""
        return "; ".join(self.words[name].format(value) for name, value in values.items())
