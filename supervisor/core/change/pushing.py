"""Decide about the push of a landing: what is left of it, in which order, and what of the repo's own forbids it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from supervisor.domain.change.entry import (
    Entry,
    LandedRepo,
    LandingPrepared,
    OperationEnded,
    PushBegan,
    Pushed,
    PushEnded,
    RequestOpened,
)
from supervisor.regex import regex

SAID_LIMIT = 600  # characters of what a remote says
SAID_LINES = 8

_PROGRAMS = regex(
    r"core\.(?:sshcommand|gitproxy|askpass|alternaterefscommand)|ssh\.variant"
    r"|gpg\.(?:.*\.)?(?:program|defaultkeycommand)"
    r"|credential\.(?:.*\.)?helper|remote\..*\.(?:receivepack|uploadpack|vcs)|protocol\.(?:.*\.)?allow"
    r"|http\.(?:.*\.)?sslverify",
)
_SEQUENCE = regex(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
_ADDRESS = regex(r"(?P<scheme>\w[\w+.-]*://)[^\s/@'\"]*@")
_HOST = regex(r"(?:\w[\w+.-]*://(?:[^/@]*@)?|(?:[^/:@]+@)?(?=[^/:]+:(?!//)))(?P<host>\[[^\]]*\]|[^/:]*)")
_TRAILER = regex(r"(?P<name>Orch-Plan|Orch-Task|Depends-On): (?P<value>.*)")
_NOISE = ("error: failed to push some refs", "hint: ", "To ", "remote: ")


class PushProgress(NamedTuple):
    """How far the push of a landing is."""

    landing: LandingPrepared
    wanted: bool  # the person asked for it, and it is not over
    requests: bool  # pull requests were asked for too
    pushed: Mapping[str, Pushed]  # what was pushed, by child
    requested: Mapping[str, str]  # the addresses of pull requests, by child
    this_time: frozenset[str]  # the children that were pushed since it was asked for the last time

    def is_pushed(self, repo: LandedRepo) -> bool:
        """Whether the last commit of this landing is at the remote; an older one does not count."""
        done = self.pushed.get(repo.child)
        return done is not None and done.new == repo.commits[-1]


def landings(entries: Sequence[Entry]) -> tuple[PushProgress, ...]:
    """Return the landings that are done, the oldest first, with how far each is pushed."""
    done = {one.number for one in entries if isinstance(one, OperationEnded) and one.done}
    return tuple(
        _progress(one, [entry for entry in entries if entry.number == one.number])
        for one in entries
        if isinstance(one, LandingPrepared) and one.number in done
    )


def left_at(found: Sequence[PushProgress], child: str, branch: str) -> frozenset[str]:
    """Return where landings left a branch of the remote: one that still is there may be moved."""
    return frozenset(
        one.pushed[child].new
        for one in found
        if child in one.pushed and one.pushed[child].ref == f"refs/heads/{branch}"
    )


def refusals(settings: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the settings of a repo's own that name a program, or loosen a check, for a push: a child may be behind."""
    return tuple(
        dict.fromkeys(
            key
            for key, value in settings
            if _PROGRAMS.fullmatch(key)
            and not (key.endswith(".allow") and value == "never")
            and not (key.endswith(".sslverify") and value.lower() in ("true", "yes", "on", "1"))
        )
    )


def trailers_of(message: str) -> dict[str, tuple[str, ...]]:
    """Return the values of our trailers in a message, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for line in message.rstrip().rpartition("\n\n")[2].splitlines():
        if match := _TRAILER.fullmatch(line):
            found[match["name"]] = (*found.get(match["name"], ()), match["value"])
    return found


def in_order(children: Sequence[str], rests_on: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Order repos so that each stands behind those that its commits rest on; in a circle, the given order decides."""
    left, found = list(children), dict[str, None]()
    while left:
        free = (
            one
            for one in left
            if all(need in found or need not in left for need in rests_on.get(one, ()) if need != one)
        )
        following = next(free, left[0])
        left.remove(following)
        found[following] = None
    return tuple(found)


def host_of(url: str) -> str:
    """Return the host that an address names, in lower case; "" for a path or a file."""
    match = _HOST.match(url)
    return match["host"].lower() if match and not url.startswith(("/", ".", "file:")) else ""


def programs_for(host: str, installed: Sequence[str]) -> tuple[str, ...]:
    """Return the programs that may be the one of the forge at this host, of those that are installed."""
    for name, program in (("github", "gh"), ("gitlab", "glab")):
        if name in host:
            return (program,) if program in installed else ()
    return tuple(installed)


def shown_address(url: str) -> str:
    """Return an address without what stands before its host: it may be a credential."""
    return plain(_ADDRESS.sub(r"\g<scheme>", url), 200) if "://" in url else plain(url, 200)


def plain(text: str, limit: int = SAID_LIMIT) -> str:
    """Return text of others as one line without control characters and credentials in addresses, cut."""
    text = _ADDRESS.sub(r"\g<scheme>", _SEQUENCE.sub("", text))
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def why_not(reason: str, said: str) -> str:
    """Return in one line why a push failed: what git says, then what the server or the hook printed."""
    lines = [row for row in said.replace("\r", "\n").splitlines() if row.strip()]
    server = [row.removeprefix("remote: ").strip() for row in lines if row.startswith("remote: ")]
    others = [row.removeprefix("fatal: ").removeprefix("error: ") for row in lines if not row.startswith(_NOISE)]
    rows = [one for one in (server or others) if one.strip()][-SAID_LINES:]
    return plain(": ".join(part for part in (reason, "; ".join(rows)) if part)) or "git does not say why"


def _progress(landing: LandingPrepared, entries: Sequence[Entry]) -> PushProgress:
    wanted, requests = landing.push, landing.requests
    pushed, requested, this_time = dict[str, Pushed](), dict[str, str](), set[str]()
    for entry in entries:
        match entry:
            case PushBegan():
                if not wanted:
                    this_time.clear()
                wanted, requests = True, entry.requests
            case Pushed() if not entry.why:
                pushed[entry.child] = entry
                this_time.add(entry.child)
            case RequestOpened() if entry.url:
                requested[entry.child] = entry.url
            case PushEnded():
                wanted = False
            case _:
                pass
    return PushProgress(landing, wanted, requests, pushed, requested, frozenset(this_time))
