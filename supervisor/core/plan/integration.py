"""Parse `## Integration`: the commands that run with the work of all repos together before it lands."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.fields import COMMANDS, Field, Fields
from supervisor.core.plan.outline import Outline
from supervisor.core.text.markdown import inline
from supervisor.domain.plan import Integration
from supervisor.regex import regex


def integration(
    page: Outline, section: Sequence[int], tasks: Collection[str], of_people: Collection[str]
) -> tuple[list[Integration], list[Diagnostic]]:
    """Return the commands of a section, and what is wrong in it. `section`: the indexes of its lines.

    A command is an item of a list, in inline code; an item below it may say `reopens: T1, T2`. Paragraphs are prose.
    `of_people`: the tasks that no child can do again.
    """
    return _Commands(page, tasks, of_people).read(section)


class _Commands:
    def __init__(self, page: Outline, tasks: Collection[str], of_people: Collection[str]) -> None:
        self._page = page
        self._tasks = tasks
        self._of_people = of_people
        self._found: list[Integration] = []
        self._wrong: list[Diagnostic] = []
        self._indent = 0  # of the latest command

    def read(self, section: Sequence[int]) -> tuple[list[Integration], list[Diagnostic]]:
        first_prose, in_list = 0, False
        code = frozenset(
            at for one in self._page.blocks if one.kind == "code_block" for at in range(one.start, one.end)
        )
        for at in section:
            line = self._page.lines[at]
            if at in self._page.examples or not line.strip():
                if _FENCE.match(line):
                    self._flag(at, f"no command in a code block runs: {_RULE}")
                continue
            item = _ITEM.match(line)
            if item is None and at in code:
                self._flag(at, f"no command in an indented block runs: {_RULE}")
            elif item is None and at in self._page.verbatim:
                continue
            elif item is None and in_list and line[0].isspace():
                self._flag(at, f"{quoted(line.strip())} goes on an item: write all of it on one line")
            elif item is None:
                in_list = False
                first_prose = first_prose or at + 1
                if COMMANDS.fullmatch(line.strip()):
                    self._flag(at, f"{quoted(line.strip())} is no item of a list, so it would not run: {_RULE}")
                elif _HEADING.match(line):
                    self._flag(at, f"a heading has no place among the commands of the integration: {_RULE}")
            else:
                in_list = True
                self._item(at, len(item[1].expandtabs(4)), (item[2] or "").strip())
        if not self._found and not self._wrong and first_prose:
            self._flag(first_prose - 1, f"`## Integration` names no command, so nothing would run: {_RULE}")
        return self._found, self._wrong

    def _item(self, at: int, indent: int, text: str) -> None:
        named = _REOPENS.match(text)
        if named:
            self._reopens(at, indent, named[1])
            return
        if self._found and indent >= self._indent + 2:
            self._flag(
                at, f"{quoted(text)} says nothing about the command above: only `- reopens: T1, T2` may stand here"
            )
            return
        tokens = inline(text)
        if len(tokens) != 1 or tokens[0].type != "code_inline" or not tokens[0].content.strip():
            self._flag(at, f"{quoted(text)} is not one command: {_RULE}, and what it reopens in one below it")
            return
        self._indent = indent
        command = tokens[0].content.strip()
        first = next((one for one in self._found if one.command == command), None)
        if first is not None:
            self._flag(at, f"{quoted(command)} is here twice, first on line {first.line}: remove one of them")
        self._found.append(Integration(command, (), at + 1))

    def _reopens(self, at: int, indent: int, value: str) -> None:
        if not self._found or indent < self._indent + 2:
            self._flag(at, "`reopens` belongs to a command: indent it by two spaces below that")
            return
        last = self._found[-1]
        if last.reopens:
            self._flag(at, f"`reopens` of {quoted(last.command)} is here twice: name all tasks on one line")
        fields = Fields([Field("reopens", value, at + 1)], ("reopens",), self._wrong)
        names = fields.names("reopens", "task", self._tasks)
        for name in names:
            if name in self._of_people:
                self._flag(at, f"{name} is for a human, so no failure can reopen it: name the task of a child")
        self._found[-1] = Integration(last.command, names, last.line)

    def _flag(self, at: int, message: str) -> None:
        self._wrong.append(Diagnostic(at + 1, message))


_RULE = "write each command as an item of its own, between backticks"
_ITEM = regex(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$")
_FENCE = regex(r"[ \t]*(?:```|~~~)")
_HEADING = regex(r" {0,3}#{1,6}\s")
_REOPENS = regex(r"[*_`]{0,3}reopens?[*_`]{0,3}\s*:[*_]{0,3}(.*)", re.IGNORECASE)
