"""Parse plan.md into a plan, or into everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.plan.diagnostics import Diagnostic, any_of, nearest, problems_of, quoted, rejection
from supervisor.core.plan.expected import is_blank, lacking, mark_in, nearly
from supervisor.core.plan.fields import ISOLATIONS, SANDBOXES, TASK_FIELDS, THREADS, Fields, scan
from supervisor.core.plan.integration import integration
from supervisor.core.plan.misnamed import alike, misnamed
from supervisor.core.plan.misplaced import misplaced
from supervisor.core.plan.outline import ENTRY_TITLE, Outline, PlanHeading, outline, trimmed
from supervisor.core.plan.rules import USUAL_SECTIONS, conflicts, cut, cycles, rules
from supervisor.core.plan.strays import Readers, Stray, above, bare, readers, strays
from supervisor.core.plan.suspects import Names, fields_below, headings, name_of, suspects
from supervisor.core.text.secrets.describe import secret_spots
from supervisor.domain.plan import (
    HUMAN,
    Budget,
    Contract,
    Integration,
    Plan,
    Rejection,
    Task,
)
from supervisor.regex import regex

MAX_CHARACTERS = 600_000
"""A plan of 2,000 tasks has about 400,000, parsed in half a second. The worst junk of this size takes five seconds."""

CONTRACT_FIELDS = ("between",)
PLAN_FIELDS = ("hold", "budget")
_ALL_FIELDS = (*TASK_FIELDS, *CONTRACT_FIELDS)


def parse(text: str, children: Collection[str], known: Collection[str] = ()) -> Plan | Rejection:
    """Parse `text`, or list every problem in it. Accepts any str.

    `children`: the names that `child` may have. `known`: the ids of the tasks in force, none of which may vanish while
    a line still looks like its heading.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return rejection([Diagnostic(1, "plan.md is empty: start it with `# Plan: TITLE` and add a `## Working Plan`")])
    if len(text) > MAX_CHARACTERS:
        return rejection([Diagnostic(1, f"plan.md has {len(text)} characters: keep it within {MAX_CHARACTERS}")])
    page, diagnostics = outline(text)
    if page is None:
        return rejection(diagnostics)
    if conflicting := list(conflicts(page)):
        return rejection(conflicting)  # whatever else is wrong may be theirs
    reader = _Reader(page, diagnostics, tuple(children), frozenset(known))
    plan = reader.plan()
    if reader.diagnostics:
        return rejection(reader.diagnostics)
    reader.warnings += _leaks(text)
    return replace(plan, warnings=problems_of(reader.warnings, "warning")) if reader.warnings else plan


_OBJECTIVE, _SUCCESS, _CONTRACTS, _WORKING_PLAN = "Objective", "Success Criteria", "Contracts", "Working Plan"
_INTEGRATION = "Integration"
_SECTIONS = {name.casefold(): name for name in (_OBJECTIVE, _SUCCESS, _CONTRACTS, _WORKING_PLAN, _INTEGRATION)}

_PLAN_TITLE = regex(r"(?:plan\s*:)?\s*(.*)", re.IGNORECASE)

# A letter or hyphen in an id, or behind it, that only looks like another one, or like none.
_STRANGE = regex(r"[A-Za-z0-9_-]*\s?([^\x00-\x7f\u2013\u2014])[\sA-Za-z0-9_-]")


_Key = tuple[str, str]
"""What a task or contract is, and the text of all its lines."""

last_sound: list[tuple[object, Mapping[_Key, Contract | Task]]] = []
"""The tasks and contracts of the last good plan in which there was nothing to tell, and all else on which that depends:
they are good again in the next plan, and none of the rules looks at their lines."""


def _sound_in(circumstances: object) -> Mapping[_Key, Contract | Task]:
    return next((sound for known, sound in last_sound if known == circumstances), {})


class _Head(Struct, frozen=True):
    """The heading of a task or contract."""

    id: str
    title: str
    heading: PlanHeading
    lines: range  # indexes, its own included
    key: _Key


class _Entry(Struct, frozen=True):
    """A task or contract whose fields are not interpreted yet."""

    head: _Head
    fields: Fields
    body: int  # index of the first line after its fields

    @property
    def id(self) -> str:
        return self.head.id

    @property
    def heading(self) -> PlanHeading:
        return self.head.heading


class _Reader:
    """Parse one file once. What is wrong with it accumulates in `diagnostics`."""

    def __init__(
        self, page: Outline, diagnostics: list[Diagnostic], children: tuple[str, ...], known: frozenset[str]
    ) -> None:
        self.diagnostics = diagnostics
        self.warnings: list[Diagnostic] = []
        self._unexpected: list[int] = []  # lines of `Expect:` without text
        self._page = page
        self._children = children
        self._known = known
        self._interpreted: set[int] = set()  # lines of headings and fields

    def plan(self) -> Plan:
        """Parse the plan. It is valid only if `diagnostics` is empty afterwards."""
        title, hold, budget = self._title()
        sections = self._sections()
        lines = {name: [self._lines_of(one) for one in found] for name, found in sections.items()}
        absent = [name for name in sections if not sections[name]]
        objective, success = self._section_text(sections[_OBJECTIVE]), self._section_text(sections[_SUCCESS])
        contracts = self._heads(sections[_CONTRACTS], "contract", CONTRACT_FIELDS)
        tasks = self._heads(sections[_WORKING_PLAN], "task", TASK_FIELDS)
        heads = (*contracts.values(), *tasks.values())
        names = Names(frozenset((*tasks, *contracts)), frozenset(tasks), self._known)
        circumstances = (self._children, names, frozenset(contracts), tuple(absent))
        sound = _sound_in(circumstances) if self._page.apart and not self.diagnostics else {}
        self._page = self._page.without(sorted((one.lines for one in heads if one.key in sound), key=_start))
        new_contracts = {
            one.id: self._entry(one, CONTRACT_FIELDS) for one in contracts.values() if one.key not in sound
        }
        new_tasks = {one.id: self._entry(one, TASK_FIELDS) for one in tasks.values() if one.key not in sound}
        found: dict[_Key, Contract | Task] = {
            **{one.head.key: self._contract(one) for one in new_contracts.values()},
            **{one.head.key: self._task(one, tasks, contracts) for one in new_tasks.values()},
        }
        new = tuple(found.values())
        found = {
            one.key: found[one.key] if one.key in found else _moved(sound[one.key], one.heading.line) for one in heads
        }
        plan = Plan(
            title=title,
            hold=hold,
            objective=objective,
            success=success,
            contracts=tuple(one for one in found.values() if isinstance(one, Contract)),
            tasks=tuple(one for one in found.values() if isinstance(one, Task)),
            budget=budget,
            integration=(),
        )
        plan = replace(plan, integration=self._integration(sections[_INTEGRATION], plan.tasks))
        self.diagnostics += cycles(plan.tasks)
        self.diagnostics += rules(self._page, _SECTIONS)
        entries = [*lines[_CONTRACTS], *lines[_WORKING_PLAN]]
        reported = {diagnostic.line for diagnostic in self.diagnostics}
        for head in list(tasks.values())[-1:]:
            self.warnings += cut(self._page, head.id, head.heading, _SECTIONS)
        lost = list(suspects(self._page, names, entries, self._interpreted, reported))
        texts = [*entries, *lines[_OBJECTIVE], *lines[_SUCCESS]]
        lost += headings(self._page, texts, (*_SECTIONS, *USUAL_SECTIONS), absent, {one.line for one in lost})
        self.diagnostics += lost
        told = {one.line for one in self.diagnostics}
        certain, possible = misnamed(self._page, [one for one in absent if one != _WORKING_PLAN], _OBJECTIVE, told)
        self.diagnostics += certain
        self.warnings += possible
        theirs = {below for one in lost for below in fields_below(self._page.lines, one.line - 1)}
        reads = readers(self._children, contracts, tasks)
        self._strays(new_contracts, new_tasks, reads, theirs, sections[_WORKING_PLAN])
        known = self._interpreted | {diagnostic.line for diagnostic in self.diagnostics}
        certain, possible = misplaced(self._page, names, plan.tasks, entries, sections[_WORKING_PLAN], known)
        self.diagnostics += certain
        self.warnings += possible
        if not self.diagnostics:  # text may lack because of other mistakes
            self.diagnostics += lacking(new, self._unexpected)
        if self._page.apart and not self.diagnostics:
            doubtful = [one.line - 1 for one in self.warnings]
            good = {one.key: found[one.key] for one in heads if not any(at in one.lines for at in doubtful)}
            last_sound[:] = [(circumstances, good)]  # one assignment: other threads may be here at the same time
        return plan

    def _title(self) -> tuple[str, bool, Budget | None]:
        heading = next((heading for heading in self._page.headings if heading.level == 1), None)
        if heading is None:
            self._flag(1, "the plan has no title: start it with `# Plan: TITLE`")
            return "", False, None
        match = _PLAN_TITLE.fullmatch(heading.text)
        title = match[1] if match else heading.text
        if not title:
            self._flag(heading.line, "the title is empty: write `# Plan: TITLE`")
        fields, _ = self._fields(heading, PLAN_FIELDS)
        return title, fields.yes("hold"), fields.amount("budget")

    def _sections(self) -> dict[str, list[PlanHeading]]:
        """Return the headings of each section that has a meaning. More than one heading per section is an error."""
        sections: dict[str, list[PlanHeading]] = {name: [] for name in _SECTIONS.values()}
        for heading in self._page.headings:
            name = _SECTIONS.get(heading.text.casefold()) if heading.level == 2 else None
            if name is None:
                continue
            if sections[name]:
                first = sections[name][0].line
                self._flag(heading.line, f"there are two sections `{name}`, the first on line {first}: merge them")
            sections[name].append(heading)
        if not sections[_WORKING_PLAN]:
            below_title = [heading for heading in self._page.headings if heading.level > 1 or heading.underlined]
            near = next((heading for heading in below_title if nearest(heading.text, [_WORKING_PLAN])), None)
            hint = f"did you mean {quoted(near.text)}?" if near else "add it, with or without tasks"
            self._flag(near.line if near else 1, f"there is no section `## {_WORKING_PLAN}`: {hint}")
        return sections

    def _section_text(self, headings: Sequence[PlanHeading]) -> str:
        texts = [self._page.text(heading.start, self._page.section_end(heading)) for heading in headings]
        return "\n\n".join(texts)

    def _lines_of(self, section: PlanHeading) -> range:
        return range(section.start, self._page.section_end(section))

    def _heads(self, sections: Sequence[PlanHeading], noun: str, known: Sequence[str]) -> dict[str, _Head]:
        heads: dict[str, _Head] = {}
        for heading in (inner for section in sections for inner in self._page.inside(section)):
            match = ENTRY_TITLE.fullmatch(heading.text)
            if match is None:
                strange = _STRANGE.match(heading.text)
                name = name_of(strange[1]) if strange else ""
                named = f"{quoted(strange[1])} is {name}: " if strange and not name.startswith("a latin") else ""
                rule = f"{named}write `### ID — title` with an id of letters, digits, `-` and `_`"
                self._flag(heading.line, f"{quoted(heading.text)} is not the heading of a {noun}: {rule}")
                continue
            entry_id, title = match[1], match[2] or ""
            if not title:
                self._flag(heading.line, f"the {noun} {entry_id} has no title: write `### {entry_id} — title`")
            lines = range(heading.line - 1, heading.end)
            key = (noun, "\n".join(self._page.lines[lines.start : lines.stop]))
            head = _Head(entry_id, title, heading, lines, key)
            first = heads.setdefault(entry_id, head)
            if first is not head:
                self._fields(heading, known)
                where = f"the first on line {first.heading.line}"
                message = f"there are two {noun}s {entry_id}, {where}: give this one another id"
                self._flag(heading.line, message)
        in_force = self._known if noun == "task" else ()
        self.diagnostics += alike([(one.id, one.heading.line) for one in heads.values()], noun, in_force)
        return heads

    def _entry(self, head: _Head, known: Sequence[str]) -> _Entry:
        return _Entry(head, *self._fields(head.heading, known))

    def _integration(self, sections: Sequence[PlanHeading], tasks: Sequence[Task]) -> tuple[Integration, ...]:
        ids, of_people = {task.id for task in tasks}, {task.id for task in tasks if task.child == HUMAN}
        found = [integration(self._page, self._lines_of(section), ids, of_people) for section in sections]
        self.diagnostics += [one for _, wrong in found for one in wrong]
        return tuple(one for checks, _ in found for one in checks)

    def _fields(self, heading: PlanHeading, known: Sequence[str]) -> tuple[Fields, int]:
        found, body, diagnostics = scan(self._page.lines, heading.start, heading.end, known)
        self.diagnostics += diagnostics
        self._interpreted.update((heading.line, *(field.line for field in found)))
        return Fields(found, known, self.diagnostics), body

    def _contract(self, entry: _Entry) -> Contract:
        between = entry.fields.names("between", "child", self._children)
        if "between" not in entry.fields:
            self._flag(
                entry.heading.line,
                f"{entry.id} has no `between`: name the children that it binds right below its heading",
            )
        elif len(between) == 1:
            self._flag(
                entry.fields.line("between"), f"{entry.id} is between `{between[0]}` only: name at least two children"
            )
        text = self._page.text(entry.body, entry.heading.end)
        return Contract(entry.id, entry.head.title, between, text, entry.heading.line)

    def _task(self, entry: _Entry, tasks: Collection[str], contracts: Collection[str]) -> Task:
        fields, line = entry.fields, entry.heading.line
        who = (*self._children, HUMAN)
        child = fields.choice("child", who)
        if "child" not in fields:
            self._flag(
                line, f"{entry.id} has no `child`: write `- child: NAME` right below its heading, with {any_of(who)}"
            )
        if child == HUMAN and "verify" in fields:
            self._flag(
                fields.line("verify"), f"{entry.id} is for a human, so `verify` cannot run: use `**Expect:**` instead"
            )
        if child == HUMAN and "budget" in fields:
            self._flag(fields.line("budget"), f"{entry.id} is for a human, who spends no `budget`: remove the line")
        if child == HUMAN and "isolation" in fields:
            self._flag(
                fields.line("isolation"), f"{entry.id} is for a human, so `isolation` does nothing: remove the line"
            )
        after = fields.names("after", "task", tasks)
        if entry.id in after:
            self._flag(fields.line("after"), f"{entry.id} waits for itself: remove it from `after`")
        instructions, expect = self._instructions(entry, human=child == HUMAN)
        return Task(
            id=entry.id,
            title=entry.head.title,
            child=child or "",
            after=after,
            contracts=fields.names("contracts", "contract", contracts),
            verify=fields.commands("verify"),
            hold=fields.yes("hold"),
            thread=fields.choice("thread", THREADS) or "shared",
            model=fields.words("model"),
            effort=fields.words("effort"),
            sandbox=fields.choice("sandbox", SANDBOXES),
            timeout=fields.minutes("timeout"),
            budget=fields.amount("budget"),
            isolation=fields.choice("isolation", ISOLATIONS),
            instructions=instructions,
            expect=expect,
            line=line,
        )

    def _instructions(self, entry: _Entry, *, human: bool) -> tuple[str, str]:
        """Return the instructions and, of a human's task, the expected result, which is not part of them."""
        page, end = self._page, entry.heading.end
        for at in range(entry.body, end) if human else ():
            mark = None if at in page.verbatim else mark_in(page.lines[at])
            if mark:
                steps = (*page.lines[entry.body : at], page.lines[at][: mark.start()])
                expect = (page.lines[at][mark.end() :], *page.lines[at + 1 : end])
                expected = trimmed(expect).strip()
                self._unexpected += [at + 1] if is_blank(expected) else []
                return trimmed(steps), expected
        if human:
            self.warnings += nearly(page, range(entry.body, end), entry.id)
        return page.text(entry.body, end), ""

    def _strays(
        self,
        contracts: Mapping[str, _Entry],
        tasks: Mapping[str, _Entry],
        reads: Readers,
        theirs: Collection[int],
        working: Sequence[PlanHeading],
    ) -> None:
        """Find fields below the text of the plan's title, of each contract and of each task. `theirs`: indexes of lines
        that belong to the heading of a task that is not read."""
        page, skipped = self._page, self._page.code().union(theirs)
        found: list[Stray] = []
        for noun, entries, read in ((CONTRACT_FIELDS, contracts, reads.contract), (TASK_FIELDS, tasks, reads.task)):
            for entry in entries.values():
                text = [at for at in range(entry.body, entry.heading.end) if at not in skipped]
                owner = f"the heading of {entry.id}"
                told = list(strays(page.lines, text, owner, read, _ALL_FIELDS))
                seen = {stray.diagnostic.line - 1 for stray in told}
                if noun is TASK_FIELDS:
                    left = [at for at in text if at not in seen]
                    taken = [name for name in reads.strict if name in entry.fields]
                    told += bare(page.lines, left, owner, reads.strict, taken, _ALL_FIELDS)
                found += told
        for title in [one for one in page.headings if one.level == 1][:1]:
            body = scan(page.lines, title.start, title.end, PLAN_FIELDS)[1]
            text = [at for at in range(body, title.end) if at not in skipped]
            found += strays(page.lines, text, "the title", reads.plan, _ALL_FIELDS)
        for section in working:
            text = [at for at in range(section.start, section.end) if at not in skipped]
            for_all = {name: reads.strict[name] for name in ("child", "verify", "sandbox", "budget")}
            found += above(page.lines, text, for_all)
        for stray in found:
            (self.diagnostics if stray.certain else self.warnings).append(stray.diagnostic)

    def _flag(self, line: int, message: str) -> None:
        self.diagnostics.append(Diagnostic(line, message))


def _leaks(text: str) -> Iterator[Diagnostic]:
    """Warn of each secret, by its line and kind: every accepted revision is kept word for word, and briefs go to the
    model. The warning does not repeat the secret."""
    for line, kind in secret_spots(text):
        yield Diagnostic(
            line,
            f"this looks like a secret ({kind}), and each revision is kept word for word in .orchestrator/plans: keep "
            "it in the child's environment, and name the variable here",
        )


def _moved(one: Contract | Task, line: int) -> Contract | Task:
    return one if one.line == line else replace(one, line=line)


def _start(lines: range) -> int:
    return lines.start
