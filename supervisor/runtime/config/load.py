"""Load the config of a workspace and find its repos. It is checked here once, and nowhere again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which

from msgspec.structs import replace

from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.errors import ConfigError, OrchError, UsageError
from supervisor.regex import regex
from supervisor.regular_file import open_regular
from supervisor.runtime.boundary.territories import guarded
from supervisor.runtime.boundary.work_trees import WorkTrees
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.read import read
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.sha256 import hex_digest
from supervisor.shell.git.root import toplevel

NAME = regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
SIZE_LIMIT = 1 << 20  # bytes


def load(workspace: WorkspacePaths) -> Config:
    """Load the config of a workspace.

    Raises ConfigError naming the key (and the nearest right one), or the child whose path is missing, no git repo, or
    given twice.
    """
    config = load_present(workspace)
    for name, (what, next_step) in config.absent.items():
        raise ConfigError(f"the child `{name}`: {what}", next_step)
    return config


def load_present(workspace: WorkspacePaths) -> Config:
    """Load a config of which some repos may be missing: these children are `absent`. Else as `load`."""
    content = _content(workspace)
    parsed = read(workspace.config, content)
    absent: dict[str, tuple[str, str]] = {}
    pairs = [(child.name, child.path) for child in parsed.children if child.runner is None]
    roots = dict(_checked(workspace.root, pairs, ConfigError, absent))
    children = tuple(
        replace(child, path=str(roots[child.name])) if child.runner is None else child for child in parsed.children
    )
    check_elsewhere(children, ConfigError, exclude_tmp=parsed.exclude_tmp)
    return replace(parsed, children=children, absent=absent, digest=hex_digest(content))


def load_guarded(workspace: WorkspacePaths) -> Config:
    """Load a config whose children may be driven, but for those that are `absent`.

    Raises ConfigError as `load_present`, and if a child's commands could write another child or the workspace.
    """
    return _guarded(workspace, load_present(workspace))


def present(config: Config) -> tuple[Child, ...]:
    """Return the children whose repos are there, on this machine."""
    return tuple(child for child in config.children if child.name not in config.absent and child.runner is None)


def check_elsewhere(
    children: Iterable[Child], kind: type[OrchError], *, exclude_tmp: bool, taken: Iterable[str] = ()
) -> None:
    """Check the children on other machines, by what is written: nothing of them can be looked at here.

    Raises `kind` for a bad name, or one that is `taken`, and if the commands of one could write another one.
    """
    seen: list[Child] = []
    names = set(taken)
    for child in children:
        if child.runner is None:
            continue
        _check_name(child.name, kind)
        if child.name in names:
            raise kind(f"the child `{child.name}` is named twice", "give each child a name of its own")
        names.add(child.name)
        for other in seen:
            if other.runner is None or other.runner.connect != child.runner.connect:
                continue
            if child.path == other.path or f"{child.path}/".startswith(f"{other.path}/"):
                _refuse_inside(child, other, kind)
            if f"{other.path}/".startswith(f"{child.path}/"):
                _refuse_inside(other, child, kind)
            for one in (child, other):
                if one.path.startswith(("/tmp/", "/var/tmp/")) and not exclude_tmp:
                    raise kind(
                        f"the child `{one.name}` lies in a temporary folder ({one.where}), which the commands of "
                        "others there may write",
                        "move it, or write `sandbox: {exclude_tmp: yes}`",
                    )
        seen.append(child)


def _refuse_inside(inner: Child, outer: Child, kind: type[OrchError]) -> None:
    if inner.path == outer.path:
        what = f"the children `{inner.name}` and `{outer.name}` are the same repo ({inner.where})"
        raise kind(what, "name it once")
    if outer.sandbox != "read-only":
        raise kind(
            f"the child `{inner.name}` lies in the child `{outer.name}` ({outer.where}), whose commands may write it",
            f"leave one of the two out of the config, or let `{outer.name}` only read: `sandbox: read-only`",
        )


def reload(workspace: WorkspacePaths, before: Config) -> Config:
    """Load the config again; return `before` itself if nothing changed.

    Raises as `load_guarded`, for a child that was given a path without a repo, and WorkspaceError if another workspace
    drives a child that is new.
    """
    same = hex_digest(_content(workspace)) == before.digest and not before.absent  # what was absent may be there now
    fresh = _guarded(workspace, before if same else load_present(workspace))  # a link or a mount may be new
    known = {child.path for child in before.children}
    for child in fresh.children:
        if child.name in fresh.absent and child.path not in known:  # a slip: what runs under another path goes on
            what, next_step = fresh.absent[child.name]
            raise ConfigError(f"the child `{child.name}`: {what}", next_step)
    back = {child.path for child in present(before)}
    if new := [child for child in present(fresh) if child.path not in back]:
        trees = WorkTrees()
        trees.claim(workspace, new)
        trees.give_back()
    return before if replace(fresh, digest=before.digest) == before else fresh


def everybody(workspace: WorkspacePaths) -> tuple[str, ...]:
    """Return who may have records: the children, if the config can be read, the orchestrator and the human."""
    names: list[str] = []
    with suppress(OrchError):
        names += (child.name for child in named(workspace))
    return (*names, ORCHESTRATOR, HUMAN)


def named(workspace: WorkspacePaths) -> tuple[Child, ...]:
    """Return the children that the config names, with absolute paths. Does not check whether their repos exist.

    Raises ConfigError for a config that cannot be read, or a bad name.
    """
    children = read(workspace.config, _content(workspace)).children
    for child in children:
        _check_name(child.name, ConfigError)
    return tuple(
        replace(child, path=_absolute(workspace.root, child.path)) if child.runner is None else child
        for child in children
    )


def configured_codex(workspace: WorkspacePaths) -> str | None:
    """Return the codex binary that the config names, if any. Raises ConfigError for a config that cannot be read."""
    return read(workspace.config, _content(workspace)).codex_bin


def has_documented_checks(workspace: WorkspacePaths) -> bool:
    """Return whether what documents name as checks has to pass before it lands. Raises ConfigError as above."""
    return read(workspace.config, _content(workspace)).documented_checks


def check_new(root: Path, pairs: list[tuple[str, str]]) -> list[tuple[str, Path]]:
    """Return the children named on the command line, each with the root of its work tree.

    Raises UsageError for a bad name, a path that is missing, no git repo, or given twice.
    """
    return _checked(root, pairs, UsageError)


def _guarded(workspace: WorkspacePaths, config: Config) -> Config:
    found = guarded(
        workspace,
        present(config),
        ConfigError,
        exclude_tmp=config.exclude_tmp,
        exclude_roots=config.exclude_roots,
        exclude=lambda key: f"write `sandbox: {{{key}: yes}}` into {workspace.config.name}",
        programs=programs(workspace.root, config),
    )
    return replace(config, confined=found)


def programs(root: Path, config: Config) -> Iterator[tuple[str, str]]:
    """Yield the files that the config has run as the person: the key that names each, and its path.

    Each word of a command that names a file counts, for the first may be a shell.
    """
    named: list[tuple[str, tuple[str, ...]]] = []
    if config.codex_bin is not None:
        named.append(("codex.bin", (config.codex_bin,)))
    if config.notify is not None:
        named.append(("notify.command", config.notify.command))
    for runner in {child.runner for child in config.children if child.runner is not None}:
        named += [(f"runners.{runner.name}.{key}", getattr(runner, key)) for key in ("connect", "before", "after")]
    for key, words in named:
        for at, word in enumerate(words):
            path = which(word) if at == 0 and "/" not in word else root / os.path.expanduser(word)
            if path is not None and os.path.isfile(path):
                yield key, str(path)


def reached(workspace: WorkspacePaths, config: Config) -> str | None:
    """Return why a child's commands could write the workspace by now, and what to do; None if they cannot.

    Somebody may have moved it, or put a link in its place, since the config was loaded. Takes about a millisecond.
    """
    try:
        _guarded(workspace, config)
    except ConfigError as error:
        return str(error)
    return None


def _content(workspace: WorkspacePaths) -> bytes:
    try:
        with open_regular(workspace.config) as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(
            f"{workspace.config} cannot be read ({error.strerror})", "run `orch init NAME=PATH ...`"
        ) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigError(f"{workspace.config} is larger than 1 MiB", "is it the right file?")
    return content


def _checked(
    root: Path,
    pairs: list[tuple[str, str]],
    kind: type[OrchError],
    absent: dict[str, tuple[str, str]] | None = None,
) -> list[tuple[str, Path]]:
    """Return the children with the roots of their work trees. Raises `kind`; without a repo, only if `absent` is None,
    else it is added there and has the path as given."""
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
            if absent is None:
                raise kind(f"the child `{name}`: {error.what}", error.next_step) from error
            absent[name] = (error.what, error.next_step)
            path = Path(_absolute(root, text))
        except ValueError as error:
            raise kind(f"the child `{name}`: its path is not valid ({error})", "correct the child's path") from error
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
