"""Edit a repo of a labelled system as developers do all day, without breaking what others rely on. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.systems.labels import System, fold
from tests.systems.mutate import Edit, Sources, ending

_SLASHES = frozenset(
    ("c", "cpp", "cs", "dart", "go", "h", "java", "js", "jsx", "kt", "mjs", "php", "rs", "swift", "ts", "tsx")
)
_HASHES = frozenset(["py", "rb", "ex", "exs", "yaml", "yml", "toml", "sh", "tf", "graphql"])
_CODE = _SLASHES | {"py", "rb", "ex", "exs"}
_INDENTED = frozenset(("py", "yaml", "yml", "ex", "exs", "rb"))
_LOCAL = re.compile(r"^\s+(?:const|let|var|val|final|auto|local)?\s*\b([a-z]\w*)\s*(?::=|=(?!=))\s", re.M)
_CALL = re.compile(r"^(\s*)([^\s#/'\"].*?[\w.]\()([^(){}\[\]]*,[^(){}\[\]]*)(\).*)$")
_GO_ROUTE = re.compile(r"^(\s*.*[\"'`])(/[\w/\-{}:<>.]*/)?([\w\-]{3,})([\"'`].*)$")


def harmless(system: System, sources: Mapping[str, Sources], random: Random) -> Iterator[Edit]:
    """Yield one edit of each kind for each file with a label."""
    known = frozenset(
        fold(spelling) for link in (*system.labels, *system.ignorable, *system.traps) for spelling in link.spellings
    )
    places: dict[tuple[str, str], list[int]] = {}
    for label in system.labels:
        for child, file, line in label.places:
            places.setdefault((child, file), []).append(line)
    for (child, file), lines in sorted(places.items()):
        own = sources[child]
        for way, make in _WAYS:
            files = make(own, file, sorted(set(lines)), known, random)
            if files:
                yield Edit(system.name, child, way, None, files)


def unshared(system: System, sources: Mapping[str, Sources]) -> Iterator[Edit]:
    """Yield an edit for each name that only looks shared, and for each repo that has it: it is renamed there."""
    for trap in system.traps:
        name = trap.name
        if name in ("id", "name", "status") or trap.kinds & {"commit", "copy", "package"}:
            continue  # everybody has them, and some do share them
        pattern = re.compile(rf"(?<![\w\-]){re.escape(name)}(?![\w\-])".encode())
        for child in system.children:
            files: Files = {}
            for file, content in sources[child].items():
                changed = pattern.sub(f"{name}_own".encode(), content)
                if changed != content:
                    files[file] = changed
            if files:
                yield Edit(system.name, child, "name of its own renamed", None, files)


Known = frozenset[str]
Files = dict[str, bytes | None]


def _text(own: Sources, file: str) -> list[str]:
    return own[file].decode("utf-8", "surrogateescape").split("\n")


def _bytes(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _comment(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    end = ending(file)
    sign = "//" if end in _SLASHES else "#" if end in _HASHES else "--" if end == "sql" else ""
    if not sign:
        return {}
    lines = _text(own, file)
    at = random.choice(places) - 1
    indent = re.match(r"\s*", lines[at])
    lines.insert(
        at, f"{indent[0] if indent else ''}{sign} See GET /v9/nothing: it was `{lines[at].strip()[:40]}` once."
    )
    return {file: _bytes(lines)}


def _moved_lines(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    lines = _text(own, file)
    blocks = _blocks(lines)
    if ending(file) in _CODE and len(blocks) > 3:
        at = random.randrange(1, len(blocks) - 1)
        blocks[at], blocks[at + 1] = blocks[at + 1], blocks[at]
        return {file: _bytes([line for block in blocks for line in block])}
    if ending(file) == "json":
        return {}
    return {file: _bytes([lines[0], "", "", *lines[1:]])}


def _blocks(lines: list[str]) -> list[list[str]]:
    """Cut a file into what stands at its outermost level, each block with the blank lines behind it."""
    blocks: list[list[str]] = [[]]
    for number, line in enumerate(lines):
        fresh = number and not lines[number - 1].strip() and line[:1] not in ("", " ", "\t", "}", ")", "]")
        if fresh:
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _renamed_local(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    if ending(file) not in _CODE:
        return {}
    text = own[file].decode("utf-8", "surrogateescape")
    names = []
    for name in sorted({match[1] for match in _LOCAL.finditer(text)}):
        uses = [match.start() for match in re.finditer(rf"(?<![\w$@]){name}(?!\w)", text)]
        own_name = all(_is_local(text, at, name) for at in uses)
        if own_name and fold(name) not in known and len(uses) > 1 and name not in ("self", "this", "return"):
            names.append(name)
    if not names:
        return {}
    name = random.choice(names)
    return {file: re.sub(rf"(?<![\w$@]){name}(?!\w)", f"{name}Value", text).encode("utf-8", "surrogateescape")}


def _is_local(text: str, at: int, name: str) -> bool:
    """Whether this is the variable: no member, no key, no word of a text, no shorthand for a field."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    line = text[begin : end if end >= 0 else None]
    before, behind = line[: at - begin], line[at - begin + len(name) :]
    quoted = any(before.count(quote) % 2 for quote in "\"'`")
    shorthand = re.search(r"[{,]\s*$", before) and re.match(r"\s*[,}]", behind)
    return not (
        quoted or shorthand or before.endswith((".", "->", ":")) or re.match(r"\s*(?::(?!=)|=(?![=>]).*[,)]$)", behind)
    )


def _reformatted(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    """Change the indentation, and put the arguments of some calls on lines of their own."""
    end = ending(file)
    if end not in _CODE or ("`" in own[file].decode("utf-8", "replace") and end == "go"):
        return {}
    out = []
    for number, line in enumerate(_text(own, file), 1):
        call = _CALL.match(line)
        if call and number in places and end != "py" and "//" not in line:
            inner = re.split(r",\s+", call[3].strip().rstrip(","))
            if not any(part.count(quote) % 2 for part in inner for quote in "\"'`"):
                out += [call[1] + call[2], *(f"{call[1]}        {part}," for part in inner[:-1])]
                out += [f"{call[1]}        {inner[-1]}", call[1] + call[4]]
                continue
        lead = len(line) - len(line.lstrip(" "))
        out.append(" " * lead + line if end not in _INDENTED and "*" not in line[: lead + 1] else line.rstrip())
    content = _bytes(out)
    return {file: content} if content != own[file] else {}


def _moved_file(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    """Move the whole file, or one of its blocks into a new file beside it."""
    end, (folder, _, base) = ending(file), file.rpartition("/")
    if end not in _CODE or base in ("__init__.py", "mod.rs", "index.ts", "index.js"):
        return {}
    above = f"{folder}/" if folder else ""
    if random.random() < 0.4:
        return {file: None, f"{above}moved/{base}": own[file]}
    lines = _text(own, file)
    blocks = _blocks(lines)
    starts, at = [], 1
    for block in blocks:
        starts.append(at)
        at += len(block)
    wanted = [
        number
        for number, block in enumerate(blocks[1:], 1)
        if any(starts[number] <= place < starts[number] + len(block) for place in places)
    ]
    if not wanted or (end in ("go", "kt") and len(blocks) < 3):
        return {}
    which = random.choice(wanted)
    rest = [line for number, block in enumerate(blocks) if number != which for line in block]
    return {file: _bytes(rest), f"{above}moved_part.{end}": _bytes([*blocks[0], *blocks[which]])}


def _added(own: Sources, file: str, places: list[int], known: Known, random: Random) -> Files:
    """Add a route or a field beside one: the line again, with another name."""
    lines = _text(own, file)
    for at in random.sample(places, len(places)):
        line = lines[at - 1]
        route = re.search(r"[\"'`]/[\w/\-{}:<>.$]*/?([\w\-]{3,})[\"'`]", line)
        field = re.match(
            r"\s*(?:[\w.*]+\s+)?(?:pub |val |let |var )?(\w{3,})\??\s*[:=]\s*[\w\[\]<>| .]+[;,]?\s*(?:= \d+;)?$", line
        )
        tag = re.search(r"`json:\"(\w+)", line)
        found = route or tag or field
        whole = found and not re.search(r"[({\[]\s*$", line) and line.count("(") == line.count(")")
        if found and whole and not line.lstrip().startswith(("@", "return", "const ", "if ")):
            new = f"{line[: found.start(1)]}wholly_new{line[found.end(1) :]}"
            if ending(file) == "json" and not new.rstrip().endswith(","):
                continue
            return {file: _bytes([*lines[:at], new, *lines[at:]])}
    return {}


_WAYS: tuple[tuple[str, Callable[[Sources, str, list[int], Known, Random], Files]], ...] = (
    ("comment", _comment),
    ("lines moved", _moved_lines),
    ("local variable renamed", _renamed_local),
    ("reformatted", _reformatted),
    ("code moved to another file", _moved_file),
    ("route or field added", _added),
)
