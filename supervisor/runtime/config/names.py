"""Name children after the folders of their repos."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from supervisor.domain.plan import HUMAN, ORCHESTRATOR

LONGEST = 40  # characters of a name


def names_for(folders: Sequence[Path], taken: Iterable[str] = ()) -> list[str]:
    """Return a valid name for each of these folders: all distinct, also from those `taken`, in any case of letters.

    Folders of one name are told apart by the folder that they are in, and if that does not do it, by a number.
    """
    used = {name.casefold() for name in taken}
    plain = [_valid(folder.name) for folder in folders]
    counts = Counter(name.casefold() for name in plain)
    names = []
    for folder, name in zip(folders, plain, strict=True):
        if counts[name.casefold()] > 1 or name.casefold() in used:
            name = _valid(f"{folder.parent.name}-{folder.name}")
        names.append(name := _distinct(name, used))
        used.add(name.casefold())
    return names


def _valid(text: str) -> str:
    """Return the nearest valid name of a child."""
    plain = unicodedata.normalize("NFKD", text.removesuffix(".git")).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).lstrip("-_")[:LONGEST].rstrip("-_") or "repo"
    return f"{name}-repo" if name.casefold() in (HUMAN, ORCHESTRATOR) else name


def _distinct(name: str, used: set[str]) -> str:
    found, number = name, 1
    while found.casefold() in used:
        number += 1
        found = f"{name[: LONGEST - len(str(number)) - 1]}-{number}"
    return found
