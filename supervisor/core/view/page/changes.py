"""What a task changed: its files, and the lines of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from supervisor.core.view.page.pen import Html, Pen, count_of
from supervisor.domain.change.diff import FileDiff

LONGEST = 120_000  # characters of the lines of one task that are shown


class TaskPatch(NamedTuple):
    """What a task changed in one child. `text` is what git prints; "": it is not known, or not asked for."""

    task: str
    child: str
    files: tuple[FileDiff, ...] = ()
    text: str = ""
    notes: tuple[str, ...] = ()


def changes(pen: Pen, patches: Sequence[TaskPatch]) -> Html:
    """Show the patches of one task. "" if there are none."""
    return pen.join(
        pen.join(
            pen("h3", f"Changed in {one.child}", pen("small", _sum(one.files))),
            pen("ul", (pen("li", *_file(pen, file)) for file in one.files), cls="plain"),
            (pen("p", note, cls="soft") for note in one.notes),
            _lines(pen, one),
        )
        for one in patches
        if one.files or one.notes
    )


def _sum(files: Sequence[FileDiff]) -> str:
    added, deleted = (sum(getattr(file, name) or 0 for file in files) for name in ("additions", "deletions"))
    return f"{count_of(len(files), 'file')}, +{added} −{deleted}"


def _file(pen: Pen, file: FileDiff) -> Iterator[Html]:
    yield pen("code", f"{file.source} → {file.path}" if file.source else file.path)
    if file.additions is None:
        yield pen("span", f" {file.status}, binary", cls="soft")
        return
    word = "" if file.status == "modified" else f"{file.status}, "
    yield pen("span", f" {word}", pen("span", f"+{file.additions} ", cls="add"), cls="soft")
    yield pen("span", f"−{file.deletions or 0}", cls="sub")


def _lines(pen: Pen, one: TaskPatch) -> Html:
    if not one.text:
        return Html("")
    cut = one.text[:LONGEST]
    rest = f"The rest is left out: `orch diff {one.task}` shows all." if len(cut) < len(one.text) else ""
    body = pen("pre", *_coloured(pen, pen.clean(cut).rstrip("\n").split("\n")), cls="diff", tabindex=0)
    shown = pen.join(body, pen("p", rest, cls="soft") if rest else Html(""))
    return pen("details", pen("summary", "Lines"), shown, cls="more")


def _coloured(pen: Pen, lines: Sequence[str]) -> Iterator[Html]:
    """Put lines of one kind, one below the other, into one element each."""
    kind, block = "", list[str]()
    for line in lines:
        now = _kind(line)
        if now != kind and block:
            yield _block(pen, kind, block)
            block = []
        kind = now
        block.append(line)
    if block:
        yield _block(pen, kind, block)


def _block(pen: Pen, kind: str, lines: Sequence[str]) -> Html:
    text = pen.escaped("\n".join(lines))
    return pen(kind, text) if kind else pen.join(text, "\n")


def _kind(line: str) -> str:
    if line.startswith("diff --git "):
        return "b"
    if line.startswith(("@@", "index ", "--- ", "+++ ", "new file ", "deleted file ", "similarity ", "rename ")):
        return "em"
    return {"+": "ins", "-": "del"}.get(line[:1], "")
