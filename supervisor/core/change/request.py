"""Write the text of a pull request: it names the others of its landing, their order, and the checks that ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supervisor.core.text.escape import code, inline

BODY_LIMIT = 60_000
"""Characters: GitHub takes 65,536."""

_LINE = 200


class RequestRow(NamedTuple):
    """One repo of the landing, as its pull requests name it."""

    child: str
    branch: str
    url: str  # of its pull request; "": there is none
    subjects: tuple[str, ...]  # of its commits, with the task in front
    checks: tuple[str, ...]  # that ran for them: command and result


def request_body(plan: str, rows: Sequence[RequestRow], own: str, together: Sequence[str] = ()) -> str:
    """Return the text of the pull request of the repo `own`. `rows` are in the order in which they are merged.

    `together`: the checks that ran with all repos.
    """
    lines = [f"Part of the plan “{inline(plan, _LINE)}”"]
    lines[0] += f", which changes {len(rows)} repos together." if len(rows) > 1 else "."
    if len(rows) > 1:
        lines += ["", "Merge in this order:", ""]
        for number, row in enumerate(rows, 1):
            name = f"**{inline(row.child, _LINE)}**" if row.child == own else inline(row.child, _LINE)
            where = row.url or f"the branch {code(row.branch)}"
            lines.append(f"{number}. {name}: {'this one' if row.child == own else where}")
    mine = next(row for row in rows if row.child == own)
    lines += ["", "Commits:", "", *(f"- {inline(one, _LINE)}" for one in mine.subjects)]
    checks = [(inline(row.child, _LINE), one) for row in rows for one in row.checks]
    checks += [("all repos together", one) for one in together]
    if checks:
        lines += ["", "Checks that ran:", "", *(f"- {where}: {one}" for where, one in checks)]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= BODY_LIMIT else text[: BODY_LIMIT - 2] + "…\n"


def check_line(command: str, exit_code: int) -> str:
    """Return one check and how it ended."""
    return f"{code(command[:_LINE])} {'passed' if exit_code == 0 else f'ended with exit code {exit_code}'}"
