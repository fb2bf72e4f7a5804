"""Find the marks that a merge of two versions of plan.md leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.core.plan.diagnostics import Diagnostic, quoted
from supervisor.core.plan.outline import Outline


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


_CERTAIN = re.compile(r"[\s>*+-]*<{7,}(?=\s|\w|$)|[\s*+-]*>{7,}(?=\s|\w|$)|[\s>*+-]*\|{7}(?= [^|]*$)")
_POSSIBLE = re.compile(r"[\s>*+-]*(?:={7,}|\|{7,})(?=\s|$)")
_LONE = re.compile(r"\s*={7}(?=\s*$)")
