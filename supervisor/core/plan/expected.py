"""Find the result that a task for a human expects: `**Expect:**` and what follows it, up to the end of the task. Find
texts that are missing, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.outline import Outline
from supervisor.core.plan.suspects import plain
from supervisor.domain.plan import Contract, Task
from supervisor.regex import regex


def mark_in(line: str) -> re.Match[str] | None:
    """Return the mark in a line above which are the steps, and behind which is the result."""
    return _EXPECT.search(line)


def nearly(page: Outline, text: Iterable[int], task_id: str) -> Iterator[Diagnostic]:
    """Warn of the first line in the text of a task that looks like the mark but is none. `text`: its lines, from 0."""
    code = page.code()
    for at in text:
        found = None if at in code else _NEARLY.match(plain(page.lines[at]))
        if found:
            why = f"{quoted(found[0].strip())} is read as a part of the steps of {task_id}"
            if at in page.verbatim:
                yield Diagnostic(at + 1, f"{why}, because HTML above swallows it: leave an empty line above it")
            else:
                yield Diagnostic(at + 1, f"{why}: if the result that it expects begins here, write `**Expect:**`")
            return


def lacking(found: Sequence[Contract | Task], unexpected: Sequence[int]) -> Iterator[Diagnostic]:
    """Find contracts and tasks without text, and results to expect that are not told: lines `unexpected`."""
    for one in found:
        if isinstance(one, Contract) and is_blank(one.text):
            yield Diagnostic(one.line, f"{one.id} has no text: say below its fields what has to hold")
        if isinstance(one, Task) and is_blank(one.instructions) and is_blank(one.expect):
            yield Diagnostic(one.line, f"{one.id} has no text: say below its fields what to do")
    for line in unexpected:
        yield Diagnostic(line, "`Expect:` has no text: write the exact result that has to come back")


def is_blank(text: str) -> bool:
    """Return whether a text has nothing but comments and rules."""
    return not text.strip() or not re.sub(r"<!--.*?-->|^[ \t*_=-]+$|\s", "", text, flags=re.DOTALL | re.MULTILINE)


_EXPECT = regex(r"(?:^\s*[-*+]\s+)?\*\*expect(?:\s*:\*\*|\*\*\s*:)|^\s*(?:[-*+]\s+)?expect\s*:", re.IGNORECASE)
_WORD = (
    r"expect(?:s|ed|ation|ations|ing)?(?:\s+(?:results?|outcomes?|outputs?|behaviou?rs?|values?|answers?|to\s+see))?"
)
_MARKS = r"[*_`~]{0,4}"
# Behind the word: a colon or a dash within or after marks; or nothing, for a heading or bold text of a line of its own.
_NEARLY = regex(
    rf"(?:[\s>]|[-*+\u2022\u2013\u2014](?=\s)|\d{{1,9}}[.)](?=\s)|\[[ xX]\](?=\s)|</?[a-z][^<>]{{0,40}}>)*"
    rf"(?:(?:\#{{1,6}}\s*|{_MARKS}){_MARKS}{_WORD}\s*{_MARKS}\s*(?:</\w+>)?\s*[:=\u2013\u2014-]{_MARKS}"
    rf"|(?:\#{{1,6}}\s*{_MARKS}|[*_]{{1,3}}|<(?:b|strong|h[1-6]|i|em)>){_WORD}[\s*_#.]*(?:</\w+>)?\s*$)",
    re.IGNORECASE,
)
