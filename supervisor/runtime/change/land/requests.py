"""Open the pull requests of a landing: a draft in each repo that has a forge, each of which names the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.pushing import host_of, landings, plain, programs_for, trailers_of
from supervisor.core.change.request import RequestRow, check_line, request_body
from supervisor.domain.change.entry import LandedRepo, RequestOpened
from supervisor.domain.change.remote import RemotePlace
from supervisor.domain.status import TaskInfo
from supervisor.errors import OrchError
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.secrets import clean
from supervisor.shell.git.remote.forge import Forge, OpenedRequest, installed_forges

Told = Callable[[str], None]
TITLE_LIMIT = 200


class PushedSide(Struct, frozen=True):
    """One repo of a landing that is pushed."""

    repo: LandedRepo
    root: Path
    place: RemotePlace
    messages: tuple[str, ...]


def open_requests(
    journal: Journal,
    number: int,
    sides: Sequence[PushedSide],
    tasks: Sequence[TaskInfo],
    told: Told,
    notes: list[str],
) -> str:
    """Open what is missing, then write into each what the others are. Returns what failed, "" if nothing did."""
    done = next(one for one in landings(journal.entries) if one.landing.number == number)
    known = done.requested
    together = [check_line(command, 0) for command in done.landing.checks]
    urls = dict[str, str]()
    texts = dict[str, str]()
    forges = dict[str, Forge]()
    failures = list[str]()
    plan = next((one for side in sides for text in side.messages for one in trailers_of(text).get("Orch-Plan", ())), "")
    for side in sides:
        child = side.repo.child
        program = program_for(side.root, side.place)
        if not program:
            notes.append(f"{child}: {without_program(side.place)}")
            continue
        forges[child] = Forge(program, side.root)
        if child in known:
            urls[child] = known[child]
            continue
        told(f"{child}: open a draft with {program}")
        texts[child] = request_body(plan, _rows(sides, urls, tasks), child, together)
        opened = _opened(forges[child], side, plan, texts[child])
        journal.append(RequestOpened(number, _now(), child, opened.url, clean(plain(opened.said))))
        if opened.url:
            urls[child] = opened.url
        else:
            failures.append(f"{child} has no pull request: {program} says {plain(opened.said)}")
    rows = _rows(sides, urls, tasks)
    for child, url in urls.items():
        body = request_body(plan, rows, child, together)
        if body == texts.get(child):
            continue
        try:
            why = forges[child].rewrite(url, clean(body))
        except OrchError as error:
            why = error.what
        if why:
            failures.append(f"the pull request of {child} does not name the others: {plain(why)}")
    return "; ".join(failures)


def program_for(root: Path, place: RemotePlace) -> str:
    """Choose the program of the forge at a remote: of several, the one that is logged in there; "": none."""
    host = host_of(place.urls[0])
    candidates = programs_for(host, installed_forges(root))
    if len(candidates) < 2:
        return next(iter(candidates), "")
    return next((one for one in candidates if host and Forge(one, root).is_logged_in(host)), "")


def without_program(place: RemotePlace) -> str:
    """Say that the forge at a remote has no program here."""
    return f"no pull request: there is no `gh` or `glab` for {plain(host_of(place.urls[0])) or 'its remote'}"


def _opened(forge: Forge, side: PushedSide, plan: str, body: str) -> OpenedRequest:
    """Find the pull request that a stop left, or open one."""
    subjects = [one.partition("\n")[0] for one in side.messages]
    title = subjects[0] if len(subjects) == 1 else plan.rpartition(" r")[0] or plan
    if len(subjects) > 1 and all(one.lower().startswith("revert") for one in subjects):
        title = f"Revert {title}"
    title = plain(clean(title), TITLE_LIMIT)
    try:
        if found := forge.find(side.repo.branch):
            return OpenedRequest(found)
        return forge.open(side.repo.branch, side.place.base, title, clean(body))
    except OrchError as error:
        return OpenedRequest("", error.what)


def _rows(sides: Sequence[PushedSide], urls: dict[str, str], tasks: Sequence[TaskInfo]) -> tuple[RequestRow, ...]:
    by_id = {one.id: one for one in tasks}
    rows = []
    for side in sides:
        named = [(one.partition("\n")[0], trailers_of(one).get("Orch-Task", ())) for one in side.messages]
        ids = dict.fromkeys(name for _, names in named for name in names)
        checks = [
            check_line(check.command, check.exit_code)
            for name in ids
            if name in by_id and by_id[name].child == side.repo.child
            for check in by_id[name].verify
        ]
        rows.append(
            RequestRow(
                side.repo.child,
                side.repo.branch,
                urls.get(side.repo.child, ""),
                tuple(f"{', '.join(names)}: {subject}" if names else subject for subject, names in named),
                tuple(dict.fromkeys(checks)),
            )
        )
    return tuple(rows)


def _now() -> datetime:
    return datetime.now(UTC)
