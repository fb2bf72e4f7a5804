"""Break a labelled system on one side, as a developer would, or edit it without breaking anything. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import NamedTuple

from tests.systems.labels import Link, System, fold, pieces

Sources = Mapping[str, bytes]
"""The files of one repo: content by path."""


class Edit(NamedTuple):
    """A change of one repo."""

    system: str
    child: str
    way: str
    label: Link | None  # what it breaks; None: nothing
    files: dict[str, bytes | None]  # new contents; None: the file is gone
    lines: frozenset[tuple[str, int]] = frozenset()  # places of the old sources that it changed
    words: frozenset[str] = frozenset()  # names that it changed, folded
    everywhere: bool = False

    @property
    def told(self) -> str:
        what = "" if self.label is None else f" {'/'.join(sorted(self.label.kinds))} {self.label.name}"
        where = ", ".join(f"{file}:{line}" for file, line in sorted(self.lines)[:3]) or ", ".join(sorted(self.files))
        return f"{self.system}/{self.child}: {self.way}{what} at {where}{' and everywhere' if self.everywhere else ''}"


_RENAMED = {
    "topic": "event or topic renamed",
    "error": "enum value or error code renamed",
    "env": "environment variable renamed",
    "header": "header, cookie or flag renamed",
    "cookie": "header, cookie or flag renamed",
    "flag": "header, cookie or flag renamed",
    "key": "field renamed",
    "schema": "type or operation renamed",
    "table": "table renamed",
    "constant": "constant renamed",
}
_GONE = {"topic": "event or code dropped", "error": "event or code dropped", "key": "field gone"}
_WORDS = ("archive", "summary", "detail", "origin", "target", "member", "ticket", "bundle")
_UNITS = {
    "ms": ("seconds", "s"),
    "s": ("ms",),
    "seconds": ("ms", "minutes"),
    "cents": ("euros",),
    "meters": ("km",),
    "mv": ("volts",),
    "percent": ("ratio",),
    "bytes": ("kb",),
}
_TYPES = (
    (
        r"\b(?:int64|int32|int|integer|Int|i64|i32|u64|u32|u16|uint32|uint64|number|long|Long|float|double|Double|f64)\b",
        {"go": "string", "py": "str", "ts": "string", "tsx": "string", "rs": "String", "kt": "String"},
    ),
    (
        r"\b(?:string|String|str|text)\b",
        {"go": "int64", "py": "int", "ts": "number", "tsx": "number", "rs": "u64", "kt": "Int", "graphql": "Int"},
    ),
    (
        r"\b(?:bool|boolean|Boolean|Bool)\b",
        {"go": "string", "py": "str", "ts": "string", "tsx": "string", "rs": "String", "kt": "String"},
    ),
)
_STRING = {
    "swift": "String",
    "java": "String",
    "cs": "string",
    "proto": "string",
    "graphql": "String",
    "json": "string",
}
_NUMBER = {"swift": "Int", "java": "int", "cs": "int", "proto": "uint32", "graphql": "Int", "json": "integer"}
_DECLARES = {
    "go": r"^\s*\w+\s+[\w.*\[\]]+\s+`[^`]*\"NAME[\",]",
    "py": r"^\s+NAME\s*:\s*[\w|\[\]. ]+",
    "ts": r"(?:^\s*|[{;]\s*)(?:readonly )?NAME\??\s*:\s*[\w|\[\] ]+",
    "rs": r"^\s*(?:pub )?NAME\s*:\s*[\w<>&' ]+,",
    "kt": r"\bva[lr] NAME\s*:\s*\w+",
    "swift": r"\b(?:let|var) NAME\s*:\s*\w+",
    "proto": r"^\s*(?:repeated |optional )?\w+ NAME\s*=\s*\d+;",
    "graphql": r"^\s*NAME\s*(?:\([^)]*\))?:\s*\w+",
    "json": r"\"NAME\"\s*:\s*\{\s*\"type\"\s*:\s*\"\w+\"",
    "cs": r"\bpublic [\w?<>]+ NAME\b|\b(?:int|string|bool|long|decimal|double)\??\s+NAME\s*[,)]",
    "java": r"\b(?:private|public)\s+(?:final )?\w+ NAME\s*[;=]",
}
_METHODS = (
    (r"(?<=['\"])(GET|POST|PUT|PATCH|DELETE)(?=['\"])", str.upper),
    (r"(?<=HTTP_)(GET|POST|PUT|DELETE)\b", str.upper),
    (r"(?<=-X )(GET|POST|PUT|PATCH|DELETE)\b", str.upper),
    (r"(?<=::)(Get|Post|Put|Patch|Delete)(?=\.new)", str.capitalize),
    (r"(?<=[.@ ])(Get|Post|Put|Patch|Delete)(?=\()", str.capitalize),
    (r"(?<=Map)(Get|Post|Put|Patch|Delete)(?=\()", str.capitalize),
    (r"(?<=[.@ ])(get|post|put|patch|delete)(?=[(<])", str.lower),
    (r"(?<=\s)(get|post|put|patch|delete)(?= [\"'])", str.lower),
)
_STATUS = re.compile(
    r"(?<![\w.])(?:20[1-9]|30\d|40[2-9]|41\d|42[2-9]|451|50[1-4])(?!\w)"
    r"|\b(?:NO_CONTENT|ACCEPTED|CONFLICT|UNPROCESSABLE_ENTITY|GONE|NoContent|Conflict|Accepted|Created|Gone)\b"
)


def ending(file: str) -> str:
    return file.rpartition(".")[2].lower()


def spelled(name: str) -> str:
    """A pattern for all spellings of a name: `cart_version`, `cartVersion`, `CART-VERSION`."""
    parts = [part for part in re.split(r"[_\-.\s]+|(?<=[a-z0-9])(?=[A-Z])", name) if part]
    return r"[_\-.:]?".join(map(re.escape, parts))


# ── breaks ───────────────────────────────────────────────────────────────────────────────────────


def breaks(system: System, sources: Mapping[str, Sources], random: Random) -> Iterator[Edit]:
    """Yield one break for each way in which each side of each label can be broken."""
    for label in system.labels:
        for child in sorted(label.children):
            places = [(file, line) for where, file, line in label.places if where == child]
            if places and not label.kinds & {"copy", "commit", "submodule", "package"}:
                yield from _of_side(system, label, child, places, sources[child], random)


def _of_side(
    system: System, label: Link, child: str, places: list[tuple[str, int]], own: Sources, random: Random
) -> Iterator[Edit]:
    def edit(
        way: str, files: dict[str, bytes | None], at: set[tuple[str, int]], *words: str, all_: bool = False
    ) -> Edit:
        return Edit(system.name, child, way, label, files, frozenset(at), frozenset(map(fold, words)), all_)

    file, number = places[0]
    line = _lines(own[file])[number - 1]
    if "status" in label.kinds:
        if match := _STATUS.search(line):
            new = {"409": "422", "422": "409"}.get(match[0], "") or _other_status(match[0])
            yield edit("status code changed", *_replaced(own, places[:1], match[0], new), label.name)
        return
    if "port" in label.kinds:
        if label.name in line:
            yield edit("port changed", *_replaced(own, places[:1], label.name, str(int(label.name) + 11)), label.name)
        return
    kind = next((kind for kind in ("route", *_RENAMED) if kind in label.kinds), "")
    if kind == "route":
        yield from _of_route(edit, label, file, number, line, own, random)
        return
    patterns = [*(rf"(?<!\w){re.escape(it)}(?!\w)" for it in label.spellings), *map(spelled, label.spellings)]
    old = next(
        (
            found[0]
            for it in patterns
            if (found := re.search(it, line, re.I if it in patterns[len(label.spellings) :] else 0))
        ),
        None,
    )
    if old is None and kind == "topic":
        old = next((it for it in reversed(pieces(label.name)) if it != "{}" and re.search(rf"\b{it}\b", line)), None)
    if not kind or old is None:
        return
    if kind == "constant" and (value := re.search(rf"{re.escape(old)}\b\D*?(\d[\d_]*)", line)):
        digits = value[1]
        near = str(int(digits.replace("_", "")) + random.choice((1, 5, 30)))
        yield edit("constant's value changed", *_replaced(own, [(file, number)], digits, near), old)
        yield edit("constant's unit changed", *_replaced(own, [(file, number)], digits, digits + "000"), old)
    everywhere = random.random() < 0.5
    new = _renamed(old, random)
    yield edit(_RENAMED[kind], *_renaming(own, places, old, new, everywhere=everywhere), old, all_=everywhere)
    if kind in _GONE and (gone := _deleted(own, file, number)) is not None:
        yield edit("event or code dropped" if label.kinds & {"error", "topic"} else _GONE[kind], *gone, old)
    unit = re.search(
        r"(?:_(ms|s|seconds|cents|meters|mv|percent|bytes)|(?<=[a-z])(Ms|Seconds|Cents|Meters|Percent|Bytes))$",
        old,
        re.I if "_" in old else 0,
    )
    if kind in ("key", "env") and unit is not None:
        at = unit.start(unit.lastindex or 0)
        written = old[at:]
        to = random.choice(_UNITS[written.lower()])
        to = to.upper() if written.isupper() else to.capitalize() if written[0].isupper() else to
        everywhere = random.random() < 0.5
        renaming = _renaming(own, places, old, old[:at] + to, everywhere=everywhere)
        yield edit("unit changed", *renaming, old, all_=everywhere)
    for typed_file, at in places:
        if (typed := _retyped(own, typed_file, at, old)) is not None:
            yield edit("type changed", *typed, old)
            break


def _of_route(edit, label, file, number, line, own, random):  # type: ignore[no-untyped-def]
    segment = next(
        (it for it in reversed(re.split(r"/", label.name)) if re.fullmatch(r"[\w\-.]*[A-Za-z]{2}[\w\-.]*", it)), ""
    )
    literal = next(
        (
            it
            for it in re.findall(r"[\"'`]([^\"'`]*)[\"'`]", line)
            if re.search(rf"(?:^|/){re.escape(segment)}(?![\w\-])", it)
        ),
        "",
    )
    if segment and literal:
        new = re.sub(
            rf"(^|/){re.escape(segment)}(?![\w\-])",
            lambda found: f"{found[1]}{random.choice(_WORDS)}s",
            literal,
            count=1,
        )
        everywhere = random.random() < 0.5
        yield edit(
            "route's path changed",
            *_quoted(own, file, number, literal, new, everywhere=everywhere),
            segment,
            all_=everywhere,
        )
    if (gone := _deleted(own, file, number)) is not None:
        yield edit("route gone", *gone, segment)
    for pattern, form in _METHODS:
        found = list(re.finditer(pattern, line))
        if len(found) == 1:
            now = found[0][1].upper()
            to = form({"GET": "POST", "POST": "PUT", "PUT": "PATCH", "PATCH": "PUT", "DELETE": "POST"}[now])
            if now == "PUT" and "HTTP_" in pattern:
                to = form("POST")
            text = line[: found[0].start(1)] + to + line[found[0].end(1) :]
            yield edit("method changed", *_with_line(own, file, number, text), segment)
            break


def _other_status(old: str) -> str:
    names = {"NO_CONTENT": "ACCEPTED", "NoContent": "Accepted", "CONFLICT": "GONE", "ACCEPTED": "CREATED"}
    return names.get(old) or ("208" if old.startswith("2") else "423" if old.isdigit() else "ACCEPTED")


def _renamed(old: str, random: Random) -> str:
    """Rename a name in its own style: `cart_version` becomes `cart_archive`, `MaxLines` `MaxArchive`."""
    word = random.choice(_WORDS)
    match = re.search(r"^(.*?)([A-Za-z0-9]+)$", re.sub(r"([a-z0-9])(?=[A-Z])", "\\1\0", old), re.S)
    if match is None:
        return old + word
    head, last = match[1].replace("\0", ""), match[2].rpartition("\0")[2]
    head += match[2].rpartition("\0")[0] if "\0" in match[2] else ""
    word = word.upper() if last.isupper() else word.capitalize() if last[:1].isupper() else word
    return (
        head + word
        if head
        else f"{old}{'_' + word if old.islower() else word.upper() if old.isupper() else word.capitalize()}"
    )


Change = tuple[dict[str, bytes | None], set[tuple[str, int]]]


def _renaming(own: Sources, places: list[tuple[str, int]], old: str, new: str, *, everywhere: bool) -> Change:
    return (
        _everywhere(own, re.compile(rf"(?<!\w){re.escape(old)}(?!\w)"), new)
        if everywhere
        else _replaced(own, places, old, new)
    )


def _everywhere(own: Sources, pattern: re.Pattern[str], new: str) -> Change:
    files: dict[str, bytes | None] = {}
    at: set[tuple[str, int]] = set()
    for file, content in own.items():
        lines = _lines(content)
        for number, line in enumerate(lines, 1):
            changed = pattern.sub(lambda _: new, line)
            if changed != line:
                lines[number - 1] = changed
                at.add((file, number))
                files[file] = b""
        if file in files:
            files[file] = _joined(lines)
    return files, at


def _replaced(own: Sources, places: list[tuple[str, int]], old: str, new: str) -> Change:
    files: dict[str, bytes | None] = {}
    at = set()
    for file, number in places:
        lines = _lines(files.get(file) or own[file])
        changed = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", lambda _: new, lines[number - 1])
        if changed != lines[number - 1]:
            lines[number - 1] = changed
            at.add((file, number))
            files[file] = _joined(lines)
    return files, at


def _quoted(own: Sources, file: str, number: int, old: str, new: str, *, everywhere: bool) -> Change:
    if everywhere:
        return _everywhere(own, re.compile(rf"(?<=[\"'`]){re.escape(old)}(?=[\"'`])"), new)
    lines = _lines(own[file])
    return _with_line(own, file, number, lines[number - 1].replace(old, new, 1))


def _with_line(own: Sources, file: str, number: int, text: str) -> Change:
    lines = _lines(own[file])
    lines[number - 1] = text
    return {file: _joined(lines)}, {(file, number)}


def _deleted(own: Sources, file: str, number: int) -> Change | None:
    """Delete what a line declares: with the function below a decorator, or up to the bracket that closes it."""
    lines = _lines(own[file])
    line = lines[number - 1]
    end = number
    if ending(file) == "py" and line.lstrip().startswith("@"):
        indent = len(line) - len(line.lstrip())
        end += 1
        while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
            end += 1
    else:
        depth = _depth(line)
        while depth > 0 and end < min(len(lines), number + 12):
            depth += _depth(lines[end])
            end += 1
        if depth != 0 or re.match(
            r"\s*(?:if|switch|while|for|else|case|when|def|fn|func|return|message|enum|type)\b|\s*[)}\]]", line
        ):
            return None
    removed = lines[number - 1 : end]
    return {file: _joined(lines[: number - 1] + lines[end:])}, {(file, number + at) for at in range(len(removed))}


def _depth(line: str) -> int:
    return sum((char in "([{") - (char in ")]}") for char in re.sub(r"\"[^\"]*\"|'[^']*'|`[^`]*`", "", line))


def _retyped(own: Sources, file: str, number: int, name: str) -> Change | None:
    end = ending(file).replace("tsx", "ts")
    lines = _lines(own[file])
    line = lines[number - 1]
    pattern = _DECLARES.get(end)
    match = re.search(pattern.replace("NAME", re.escape(name)), line) if pattern else None
    if match is None:
        return None
    for types, to in _TYPES:
        new = to.get(end) or (_STRING if "int" in types or "bool" in types else _NUMBER).get(end)
        skipped = re.sub(rf"{re.escape(name)}|\([^)]*\)", lambda it: "\0" * len(it[0]), match[0])
        if end in ("json",):
            skipped = skipped.replace('"type"', "\0" * 6)
        if new and (found := re.search(types, skipped)):
            at = match.start() + found.start()
            return _with_line(own, file, number, line[:at] + new + line[at + len(found[0]) :])
    return None


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "surrogateescape").split("\n")


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", "surrogateescape")
