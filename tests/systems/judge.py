"""Compare the rows of a map with the labels of a system. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.systems.baseline import LITERAL
from tests.systems.labels import ANY, Link, System, fold, pieces, plain, shows

SHOWN = 20  # rows that are judged
_NEAR = 3  # lines below a place in which the rest of its text may stand


class Verdict(StrEnum):
    RIGHT = "right"
    REPEATED = "repeated"  # the same as a row above it
    IGNORED = "ignored"
    WRONG = "wrong"
    TRAP = "trap"


@dataclass(frozen=True, slots=True)
class Judgement:
    system: str
    rows: int  # in the whole map
    verdicts: tuple[tuple[Verdict, dict[str, Any]], ...]  # of the rows shown
    missed: tuple[Link, ...]
    labels: int
    unproven: tuple[str, ...]
    pairs: int = 0  # labels of commits that belong together
    unpaired: tuple[Link, ...] = ()  # those of them that no row has, shown or not
    unquoted: int = 0  # labels of links whose sides share no text in quotes
    unnoticed: tuple[Link, ...] = ()  # those of them that no row has, shown or not

    @property
    def precision(self) -> float:
        """The share of the shown rows that are right, among those that count."""
        right = sum(verdict is Verdict.RIGHT for verdict, _ in self.verdicts)
        counted = sum(verdict in (Verdict.RIGHT, Verdict.WRONG, Verdict.TRAP) for verdict, _ in self.verdicts)
        return right / counted if counted else 0.0

    @property
    def recall(self) -> float:
        """The share of the labels that were shown, among those that could have been."""
        right = sum(verdict is Verdict.RIGHT for verdict, _ in self.verdicts)
        return right / min(self.labels, SHOWN)


def judge(
    system: System, rows: list[dict[str, Any]], says: Callable[[str, str], str | None], shown: int = SHOWN
) -> Judgement:
    """Judge the first rows of a map, as far as they are above its line.

    `says(child, file)` returns the text of a file, or of a log if `file` is empty.
    """
    found: set[int] = set()
    verdicts = []
    for row in [it for it in rows[:shown] if it.get("sure", True)]:  # below the line, a row claims nothing
        matching = [
            (rank, number)
            for number, label in enumerate(system.labels)
            if (rank := _match(label, row)) is not None and _same_children(label, row)
        ]
        new = sorted(pair for pair in matching if pair[1] not in found)
        # A label that matches exactly and was found already is not replaced by one that only nearly matches.
        if new and (new[0][0] == 0 or not any(rank == 0 for rank, _ in matching)):
            found.add(new[0][1])
            verdicts.append((Verdict.RIGHT, row))
        elif matching:
            verdicts.append((Verdict.REPEATED, row))
        elif any(_match(link, row) == 0 for link in system.traps):
            verdicts.append((Verdict.TRAP, row))
        elif any(_match(link, row) is not None for link in system.ignorable) or _of_known_names(system, row):
            verdicts.append((Verdict.IGNORED, row))
        else:
            verdicts.append((Verdict.WRONG, row))
    missed = tuple(label for number, label in enumerate(system.labels) if number not in found)
    pairs = [label for label in system.labels if "commit" in label.kinds]
    unquoted = [label for label in system.labels if not label.literal]
    return Judgement(
        system.name,
        len(rows),
        tuple(verdicts),
        missed,
        len(system.labels),
        tuple(_unproven(rows, says)),
        len(pairs),
        tuple(label for label in pairs if not _has(rows, label)),
        len(unquoted),
        tuple(label for label in unquoted if not _has(rows, label)),
    )


def _has(rows: list[dict[str, Any]], label: Link) -> bool:
    return any(_match(label, row) is not None and _same_children(label, row) for row in rows)


def _of_known_names(system: System, row: dict[str, Any]) -> bool:
    """Whether a row pairs commits for a true link whose commits nobody labelled."""
    if not system.pinned or str(row["kind"]) != "commit":
        return False
    names = {fold(name.partition(" and ")[0]) for name in str(row["name"]).split(", ")}
    paired = {fold(spelling) for link in system.labels if link.commits for spelling in link.spellings}
    return any(fold(spelling) in names - paired for link in system.labels for spelling in link.spellings)


def _match(link: Link, row: dict[str, Any]) -> int | None:
    """0 if the row matches the label exactly, 1 if nearly, None if not."""
    kind, name = str(row["kind"]), str(row["name"])
    if kind == LITERAL:
        kinds = sorted(link.kinds - {"commit", ANY}) or (["key"] if ANY in link.kinds else [])
        return min((rank for it in kinds if (rank := _match(link, row | {"kind": it})) is not None), default=None)
    if not link.of_kind(kind) or (kind == "commit" and "commit" not in link.kinds):
        return None  # no name of any kind is one of commits
    if kind == "commit" and link.commits:
        ids = [(str(place["child"]), str(place.get("file") or "")) for place in row.get("places", ())]
        paired = all(any(it == child and _begins(oid, starts) for it, oid in ids) for child, starts in link.commits)
        return 0 if paired else None
    if kind == "commit":
        texts = fold(" ".join([name, *(str(place.get("text", "")) for place in row.get("places", ()))]))
        return 0 if any(fold(spelling) in texts for spelling in link.spellings) else None
    wanted = {plain(kind, spelling) for spelling in link.spellings}
    if plain(kind, name) in wanted:
        return 0
    if kind == "route":
        return 1 if any(_tail(pieces(name), want.split("/")) for want in wanted) else None
    first = name.split("=")[0].split("(")[0].split(" ")[0]
    last = name.replace("/", ".").rpartition(".")[2]
    return 1 if {plain(kind, first), plain(kind, last)} & wanted - {""} else None


def _begins(oid: str, starts: frozenset[str]) -> bool:
    return bool(oid) and any(oid.startswith(start) or start.startswith(oid) for start in starts)


def _tail(one: list[str], other: list[str]) -> bool:
    """Whether the longer path ends with the shorter one, which has a word of its own. A prefix may be set elsewhere."""
    short, long = sorted((one, other), key=len)
    return bool(short) and any(piece != "{}" for piece in short) and long[-len(short) :] == short


def _same_children(label: Link, row: dict[str, Any]) -> bool:
    return len(label.children & set(row.get("children", ()))) >= min(2, len(label.children))


_BYTES = 16  # lines from the first byte of a UUID in which the others may stand
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_ASSIGNED = "00001000800000805f9b34fb"


def _has_uuid(name: str, text: str) -> bool:
    """Whether a text has a UUID as numbers: its bytes in either order, its parts, or what Bluetooth shortens it to."""
    if not _UUID.fullmatch(name):
        return False
    digits = fold(name)
    if digits.endswith(_ASSIGNED) and digits[4:8] in fold(text.partition("\n")[0]):
        return True
    written = "".join(re.findall(r"0x([0-9a-f]+)", text.lower()))
    return digits in written or bytes.fromhex(digits)[::-1].hex() in written


_HOLE = re.compile(r"""["'`]/?(?:\{\w+[^/"'`]*\}|:\w+|<[\w:]+>)/?["'`]""")
"""A route that is nothing but a placeholder."""


def _unproven(rows: list[dict[str, Any]], says: Callable[[str, str], str | None]) -> list[str]:
    """The places whose line does not have what the row claims."""
    wrong = []
    for row in rows:
        kind, name = str(row["kind"]), str(row["name"])
        if not row.get("places"):
            wrong.append(f"{kind} {name}: no places")
        for place in row.get("places", ()):
            child, file, line = str(place["child"]), str(place.get("file") or ""), int(place.get("line") or 0)
            text = fold(str(place.get("text") or "").rstrip("….").removesuffix("..."))
            where = f"{kind} {name}: {child}/{file}:{line}"
            if kind == "commit" and (not file or not line):
                if text and text not in fold(says(child, "") or ""):
                    wrong.append(f"{where}: no commit says {place.get('text')!r}")
                continue
            content = says(child, file)
            if content is None:
                wrong.append(f"{where}: no such file")
                continue
            if kind == "copy" or (not line and fold(name) in fold(f"{child}/{file}")):
                continue  # the file as a whole has it
            lines = content.split("\n")
            if not 0 < line <= len(lines):
                wrong.append(f"{where}: no such line")
            elif kind == "route" and name.endswith("}") and _HOLE.search(lines[line - 1]):
                continue  # declared below a prefix that another file has
            elif _has_uuid(name, "\n".join(lines[line - 1 : line + _BYTES])):
                continue
            elif kind != "commit" and not shows(frozenset((kind,)), name, lines[line - 1]):
                wrong.append(f"{where}: the line says {lines[line - 1].strip()[:100]!r}")
            elif text and text not in fold("\n".join(lines[line - 1 : line + _NEAR])):
                wrong.append(f"{where}: the line does not say {str(place.get('text'))[:100]!r}")
    return wrong
