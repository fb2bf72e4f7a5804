"""Find lines that part what belongs together: rules (`---`, `===`) and headings of pasted text, marks of a merge. Find
circles of tasks, too."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from supervisor.core.plan.diagnostics import MAX_PROBLEMS, Diagnostic, quoted
from supervisor.core.plan.outline import Outline, PlanHeading
from supervisor.domain.plan import Task
from supervisor.regex import regex


def rules(page: Outline, sections: Collection[str]) -> Iterator[Diagnostic]:
    """Find text that a rule makes a heading of, where text counts.

    `sections`: the names (folded) of the sections whose text counts. An underlined heading is accepted as one if it is
    the title, names a usual section, or has an underline as long as its text. In other sections any is.
    """
    counts = False  # whether the section that we are in has a meaning
    plans = [heading for heading in page.headings if heading.level == 1]
    for heading in page.headings:
        name = heading.text.casefold()
        if heading.level > 2:
            continue
        if heading is plans[0] if plans else False:
            another = next((one for one in plans[1:] if one.text.casefold().startswith("plan:")), None)
            meant = another is None or name.startswith("plan:")
        else:
            meant = not counts or not heading.underlined or _is_title(page, heading, sections)
        if heading.underlined and not meant:
            rule = quoted(page.lines[heading.start - 1].strip())
            yield Diagnostic(
                heading.start,
                f"{rule} right below text makes a heading of {quoted(heading.text)}: leave an empty line above the "
                f"{rule}, or write a heading as `## TITLE`",
            )
        else:
            counts = heading.level == 2 and name in sections


def _is_title(page: Outline, heading: PlanHeading, sections: Collection[str]) -> bool:
    if heading.level == 2 and heading.text.casefold() in (*sections, *USUAL_SECTIONS):
        return True
    first, rule = heading.line - 1, page.lines[heading.start - 1].strip()
    if heading.text[-1:] in _ENDS_OF_SENTENCES:
        return False
    alone = heading.start - heading.line == 1 and (first == 0 or not page.lines[first - 1].strip())
    return alone and len(rule) > _SHORT_RULE and abs(len(rule) - len(page.lines[first].strip())) <= 1


def cut(page: Outline, entry_id: str, heading: PlanHeading, sections: Collection[str]) -> Iterator[Diagnostic]:
    """Warn if the text of a task ends at a heading that may have been pasted as a part of it."""
    after = next((one for one in page.headings if one.line == heading.end + 1), None)
    name = after.text.casefold() if after else ""
    if after and after.level < 3 and (after.level == 1 or name not in (*sections, *USUAL_SECTIONS)):
        yield Diagnostic(
            after.line,
            f"the text of {entry_id} ends at the heading {quoted(after.text)}, and no child sees what is below: if it "
            f"belongs to {entry_id}, give its headings level 4 (`####`)",
        )


def conflicts(page: Outline) -> Iterator[Diagnostic]:
    """Find conflict markers, in code too: whatever they part, nobody has chosen yet.

    If `<<<<<<<` or `>>>>>>>` stands nowhere in the file, a bare `|||||||` may be a table, and `=======` may underline a
    heading.
    """
    certain = any(map(_CERTAIN.match, page.lines))
    headings = frozenset(at for one in page.blocks if one.kind == "heading_open" for at in range(one.start, one.end))
    for at, line in enumerate(page.lines):
        found = _CERTAIN.match(line) or (_POSSIBLE.match(line) if certain else None)
        if found is None and at not in page.verbatim and at not in headings:
            found = _LONE.match(line)
        if found:
            remedy = "keep the right version and remove every line with such a marker"
            yield Diagnostic(at + 1, f"{quoted(found[0].strip()[-7:])} is a merge conflict marker: {remedy}")


def cycles(tasks: Sequence[Task]) -> Iterator[Diagnostic]:
    """Find circles of tasks that wait for each other, as many as will be listed."""
    lines = {task.id: task.line for task in tasks}
    waits = {
        task.id: [other for other in task.after if other in lines and other != task.id] for task in tasks if task.after
    }
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


USUAL_SECTIONS = frozenset(
    (
        *("child context", "parallel work", "human checkpoints", "risks and open questions"),  # of the template
        *("risks", "open questions", "questions", "notes", "out of scope", "non-goals", "later", "ideas", "to do"),
        *("todo", "done", "status", "progress", "log", "history", "changelog", "decisions", "timeline", "milestones"),
        *("references", "links", "glossary", "appendix", "background"),
        *("technical details", "technical notes", "post-completion", "next steps", "follow-ups", "rollback"),
    )
)
_ENDS_OF_SENTENCES = frozenset(".!?:;,\u3002")
_SHORT_RULE = 3  # characters: so short, it is a rule as often as an underline
_CERTAIN = regex(r"[\s>*+-]*<{7,}(?=\s|\w|$)|[\s*+-]*>{7,}(?=\s|\w|$)|[\s>*+-]*\|{7}(?= [^|]*$)")
_POSSIBLE = regex(r"[\s>*+-]*(?:={7,}|\|{7,})(?=\s|$)")
_LONE = regex(r"\s*={7}(?=\s*$)")
_LONGEST_CIRCLE = 12  # tasks that are named
