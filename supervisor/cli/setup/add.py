"""`orch add`: add children to a workspace, also while its supervisor runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace

from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.setup.pairs import config_path, pairs_of, prefix, split
from supervisor.cli.setup.reconfigure import reconfigure
from supervisor.cli.setup.trust import codex_trust, git_trust
from supervisor.cli.steer.ready import taken_in, until_ready
from supervisor.domain.child import Child
from supervisor.errors import ConfigError, OrchError, UsageError
from supervisor.runtime.boundary.territories import guarded
from supervisor.runtime.config.change import text_of
from supervisor.runtime.config.edit import ConfigNotEditable, NewChild, with_child
from supervisor.runtime.config.load import check_elsewhere, check_new, programs
from supervisor.runtime.config.mistakes import without_variables
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.read import read
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.root import toplevel

EXAMPLE = "name the repo, for example `orch add web=../web`"


def add(
    workspace: WorkspacePaths,
    folder: Path,
    repos: Annotated[
        list[str],
        Argument("NAME=PATH or PATH", "The repos that are added. A PATH alone is named after its folder."),
    ],
    trust: Annotated[
        list[str] | None,
        Option("--trust", "Trust this repo, as `orch init --trust` does. May be repeated.", "NAME"),
    ] = None,
    *,
    as_json: Json = False,
) -> int:
    """Add these repos to the config; paths are relative to `folder`. If a supervisor runs, it starts their servers.

    Returns 1 if one of these did not get ready. Raises UsageError, before anything is written, for a repo that cannot
    be a child of this workspace.
    """
    trust = trust or []
    text = text_of(workspace)
    config = read(workspace.config, text.encode())
    old = [
        replace(child, path=_root(workspace, child.path)) if child.runner is None else child
        for child in config.children
    ]
    base = Path(os.path.abspath(folder))
    words, there = split(repos)
    known = [child.name for child in (*old, *there)]
    new = check_new(base, pairs_of(base, words, EXAMPLE, known))
    away = [child for child in old if child.runner is not None]
    names = [*(child.name for child in old if child.runner is None), *(name for name, _ in new)]
    check_elsewhere([*away, *there], UsageError, exclude_tmp=config.exclude_tmp, taken=names)
    for name, path in new:
        _refuse_known(name, path, old)
    for name in trust:
        checked(name, [child for child, _ in new], "child")
    here = [child for child in old if child.runner is None]
    _guard(workspace, [*here, *(Child(name, str(path)) for name, path in new)], config)
    trusted = codex_trust(new, trust)
    _guard(workspace, [*here, *(Child(name, str(path), trusted=name in trusted) for name, path in new)], config)
    git = git_trust(new, trust)
    rows = [
        NewChild(name, without_variables(config_path(workspace.root, path)), name in trusted, git.get(name))
        for name, path in new
    ]
    rows += [NewChild(child.name, child.path, runner=prefix(child)) for child in there]
    running = reconfigure(workspace, text, _edited(workspace, text, rows))
    names = [row.name for row in rows]
    if running:
        taken_in(workspace, names)
    if as_json:
        added = [{"name": name, "path": str(path), "trusted": name in trusted} for name, path in new]
        added += [{"name": one.name, "path": one.where, "trusted": False} for one in there]
        output.emit_json({"added": added, "supervisor": "up" if running else "down"})
        return 0
    for row in rows:
        output.emit(f"added {row.name} ({one_line(row.path)})")
    if running:
        return until_ready(workspace, names)
    output.emit(f"next: `orch up` starts {'its server' if len(rows) == 1 else 'their servers'}")
    return 0


def _root(workspace: WorkspacePaths, path: str) -> str:
    """Return the root of a child's work tree; its path if there is no repo at present."""
    found = Path(os.path.abspath(workspace.root / os.path.expanduser(path)))
    try:
        return str(toplevel(found).resolve())
    except (OrchError, ValueError):
        return str(found)


def _refuse_known(name: str, path: Path, old: Sequence[Child]) -> None:
    for child in old:
        if child.runner is None and child.path == str(path):
            raise UsageError(f"{path} is the child `{child.name}` already", "see `orch config`")
        if child.name == name:
            raise UsageError(
                f"there is a child `{name}` already ({child.path})", f"choose another name: `orch add NAME={path}`"
            )


def _guard(workspace: WorkspacePaths, children: Sequence[Child], config: Config) -> None:
    guarded(
        workspace,
        children,
        UsageError,
        exclude_tmp=config.exclude_tmp,
        exclude_roots=config.exclude_roots,
        exclude=lambda key: f"write `sandbox: {{{key}: yes}}` into {workspace.config.name}",
        programs=programs(workspace.root, config),
    )


def _edited(workspace: WorkspacePaths, text: str, rows: Sequence[NewChild]) -> str:
    for row in rows:
        try:
            text = with_child(text, row)
        except ConfigNotEditable as error:
            raise ConfigError(
                f"{workspace.config} was left alone: {error}",
                f"add `{row.name}` with `path: {row.path}` to it, then run `orch up`",
            ) from error
    return text
