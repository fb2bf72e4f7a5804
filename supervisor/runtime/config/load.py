"""`orchestrator.config.yaml`: which children take part, and the limits. Parsed once; nothing checks again after.

What a file says is kept beside the ledger, as to load pydantic and YAML takes longer than all else at a start (0.1 s).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from supervisor import __version__
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.errors import ConfigError, OrchError, UsageError
from supervisor.runtime.config.model import Config
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git import toplevel
from supervisor.wire.plain import dumped, loaded, typed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
SIZE_LIMIT = 1 << 20  # bytes
_NO_TEXT = ("true", "false", "null")  # words that YAML takes for something else


def load(workspace: Workspace) -> Config:
    """The config of a workspace.

    Raises ConfigError naming the key (and the nearest right one), or the child whose path is missing, no git repo, or
    given twice.
    """
    content = _content(workspace)
    said = _said(workspace, content)
    roots = _checked(workspace.root, [(child.name, child.path) for child in said.children], ConfigError)
    children = tuple(replace(child, path=str(root)) for child, (_, root) in zip(said.children, roots, strict=True))
    return replace(said, children=children, digest=_digest(content))


def reload(workspace: Workspace, before: Config) -> Config:
    """The config as it is now: `before` itself if it says the same. Raises as `load`."""
    if _digest(_content(workspace)) == before.digest:
        return before
    fresh = load(workspace)
    return before if replace(fresh, digest=before.digest) == before else fresh


def named(workspace: Workspace) -> tuple[Child, ...]:
    """The children as the config names them, with absolute paths; whether their repos are there is not looked at.

    Raises ConfigError for a config that cannot be read, or a bad name.
    """
    children = _said(workspace, _content(workspace)).children
    for child in children:
        _check_name(child.name, ConfigError)
    return tuple(replace(child, path=_absolute(workspace.root, child.path)) for child in children)


def _said(workspace: Workspace, content: bytes) -> Config:
    """What the file says, with the paths as they are written there. Raises ConfigError."""
    key = hashlib.sha256(_code() + os.fsencode(f"{workspace.root}\0{os.path.expanduser('~')}\0") + content).hexdigest()
    with suppress(OSError, ValueError, TypeError):
        kept: dict[str, Any] = loaded(dict[str, Any], workspace.parsed_config.read_bytes())
        if kept.get("key") == key:
            said: Config = typed(Config, kept.get("said"))
            return said
    from supervisor.runtime.config.schema import read

    said = read(workspace.config, content)
    if said.telling is None:
        with suppress(OSError):  # it only costs more the next time
            workspace.state.mkdir(mode=0o700, exist_ok=True)
            write_atomic(workspace.parsed_config, dumped({"key": key, "said": said}))
    return said


@cache
def _code() -> bytes:
    """What tells this code from any other that would see something else in the same file."""
    own = (Path(__file__).with_name(f"{name}.py").read_bytes() for name in ("model", "load", "schema", "rules"))
    return __version__.encode() + b"".join(own)


def check_new(root: Path, pairs: list[tuple[str, str]]) -> list[tuple[str, Path]]:
    """The children named on the command line, each with the root of its work tree.

    Raises UsageError for a bad name, a path that is missing, no git repo, or given twice.
    """
    return _checked(root, pairs, UsageError)


def starter(children: Iterable[tuple[str, str]], trusted: Collection[str] = ()) -> str:
    """The text of a new config file for these children (name, path), some of which are trusted."""
    children = list(children)
    first = _quoted(children[0][0]) if children else "NAME"
    rows = "\n".join(
        f"  {_quoted(name)}:\n    path: {_quoted(path)}" + "\n    trusted: true" * (name in trusted)
        for name, path in children
    )
    return f"""\
# The repos that take part, and the limits. Read by `orch up`; not committed.
children:
{rows}
    # model: gpt-5.5              # default: what your codex config says
    # effort: high
    # sandbox: workspace-write    # or read-only
    # network: false              # true lets its commands reach the network
    # approvals: on-request       # never: Codex asks for nothing, and what needs leave fails
    # budget: 5M tokens, 8 h      # what its tasks may spend together; then you are asked
    # trusted: false              # true: Codex runs what the repo's own .codex names (MCP servers, hooks, rules)

# orchestrator:                   # what `orch plan` runs
#   model: gpt-5.5
#   effort: high

# codex:
#   bin: /path/to/codex           # default: $ORCH_CODEX_BIN, then this, then codex on PATH, then the packaged one

# limits:
#   verify_minutes: 20            # for one verify command
#   retry_seconds: [2, 10, 30]    # pauses before a turn that failed at the provider is tried again
#   stall_minutes: 10             # for a running turn without a sign of life
#   pause_seconds: [5, 20, 60, 300, 900]  # pauses of everything while the provider takes no work; the last one repeats
#   ready_seconds: 30             # for a server to answer after its start
#   log_megabytes: 10             # size at which a log is rotated

# budget:                         # tokens and minutes; what is used up pauses, and you are asked
#   plan: 20M tokens, 24 h        # all tasks of the plan together
#   task: 2M tokens, 90 min       # each task that has none in plan.md

# rules:                          # approvals that are settled without you; every other one is yours
#   - accept: {{command: git status}}   # by its first words, and only if it is one plain command
#   - accept: {{path: "docs/**"}}       # all changed files, relative to the repo or absolute
#     child: {first}
#   - decline: {{command: git push}}    # a decline wins, wherever it stands

# notify:                         # told once each; the notice is JSON, on standard input or posted
#   command: notify-send orch
#   webhook: https://example.com/hook
#   on: [asks, blocked, paused, end]
"""


def _content(workspace: Workspace) -> bytes:
    try:
        with workspace.config.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(
            f"{workspace.config} cannot be read ({error.strerror})", "run `orch init NAME=PATH ...`"
        ) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigError(f"{workspace.config} is larger than 1 MiB", "is it the right file?")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked(root: Path, pairs: list[tuple[str, str]], kind: type[OrchError]) -> list[tuple[str, Path]]:
    seen: dict[Path, str] = {}
    names: set[str] = set()
    found = []
    for name, text in pairs:
        _check_name(name, kind)
        if name in names:
            raise kind(f"the child `{name}` is named twice", "give each child a name of its own")
        names.add(name)
        try:
            path = toplevel(Path(_absolute(root, text)))
        except OrchError as error:
            raise kind(f"the child `{name}`: {error.what}", error.next_step) from error
        except ValueError as error:
            raise kind(f"the child `{name}`: its path is none ({error})", "correct the child's path") from error
        path = path.resolve()
        if path in seen:
            raise kind(f"the children `{seen[path]}` and `{name}` are the same repo ({path})", "name it once")
        seen[path] = name
        found.append((name, path))
    return found


def _absolute(root: Path, text: str) -> str:
    return os.path.abspath(root / os.path.expanduser(text))


def _check_name(name: str, kind: type[OrchError]) -> None:
    if not NAME.fullmatch(name):
        raise kind(
            f"`{name}` is no name for a child",
            "use up to 40 letters, digits, `-` and `_`, beginning with a letter or digit",
        )
    if name.lower() in (HUMAN, ORCHESTRATOR):
        stands = "you in the plan" if name.lower() == HUMAN else "who writes the plan"
        raise kind(f"`{name}` is no name for a child (it stands for {stands})", "choose another name")


def _quoted(text: str) -> str:
    """A text as YAML reads it back: bare where it cannot be taken for a number, a date, `null` or `true`."""
    if re.fullmatch(r"[A-Za-z][\w-]*|[\w.~-]*/[\w./~-]*", text, re.ASCII) and text.lower() not in _NO_TEXT:
        return text
    return '"' + "".join(char if char.isprintable() and char not in '"\\' else _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}" if char not in '"\\' else f"\\{char}"
