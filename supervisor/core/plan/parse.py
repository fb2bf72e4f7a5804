"""Parse plan.md into a plan, or into everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.plan.diagnostics import MAX_PROBLEMS, Diagnostic, any_of, nearest, problems_of, quoted, rejection
from supervisor.core.plan.expected import mark_in, nearly
from supervisor.core.plan.fields import TASK_FIELDS, Fields, scan
from supervisor.core.plan.integration import integration
from supervisor.core.plan.misnamed import alike, misnamed
from supervisor.core.plan.misplaced import misplaced
from supervisor.core.plan.outline import ENTRY_TITLE, Outline, PlanHeading, outline, trimmed
from supervisor.core.plan.rules import USUAL_SECTIONS, conflicts, cut, rules
from supervisor.core.plan.strays import Read, Stray, above, bare, commands, ids, strays, words
from supervisor.core.plan.suspects import Names, fields_below, headings, name_of, suspects
from supervisor.core.text.secrets.describe import secret_spots
from supervisor.domain.plan import (
    HUMAN,
    Budget,
    Contract,
    Integration,
    Isolation,
    Plan,
    Rejection,
    SandboxMode,
    Task,
    ThreadChoice,
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
_THREADS: tuple[ThreadChoice, ...] = ("shared", "fresh")
_SANDBOXES: tuple[SandboxMode, ...] = ("read-only", "workspace-write")
_ISOLATIONS: tuple[Isolation, ...] = ("none", "worktree")

_PLAN_TITLE = regex(r"(?:plan\s*:)?\s*(.*)", re.IGNORECASE)

# A letter or hyphen in an id, or behind it, that only looks like another one, or like none.
_STRANGE = regex(r"[A-Za-z0-9_-]*\s?([^\x00-\x7f\u2013\u2014])[\sA-Za-z0-9_-]")


class _Entry(Struct, frozen=True):
    """A task or contract whose fields are not interpreted yet."""

    id: str
    title: str
    heading: PlanHeading
    fields: Fields
    body: int  # index of the first line after its fields


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
        contracts = self._entries(sections[_CONTRACTS], "contract", CONTRACT_FIELDS)
        tasks = self._entries(sections[_WORKING_PLAN], "task", TASK_FIELDS)
        plan = Plan(
            title=title,
            hold=hold,
            objective=self._section_text(sections[_OBJECTIVE]),
            success=self._section_text(sections[_SUCCESS]),
            contracts=tuple(map(self._contract, contracts.values())),
            tasks=tuple(self._task(entry, tasks, contracts) for entry in tasks.values()),
            budget=budget,
            integration=self._integration(sections[_INTEGRATION], tasks),
        )
        self.diagnostics += _cycles(plan.tasks)
        self.diagnostics += rules(self._page, _SECTIONS)
        names = Names(frozenset((*tasks, *contracts)), frozenset(tasks), self._known)
        entries = [self._lines_of(section) for name in (_CONTRACTS, _WORKING_PLAN) for section in sections[name]]
        reported = {diagnostic.line for diagnostic in self.diagnostics}
        for entry in list(tasks.values())[-1:]:
            self.warnings += cut(self._page, entry.id, entry.heading, _SECTIONS)
        lost = list(suspects(self._page, names, entries, self._interpreted, reported))
        texts = [self._lines_of(one) for name in (_OBJECTIVE, _SUCCESS) for one in sections[name]]
        absent = [name for name in sections if not sections[name]]
        lost += headings(
            self._page, [*entries, *texts], (*_SECTIONS, *USUAL_SECTIONS), absent, {one.line for one in lost}
        )
        self.diagnostics += lost
        told = {one.line for one in self.diagnostics}
        certain, possible = misnamed(self._page, [one for one in absent if one != _WORKING_PLAN], _OBJECTIVE, told)
        self.diagnostics += certain
        self.warnings += possible
        theirs = {below for one in lost for below in fields_below(self._page.lines, one.line - 1)}
        self._strays(contracts, tasks, theirs, sections[_WORKING_PLAN])
        known = self._interpreted | {diagnostic.line for diagnostic in self.diagnostics}
        certain, possible = misplaced(self._page, names, plan.tasks, entries, sections[_WORKING_PLAN], known)
        self.diagnostics += certain
        self.warnings += possible
        self.diagnostics = self.diagnostics or list(self._empty(plan))  # text may lack because of other mistakes
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

    def _entries(self, sections: Sequence[PlanHeading], noun: str, known: Sequence[str]) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
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
            entry = _Entry(entry_id, title, heading, *self._fields(heading, known))
            first = entries.setdefault(entry_id, entry)
            if first is not entry:
                where = f"the first on line {first.heading.line}"
                message = f"there are two {noun}s {entry_id}, {where}: give this one another id"
                self._flag(heading.line, message)
        in_force = self._known if noun == "task" else ()
        self.diagnostics += alike([(one.id, one.heading.line) for one in entries.values()], noun, in_force)
        return entries

    def _integration(self, sections: Sequence[PlanHeading], tasks: Mapping[str, _Entry]) -> tuple[Integration, ...]:
        of_people = {name for name, one in tasks.items() if one.fields.raw("child").strip("` ") == HUMAN}
        found = [integration(self._page, self._lines_of(section), tasks, of_people) for section in sections]
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
        return Contract(entry.id, entry.title, between, text, entry.heading.line)

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
            title=entry.title,
            child=child or "",
            after=after,
            contracts=fields.names("contracts", "contract", contracts),
            verify=fields.commands("verify"),
            hold=fields.yes("hold"),
            thread=fields.choice("thread", _THREADS) or "shared",
            model=fields.words("model"),
            effort=fields.words("effort"),
            sandbox=fields.choice("sandbox", _SANDBOXES),
            timeout=fields.minutes("timeout"),
            budget=fields.amount("budget"),
            isolation=fields.choice("isolation", _ISOLATIONS),
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
                self._unexpected += [at + 1] if _is_blank(expected) else []
                return trimmed(steps), expected
        if human:
            self.warnings += nearly(page, range(entry.body, end), entry.id)
        return page.text(entry.body, end), ""

    def _strays(
        self,
        contracts: Mapping[str, _Entry],
        tasks: Mapping[str, _Entry],
        theirs: Collection[int],
        working: Sequence[PlanHeading],
    ) -> None:
        """Find fields below the text of the plan's title, of each contract and of each task. `theirs`: indexes of lines
        that belong to the heading of a task that is not read."""
        page, who, skipped = self._page, (*self._children, HUMAN), self._page.code().union(theirs)
        of_plan: dict[str, Read] = {"hold": lambda one: one.yes("hold"), "budget": lambda one: one.amount("budget")}
        of_contract: dict[str, Read] = {"between": lambda one: one.names("between", "child", self._children)}
        of_task: dict[str, Read] = {
            **of_plan,
            "child": lambda one: one.choice("child", who),
            "after": lambda one: one.words("after"),
            "contracts": lambda one: ids(one, "contracts", contracts),
            "verify": lambda one: one.words("verify"),
            "thread": lambda one: one.choice("thread", _THREADS),
            "model": lambda one: words(one, "model"),
            "effort": lambda one: words(one, "effort"),
            "sandbox": lambda one: one.choice("sandbox", _SANDBOXES),
            "timeout": lambda one: one.minutes("timeout"),
            "isolation": lambda one: one.choice("isolation", _ISOLATIONS),
        }
        # Fields whose values cannot be prose: these are found without a bullet, too.
        strict: dict[str, Read] = {
            "child": of_task["child"],
            "after": lambda one: one.names("after", "task", tasks),
            "contracts": lambda one: one.names("contracts", "contract", contracts),
            "verify": commands,
            "sandbox": of_task["sandbox"],
            "budget": of_task["budget"],
        }
        found: list[Stray] = []
        for noun, entries, readers in ((CONTRACT_FIELDS, contracts, of_contract), (TASK_FIELDS, tasks, of_task)):
            for entry in entries.values():
                text = [at for at in range(entry.body, entry.heading.end) if at not in skipped]
                owner = f"the heading of {entry.id}"
                told = list(strays(page.lines, text, owner, readers, _ALL_FIELDS))
                seen = {stray.diagnostic.line - 1 for stray in told}
                if noun is TASK_FIELDS:
                    left = [at for at in text if at not in seen]
                    taken = [name for name in strict if name in entry.fields]
                    told += bare(page.lines, left, owner, strict, taken, _ALL_FIELDS)
                found += told
        for title in [one for one in page.headings if one.level == 1][:1]:
            body = scan(page.lines, title.start, title.end, PLAN_FIELDS)[1]
            text = [at for at in range(body, title.end) if at not in skipped]
            found += strays(page.lines, text, "the title", of_plan, _ALL_FIELDS)
        for section in working:
            text = [at for at in range(section.start, section.end) if at not in skipped]
            for_all = {name: strict[name] for name in ("child", "verify", "sandbox", "budget")}
            found += above(page.lines, text, for_all)
        for stray in found:
            (self.diagnostics if stray.certain else self.warnings).append(stray.diagnostic)

    def _empty(self, plan: Plan) -> Iterator[Diagnostic]:
        """Find contracts and tasks without text, and results to expect that are not told."""
        for contract in plan.contracts:
            if _is_blank(contract.text):
                yield Diagnostic(contract.line, f"{contract.id} has no text: say below its fields what has to hold")
        for task in plan.tasks:
            if _is_blank(task.instructions) and _is_blank(task.expect):
                yield Diagnostic(task.line, f"{task.id} has no text: say below its fields what to do")
        for line in self._unexpected:
            yield Diagnostic(line, "`Expect:` has no text: write the exact result that has to come back")

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


def _is_blank(text: str) -> bool:
    """Return whether a text has nothing but comments and rules."""
    return not text.strip() or not re.sub(r"<!--.*?-->|^[ \t*_=-]+$|\s", "", text, flags=re.DOTALL | re.MULTILINE)


def _cycles(tasks: Sequence[Task]) -> Iterator[Diagnostic]:
    """Find circles of tasks that wait for each other, as many as will be listed."""
    lines = {task.id: task.line for task in tasks}
    waits = {task.id: [other for other in task.after if other in lines and other != task.id] for task in tasks}
    for _ in range(MAX_PROBLEMS + 1):
        try:
            TopologicalSorter(waits).prepare()
            return
        except CycleError as error:
            circle: list[str] = error.args[1][:0:-1]  # each task waits for the next one
        start = min(range(len(circle)), key=lambda at: lines[circle[at]])
        circle = [*circle[start:], *circle[:start]]
        shown = circle if len(circle) <= _LONGEST_CIRCLE else [*circle[:_LONGEST_CIRCLE], "..."]
        message = f"{' → '.join([*shown, circle[0]])} wait for each other: remove one of them from an `after`"
        yield Diagnostic(lines[circle[0]], message)
        waits[circle[0]].remove(circle[1])


_LONGEST_CIRCLE = 12
