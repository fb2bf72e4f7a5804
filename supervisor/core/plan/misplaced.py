"""Find holds, tasks and checkpoints where they have no effect: tasks would start, and nobody would be asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.fields import TASK_FIELDS, Field, scan
from supervisor.core.plan.outline import ENTRY_TITLE, Outline, PlanHeading
from supervisor.core.plan.rules import USUAL_SECTIONS
from supervisor.core.plan.suspects import Names, looks_like_task, plain, shape
from supervisor.domain.plan import HUMAN, Task
from supervisor.regex import regex


def misplaced(
    page: Outline,
    names: Names,
    tasks: Sequence[Task],
    entries: Sequence[range],
    working: Sequence[PlanHeading],
    known: Collection[int],
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what is certainly meant to have an effect, and what may be.

    `entries`: the lines (indexes) of the sections that hold contracts and tasks. `working`: the headings of the Working
    Plan. `known`: line numbers that are read, or have a diagnostic already.
    """
    finder = _Finder(page, names, tasks, entries, working, known)
    certain = [*finder.holds(), *finder.headings(), *finder.text()]
    return certain, finder.possible


class _Item(Struct, frozen=True):
    """A line that begins with an id."""

    id: str
    title: str
    mark: str  # what makes it the start of something: `-`, `**`, `|`
    separated: bool  # whether something stands between id and title


_TOLD = _Item("", "", "", separated=False)
"""In the place of one that has a diagnostic already."""


class _Finder:
    def __init__(
        self,
        page: Outline,
        names: Names,
        tasks: Sequence[Task],
        entries: Sequence[range],
        working: Sequence[PlanHeading],
        known: Collection[int],
    ) -> None:
        self.possible: list[Diagnostic] = []
        self._page = page
        self._names = names
        self._lines = {task.id: task.line for task in tasks}
        self._of_people = frozenset(task.line for task in tasks if task.child == HUMAN)
        self._entries = frozenset(at for lines in entries for at in lines)
        self._working = working
        self._known = known
        self._shapes = names.shapes() | _OF_PEOPLE
        self._code = page.code()
        self._ends = _ends(page)
        self._told: set[int] = set()  # lines of headings with a diagnostic of ours

    def holds(self) -> Iterator[Diagnostic]:
        """Find `hold` where it holds nothing."""
        for at, line in self._page.numbered():
            text = at not in self._page.verbatim or at < self._page.front
            if at + 1 not in self._known and text and _HOLD.fullmatch(line):
                yield Diagnostic(at + 1, "`hold` has no effect here: move it to the list right below a heading")

    def headings(self) -> Iterator[Diagnostic]:
        """Find headings of tasks that are none."""
        among_people = False
        for heading in self._page.headings:
            if heading.level <= _OF_SECTIONS:
                among_people = _is_of_people(heading)
            if heading.line in self._known:
                continue
            found, _, _ = scan(self._page.lines, heading.start, heading.end, TASK_FIELDS)
            match = ENTRY_TITLE.fullmatch(name := heading.text.lstrip("# "))
            item = self._item(f"### {heading.text}")
            sure = bool(match) and (
                self._is_task(heading, found, self._names.read if match and match[2] else ())
                or looks_like_task(name, self._names)
            )
            child = next((field.line for field in found if field.name == "child"), 0)
            if not sure and not self._is_checkpoint(heading, found, item, among_people=among_people):
                continue
            self._told.add(heading.line)
            if child and heading.level <= _OF_SECTIONS and not (item or (match and match[2])):
                yield Diagnostic(child, _NO_HEADING)
            else:
                entry_id = match[1] if sure and match else item.id if item else ""
                yield self._flaw(heading, entry_id, found)

    def text(self) -> Iterator[Diagnostic]:
        """Find checkpoints in lists, tables, paragraphs and bold text."""
        among_people = False
        tops = [heading for heading in self._page.headings if heading.level <= _OF_TASKS]
        yield from self._passage(range(tops[0].line - 1 if tops else 0), among_people=False)
        for heading in tops:
            among_people = among_people if heading.level == _OF_TASKS else _is_of_people(heading)
            item = self._item(f"### {heading.text}")
            if heading.line in self._of_people or heading.line in self._told:
                continue
            if heading.line - 1 in self._entries or not (item and item.id in self._names.read):
                yield from self._passage(range(heading.start, heading.end), among_people=among_people)

    def _passage(self, lines: range, *, among_people: bool) -> Iterator[Diagnostic]:
        """Find the first checkpoint in the lines below one heading."""
        item: _Item | None = None
        where, columns = 0, ""
        for at in lines:
            if at + 1 in self._told:
                return
            if at in self._code or not self._page.lines[at].strip():
                continue
            if at + 1 in self._known:
                item = _TOLD
                continue
            seen = plain(self._page.lines[at])
            begun = self._item(seen) if _START.match(seen) or not self._page.lines[at - 1].strip() else None
            if begun:
                item, where = begun, at
            columns = (columns or seen.casefold()) if seen.lstrip().startswith("|") else ""
            words = _SPAN.sub("", seen)
            for_human = _FOR_HUMAN.match(seen) or (begun and "child" in columns and _HUMAN_CELL.search(seen))
            expects = _BOLD_EXPECT.search(words) or (among_people and _EXPECT.search(words))
            if lines.start in self._entries:
                alone = item is not None and item.mark and self._page.lines[where].rstrip().endswith(item.mark)
                if item and expects and self._is_lost(item) and (alone or at == where):
                    yield self._lost(where, item)
                    return
            elif item and self._is_lost(item) and (for_human or expects):
                yield self._lost(where, item)
                item = _TOLD
            elif item is None and for_human:
                yield Diagnostic(at + 1, _NO_HEADING)
                return
            elif item is None and expects and among_people:
                why = "`Expect:` is read as a note here, and nobody is asked"
                self.possible.append(Diagnostic(at + 1, f"{why}: if it belongs to a checkpoint, {self._rule(at)}"))
                return
            elif begun and begun.separated and among_people and self._is_lost(begun):
                why = f"no task has the id {begun.id}, so nobody is asked"
                self.possible.append(Diagnostic(at + 1, f"{why}: if it is a checkpoint, {self._rule(at)}"))

    def _item(self, seen: str) -> _Item | None:
        match = _ITEM.match(seen)
        if match is None:
            return None
        entry_id = match["id"]
        entry_id = entry_id if entry_id in self._names.read else entry_id.strip("_")
        if not entry_id or (shape(entry_id) not in self._shapes and entry_id not in self._names.read):
            return None
        title = _AFTER_TITLE.split(match["title"], maxsplit=1)[0].strip(" *_#.:,")
        title = "" if title.casefold() == HUMAN else title
        return _Item(entry_id, title, match["mark"], bool(match["sep"].strip()) and bool(title))

    def _is_lost(self, item: _Item) -> bool:
        return bool(item.id) and item.id not in self._names.read

    def _is_task(self, heading: PlanHeading, fields: Sequence[Field], read: Collection[str]) -> bool:
        """Return whether what stands below a heading with an id is that of a task. `read`: the ids that are read, none
        if the heading has no title."""
        for field in fields:
            words = field.value.replace(",", " ").split()
            if field.name == "child" and len(words) < 2:
                return True
            if field.name == "after" and words and all(word in read for word in words):
                return True
        return bool(read) and heading.level >= _OF_TASKS and self._expects(heading, _BOLD_EXPECT) > 0

    def _is_checkpoint(
        self, heading: PlanHeading, fields: Sequence[Field], item: _Item | None, *, among_people: bool
    ) -> bool:
        """Return whether a task for a person stands below a heading without an id, or with one in another spelling."""
        if heading.line - 1 in self._entries:
            return False
        if any(field.name == "child" and field.value.strip("*_`. ").casefold() == HUMAN for field in fields):
            return True
        if heading.level < _OF_TASKS:
            return False
        if any(_FOR_HUMAN.match(plain(self._page.lines[at])) for at in self._below(heading)):
            return True
        lost = item is not None and self._is_lost(item)
        if not (lost or among_people) or (item and not lost and heading.level > _OF_TASKS):
            return False
        waits = next((field.value.replace(",", " ").split() for field in fields if field.name == "after"), [])
        if waits and all(word.strip("`*_.") in self._lines for word in waits):
            return True
        if self._expects(heading, _BOLD_EXPECT) or (item is not None and self._expects(heading, _EXPECT) > 0):
            return True
        if among_people and (at := self._expects(heading, _EXPECT)):
            why = "`Expect:` is read as a note here, and nobody is asked"
            self.possible.append(Diagnostic(at, f"{why}: if it belongs to a checkpoint, {self._rule(at)}"))
            self._told.add(heading.line)
        return False

    def _expects(self, heading: PlanHeading, mark: re.Pattern[str]) -> int:
        """Return the number of the line below a heading that has a mark, 0 without one."""
        found = (at + 1 for at in self._below(heading) if mark.search(_SPAN.sub("", plain(self._page.lines[at]))))
        return next(found, 0)

    def _below(self, heading: PlanHeading) -> Iterator[int]:
        """Return the indexes of the lines below a heading that are text, up to the next one of its level."""
        return (at for at in range(heading.start, self._ends[heading.line]) if at not in self._code)

    def _flaw(self, heading: PlanHeading, entry_id: str, fields: Iterable[Field]) -> Diagnostic:
        what = f"the task {entry_id}" if entry_id else quoted(heading.text)
        if entry_id in self._lines:
            why = f"{entry_id} is the task on line {self._lines[entry_id]}, and what stands here counts for nothing"
            return Diagnostic(heading.line, f"{why}: move it there, or begin this heading with other words")
        rule = self._rule(heading.line - 1, heading)
        if heading.level == _OF_TASKS and all(field.name != "child" for field in fields):
            rule += f", with `- child: {HUMAN}` if it is for a person"
        return Diagnostic(heading.line, f"{what} has no effect here: {rule}")

    def _lost(self, at: int, item: _Item) -> Diagnostic:
        right = quoted(f"### {item.id} — {item.title or 'title'}")
        rule = f"write {right} at the start of a line" if at in self._entries else self._rule(at)
        shown = "" if at in self._entries else f", as {right} with `- child: {HUMAN}` if it is for a person"
        return Diagnostic(at + 1, f"the task {item.id} has no effect here: {rule}{shown}")

    def _rule(self, at: int, heading: PlanHeading | None = None) -> str:
        """Return what to do about a task on a line where none is read."""
        plan = "## Working Plan"
        if heading and heading.level != _OF_TASKS:
            return f"give it a heading of level 3 (`###`) below `{plan}`"
        before = [section for section in self._working if section.line <= at]
        if not before or heading is None:
            return f"move it below `{plan}`" if heading else f"write it below `{plan}`"
        end = next(one for one in self._page.headings if one.level < _OF_TASKS and one.line > before[-1].line)
        ended = f"the Working Plan was ended by {_shown(end)} on line {end.line}"
        if end.underlined:
            return f"{ended}, which the line below it makes one: leave an empty line between them"
        own = end.text.casefold() in USUAL_SECTIONS
        return f"{ended}: move the task above it" + ("" if own else ", or give that heading level 4 (`####`)")


def _ends(page: Outline) -> dict[int, int]:
    """Return, by the line of each heading, the index of the first line behind what stands below it."""
    ends: dict[int, int] = {}
    following: list[PlanHeading] = []  # by level, the next one of that level or above first
    for heading in reversed(page.headings):
        while following and following[-1].level > heading.level:
            following.pop()
        ends[heading.line] = min(heading.end, following[-1].line - 1) if following else heading.end
        following.append(heading)
    return ends


def _shown(heading: PlanHeading) -> str:
    return f"the heading {quoted(heading.text)}" if heading.text else "a heading without text"


def _is_of_people(section: PlanHeading) -> bool:
    """Return whether a section is the one in which people look for what they have to do."""
    return section.level == _OF_SECTIONS and "checkpoint" in plain(section.text).casefold()


_OF_SECTIONS, _OF_TASKS = 2, 3  # the levels of their headings
_OF_PEOPLE = frozenset(map(shape, ("H1", "H-1", "h1", "CP1", "HC1")))
_NO_HEADING = "`child` has no effect here: write the task below `## Working Plan`, with a heading `### ID — title`"
_HOLD = regex(r"\s*(?:[-*+]\s*)?hold\s*:\s*(?:yes|no|true|false)\s*", re.IGNORECASE)
_BULLETS = r"(?:[\s>|]|[-*+\u2022\u25e6\u2023\u25aa\u00b7\u2013\u2014](?=\s)|\d{1,9}[.)](?=\s)|\[[ xX]\](?=\s))"
_START = regex(rf"(?=[\s>]*(?:[-*+|\u2022]|\d{{1,9}}[.)]|__|<)){_BULLETS}*")
_ITEM = regex(
    rf"(?:{_BULLETS}|#{{1,6}}(?=\s)|[^\w\s#<>*`\[(|&\\\"'-]{{1,3}}(?=\s)|<[A-Za-z][^<>]{{0,40}}>)*"
    r"(?P<mark>[*_]{0,3})[`\[(]{0,2}(?:(?:[Tt]ask|[Cc]heckpoint)\s+)?(?P<id>[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?)"
    r"[*_`\])]{0,5}(?:</\w{1,9}>)*(?:\s*\([^()]{0,60}\))?(?P<sep>\s*[^\w\s]{0,3})(?=\W|$|(?<=\W)\w)\s*(?P<title>.*)"
)
_AFTER_TITLE = regex(r"[.;:|](?=\s|$)|\*\*|__|</|(?<=\W)Expect")
_SPAN = regex(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_FOR_HUMAN = regex(
    rf"{_BULLETS}*[*_]{{0,3}}child[*_]{{0,3}}\s*:[\s*_`]*{HUMAN}\b[\s*_`]*(?:\([^()]*\))?\s*[.,;]?\s*$", re.IGNORECASE
)
_HUMAN_CELL = regex(rf"\|[\s*_`]*{HUMAN}[\s*_`]*(?:\||$)", re.IGNORECASE)
_BOLD_EXPECT = regex(r"\*\*expect(?:\s*:\*\*|\*\*\s*:)", re.IGNORECASE)
_EXPECT = regex(
    rf"^{_BULLETS}*[*_]{{0,3}}[Ee]xpect(?:ed|s)?\b[*_]{{0,3}}\s*:|[\s*_.;,]Expect(?:ed|s)?(?:\s+result)?[*_]{{0,3}}\s*:|(?:\*\*|__)expected"
)
