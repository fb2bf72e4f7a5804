"""The numbers and paths of the demo's contract: found in a prompt, and put where the sample repos hold them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

# What a brief may say, and under which name. Of several places the last counts: a redirect quotes the old text first.
_SAID: Mapping[str, re.Pattern[str]] = {
    "location": re.compile(r"Location:\s*(/[\w/.{}-]*\{id\}[\w/.{}-]*)"),
    "report": re.compile(r"POST\s+(/[\w/.-]*\{id\}[\w/.{}-]*)"),
    "retry_after": re.compile(r"Retry-After:\s*(\d+)"),
    "longest": re.compile(r"(?:up to|at most|every)\s+(\d+(?:\.\d+)?)\s*(s|seconds?|min|minutes?)\b"),
    "give_up": re.compile(r"giv(?:e|es|ing) up after\s+(\d+(?:\.\d+)?)\s*(s|seconds?|min|minutes?)\b"),
}

_MEANING: Mapping[str, str] = {
    "location": "the status is at {}",
    "report": "the lamp reports to {}",
    "retry_after": "the next look is after {} s",
    "longest": "{} s between two looks at most",
    "give_up": "given up after {} s",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file holds a value: the one group of `pattern`."""

    path: str
    value: str
    pattern: re.Pattern[str]
    write: Callable[[str], str] = str


def _decimal(number: str) -> str:
    return number if "." in number else f"{number}.0"


def _place(path: str, value: str, pattern: str, write: Callable[[str], str] = str) -> _Place:
    return _Place(path, value, re.compile(pattern, re.MULTILINE), write)


_PLACES = (
    _place("tests/contract.json", "location", r'"location": "([^"]*)"'),
    _place("tests/contract.json", "retry_after", r'"retry_after": (\d+)'),
    _place("tests/contract.json", "report", r'"report": \{\s*"path": "([^"]*)"'),
    _place("backend/app.py", "location", r'^STATUS_PATH = "([^"]*)"'),
    _place("backend/app.py", "report", r'^REPORT_PATH = "([^"]*)"'),
    _place("backend/app.py", "retry_after", r"^RETRY_AFTER = (\d+)"),
    _place("README.md", "location", r"^\| `GET (\S+)` \| the mobile app \| the device; `Retry-After`"),
    _place("README.md", "report", r"^\| `POST (\S+)` `\{\"state\"\}` \| the device"),
    _place("device/boot.py", "report", r'^REPORT_PATH = "([^"]*)"'),
    _place("onboarding/client.py", "retry_after", r"^FIRST_WAIT = ([\d.]+)", _decimal),
    _place("onboarding/client.py", "longest", r"^LONGEST_WAIT = ([\d.]+)", _decimal),
    _place("onboarding/client.py", "give_up", r"^GIVE_UP = ([\d.]+)", _decimal),
)


def said(texts: Iterable[str]) -> dict[str, str]:
    """The values that the prompts of a thread name; what a later one says replaces what an earlier one said.

    What comes quoted is what other repos told: data, and no wish.
    """
    values: dict[str, str] = {}
    for text in texts:
        own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
        for name, pattern in _SAID.items():
            for found in pattern.finditer(own):
                minutes = pattern.groups > 1 and found[2].startswith("m")
                values[name] = f"{float(found[1]) * 60:g}" if minutes else found[1]
    return values


def put(path: str, text: str, values: Mapping[str, str]) -> str:
    """A file of a sample repo with these values in place of its own; nothing else is touched."""
    for place in _PLACES:
        if place.path == path and place.value in values and (found := place.pattern.search(text)):
            text = text[: found.start(1)] + place.write(values[place.value]) + text[found.end(1) :]
    return text


def told(values: Mapping[str, str]) -> str:
    """The values in words."""
    return "; ".join(_MEANING[name].format(value) for name, value in values.items())
