"""Why a place does not serve a child, from what its shell or the program that leads there said."""

from __future__ import annotations

import re
import shlex

from msgspec import Struct
from msgspec.structs import replace

from supervisor.domain.child import Runner
from supervisor.wire.place.answers import PlaceAnswer


class Trouble(Struct, frozen=True):
    """What is wrong and what to do about it. `refused`: another try is useless until a person acts."""

    what: str
    next_step: str
    refused: bool = True
    gone: bool = False  # the place itself is: what ran there has ended
    queued: bool = False  # the place is not there yet


_SAID = (  # of programs that lead elsewhere: what they print (OpenSSH, unless it says otherwise), and what it means
    (
        "remote host identification has changed",
        Trouble("the host key of {at} has changed", "find out why, then correct ~/.ssh/known_hosts"),
    ),
    (
        "host key verification failed|no [^ ]+ host key is known|authenticity of host",
        Trouble("the host key of {at} is not known here", "log in once by hand (`{by_hand}`) and compare the key"),
    ),
    (
        "permission denied|too many authentication failures|no more authentication methods",
        Trouble("{at} refuses the login", "log in once by hand (`{by_hand}`), with a key that needs no question"),
    ),
    (
        "could not resolve hostname",
        Trouble("there is no host by the name of {at}", "correct the runner, or ~/.ssh/config", refused=False),
    ),
    (
        "bad configuration option|bad owner or permissions|can't open user config",
        Trouble("ssh refuses its configuration for {at}", "correct it: `{by_hand}` says what is wrong"),
    ),
    (  # of Slurm
        "job is pending execution",
        Trouble("the job of {at} waits for its turn", "orch tries again", refused=False, queued=True),
    ),
    (  # of docker, podman, kubectl and Slurm
        'no such container|pods? "?[^ ]*"? not found|invalid job id|slurm job [0-9]+ has expired',
        Trouble("{at} is not there", "start it, or correct the runner", refused=False, gone=True),
    ),
    ("no space left on device", Trouble("the disk of {at} is full", "make room there")),
)

_NO = {  # what a script says after `no`
    "system": Trouble("{at} has no /proc ({text})", "orch runs servers on Linux only"),
    "home": Trouble("HOME is not set at {at}", "set it in `env` of the runner, {again}"),
    "folder": Trouble("there is no folder {root} at {at}", "clone the repo there, {again}"),
    "git": Trouble("git does not read {root} at {at}: {text}", "install git and clone the repo there, {again}"),
    "root": Trouble("{root} at {at} is not the root of its repo", "write `path: {text}`, then run `orch up`"),
    "codex": Trouble("there is no `{codex}` on the PATH at {at} ({text})", "set `codex` below `runners`, {again}"),
    "native": Trouble("{text} at {at} is npm's wrapper, without a native binary", "reinstall it there, {again}"),
    "runs": Trouble("codex at {at} does not run: {text}", "install it anew there, {again}"),
    "tools": Trouble("{at} has no `{text}` that orch can use", "install coreutils or busybox there, {again}"),
    "setsid": Trouble("{at} has no `setsid`", "install util-linux or busybox there, {again}"),
    "disk": Trouble("the state folder at {at} cannot be written: {text}", "make room, or make it writable, {again}"),
    "named": Trouble("the state folder at {at} ({text}) is no plain word to every shell", "set HOME there, {again}"),
    "path": Trouble("the state folder at {at} ({text}) cannot hold a socket", "set another HOME in its `env`, {again}"),
    "inside": Trouble(
        "the state folder at {at} ({text}) lies in {root}, where the commands of {child} may write",
        "set another HOME in `env` of the runner, {again}",
    ),
    "driven": Trouble("another workspace drives {root} at {at}: {text}", "run `orch down` there, {again}"),
    "survives": Trouble("processes of {child} at {at} survive SIGKILL ({text})", "see what blocks them", refused=False),
    "died": Trouble("codex app-server at {at} ended before it answered: {text}", "see `orch asks`", refused=False),
    "slow": Trouble("codex app-server at {at} did not listen in time", "orch tries again", refused=False),
    "gone": Trouble("the server of {child} at {at} is gone", "orch starts it again", refused=False),
}  # fmt: skip

_DISTRUSTED = Trouble(
    "git at {at} does not trust {root}: it belongs to another user",
    "if you do, run `git config --global --add safe.directory {root}` there, {again}",
)


def unreached(runner: Runner, said: str, code: int | None, seconds: float) -> Trouble:
    """Why a prefix led to no shell. `said`: its standard error; `code`: its exit code, None if it did not end."""
    words = {"at": runner.name, "by_hand": shlex.join(runner.connect)}
    text = said.lower()
    for pattern, trouble in _SAID:
        if re.search(pattern, text):
            return _filled(trouble, words, said)
    if code in (126, 127):
        return _filled(Trouble("there is no `sh` behind {at}", "choose a place that has one"), words, said)
    why = f"no answer within {seconds:g} s" if code is None else f"`{words['by_hand']}` ended with {code}"
    what = "{at} is out of reach" + ("" if said.strip() else f" ({_plain(why)})")
    return _filled(Trouble(what, "orch tries again", refused=False), words, said)


def endless(runner: Runner) -> Trouble:
    """Why a prefix led to no shell: whatever is there prints without end."""
    words = {"at": runner.name, "by_hand": shlex.join(runner.connect)}
    what = "{at} prints so much that orch finds no answer in it"
    return _filled(Trouble(what, "see what a login prints there (`{by_hand}`)", refused=False), words, "")


def refusal(runner: Runner, answer: PlaceAnswer, child: str, root: str) -> Trouble:
    """Why a script did not do what it should: what its `no` says."""
    reason, text = (answer.rest[0] if answer.rest else ""), " ".join(answer.rest[1:])
    trouble = _DISTRUSTED if reason == "git" and "dubious ownership" in text else _NO.get(reason)
    if answer.word != "no" or trouble is None:
        trouble, text = Trouble("{at} says what orch does not understand ({text})", "see `orch logs`"), answer.text
    words = {"at": runner.name, "root": root, "child": child, "codex": runner.codex or "codex"}
    again = f"then `orch restart {child}`"
    return _filled(trouble, {**words, "again": again, "text": _printable(text[:300]) or "it says nothing"}, "")


def _filled(trouble: Trouble, words: dict[str, str], said: str) -> Trouble:
    """Fill in the words, and add the last line that was said."""
    lines = [_printable(" ".join(one.split())) for one in said.splitlines() if one.strip()]
    end = f": {lines[-1][:200]}" if lines else ""
    return replace(trouble, what=trouble.what.format(**words) + end, next_step=trouble.next_step.format(**words))


def _printable(text: str) -> str:
    """Return text without what a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in text)


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
