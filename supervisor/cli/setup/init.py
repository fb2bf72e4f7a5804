"""`orch init`: make a folder a workspace, or change nothing at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.setup.offer import chosen
from supervisor.cli.setup.pairs import config_path, pairs_of, prefix, split
from supervisor.cli.setup.trust import codex_trust, git_trust
from supervisor.domain.child import Child
from supervisor.errors import OrchError, UsageError, WorkspaceError
from supervisor.runtime import templates
from supervisor.runtime.boundary.others import open_to_others
from supervisor.runtime.boundary.territories import guarded
from supervisor.runtime.codex.mcp_config import SERVER, as_toml, mcp_servers
from supervisor.runtime.config import load as config
from supervisor.runtime.config.change import write_schema
from supervisor.runtime.config.mistakes import without_variables
from supervisor.runtime.config.starter import starter
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths

CODEX_CONFIG = ".codex/config.toml"
IGNORED = (CONFIG_NAME, "plan.md", "runs.md", ".orchestrator/")
EXAMPLE = "name each repo, for example `orch init backend=../backend mobile=../mobile`"


def init(
    folder: Path,
    repos: Annotated[
        list[str] | None,
        Argument(
            "NAME=PATH or PATH",
            "The repos that take part. A PATH alone is named after its folder; ssh://HOST/PATH is on another machine.",
        ),
    ] = None,
    trust: Annotated[
        list[str] | None,
        Option(
            "--trust",
            "Trust this repo: what its .codex folder and its git configuration name may run. May be repeated.",
            "NAME",
        ),
    ] = None,
    *,
    exclude_tmp: Annotated[
        bool, Option("--exclude-tmp", "Take /tmp and $TMPDIR from what the children's commands may write.")
    ] = False,
    exclude_roots: Annotated[
        bool,
        Option("--exclude-roots", "Take the writable roots of your Codex config from what their commands may write."),
    ] = False,
    as_json: Json = False,
) -> int:
    """Make `folder` a workspace for these repos, some of them to `trust` without being asked; without any, offer those
    nearby. Checks everything before it writes anything.

    Raises UsageError for an invalid repo, or if the commands of a child could write another one or the workspace,
    WorkspaceError if there is a config or a plan already.
    """
    workspace = WorkspacePaths(Path(os.path.abspath(folder)))
    trust = trust or []
    there: list[Child] = []
    if repos:
        here, there = split(repos)
        pairs = pairs_of(workspace.root, here, EXAMPLE)
    else:
        _refuse_existing(workspace, UsageError)
        options = [
            *(word for name in trust for word in ("--trust", name)),
            *["--exclude-tmp"] * exclude_tmp,
            *["--exclude-roots"] * exclude_roots,
        ]
        pairs = chosen(workspace.root, folder, options, as_json=as_json)
    found = config.check_new(workspace.root, pairs)
    config.check_elsewhere(there, UsageError, exclude_tmp=exclude_tmp, taken=[name for name, _ in found])
    _guard(workspace, [Child(name, str(path)) for name, path in found], exclude_tmp, exclude_roots)
    for name in trust:
        checked(name, [child for child, _ in found], "child")
    children = [(name, without_variables(config_path(workspace.root, path))) for name, path in found]
    children += [(child.name, child.path) for child in there]
    plan = templates.read("plan.template.md").replace("{{children}}", ", ".join(name for name, _ in children))
    _refuse_existing(workspace, WorkspaceError)
    trusted = codex_trust(found, trust)
    _guard(
        workspace, [Child(name, str(path), trusted=name in trusted) for name, path in found], exclude_tmp, exclude_roots
    )
    git = git_trust(found, trust)
    runners = {child.name: prefix(child) for child in there}
    text = starter(
        children, trusted, trusted_git=git, exclude_tmp=exclude_tmp, exclude_roots=exclude_roots, runners=runners
    )
    _write_new({workspace.config: text, workspace.plan: plan})
    with suppress(OSError):  # only an editor misses it
        write_schema(workspace)
    if (opened := open_to_others(workspace)) is not None:
        output.say(f"orch: {opened[0]}: {opened[1]}")
    tools = _offer_tools(workspace)
    ignored = _ignore(workspace.root / ".gitignore", (*IGNORED, *([CODEX_CONFIG] if tools == _WROTE_TOOLS else [])))
    if as_json:
        names = {"children": [{"name": name, "path": str(path), "trusted": name in trusted} for name, path in found]}
        names["children"] += [{"name": one.name, "path": one.where, "trusted": False} for one in there]
        output.emit_json({"workspace": str(workspace.root), "config": str(workspace.config), **names})
        return 0
    output.emit(f"wrote {CONFIG_NAME} ({len(children)} {'children' if len(children) > 1 else 'child'})")
    if any("=" not in word for word in repos or [""]):
        output.emit("\n".join(f"  {name}  {one_line(path)}" for name, path in children))
    output.emit("wrote plan.md (a template: nothing starts before you say `hold: no`)")
    output.emit(tools)
    if ignored:
        output.emit(f"{ignored} .gitignore")
    for child in there:
        output.emit(f"`orch doctor --child {child.name}` looks whether {one_line(child.where)} has what it needs")
    output.emit("next: edit plan.md, then run `orch plan check`, `orch up` and `orch status`")
    return 0


def _refuse_existing(workspace: WorkspacePaths, kind: type[OrchError]) -> None:
    adding = {workspace.config: "`orch add NAME=PATH` adds a repo"}
    for path in (workspace.config, workspace.plan):
        if os.path.lexists(path):
            next_step = f"{adding.get(path, 'edit it')}, or move it away and run `orch init` again"
            raise kind(f"{path} exists already", next_step)


def _guard(workspace: WorkspacePaths, children: Sequence[Child], exclude_tmp: bool, exclude_roots: bool) -> None:
    guarded(
        workspace,
        children,
        UsageError,
        exclude_tmp=exclude_tmp,
        exclude_roots=exclude_roots,
        exclude=lambda key: f"run `orch init --{key.replace('_', '-')} ...`",
    )


def _write_new(files: dict[Path, str]) -> None:
    """Write all of these files, or none. None of them may exist."""
    written: list[Path] = []
    path = Path()
    try:
        for path, text in files.items():
            with open(path, "x", encoding="utf-8", opener=_for_us) as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for one in written:
            with suppress(OSError):
                one.unlink()
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror})", "make the folder writable, then run `orch init` again"
        ) from error


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # a config may hold the address of a webhook, and a plan says what to do


_WROTE_TOOLS = f"wrote {CODEX_CONFIG} (a `codex` started here gets the tools of orch)"


def _offer_tools(workspace: WorkspacePaths) -> str:
    """Configure the tools for a `codex` started in the workspace. Returns what was done, or what the user has to do."""
    lines = as_toml(mcp_servers(workspace))
    path = workspace.root / CODEX_CONFIG
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(0o755)
        with open(path, "x", encoding="utf-8", opener=_for_us) as file:
            file.write(f"# The tools of orch, for a `codex` started in this folder (`orch mcp --config`).\n{lines}")
        return _WROTE_TOOLS
    except FileExistsError:
        with suppress(OSError, ValueError):
            if f"[mcp_servers.{SERVER}]" in path.read_text(encoding="utf-8"):
                return f"{CODEX_CONFIG} already names the tools of orch"
        why = "exists already"
    except OSError as error:  # it is read-only inside Codex's own sandbox
        why = f"cannot be written ({error.strerror})"
    return f"{CODEX_CONFIG} {why}; for the tools of orch in a `codex` started here, add these lines:\n\n{lines}"


def _ignore(path: Path, wanted: Sequence[str]) -> str:
    """Make git ignore our files. Returns "wrote", "added to", or "" if it does already."""
    try:
        before = path.read_bytes() if path.exists() else b""
        have = {line.strip().strip(b"/") for line in before.splitlines()}
        missing = [line for line in wanted if line.encode().strip(b"/") not in have]
        if not missing:
            return ""
        end = b"\r\n" if b"\r\n" in before else b"\n"
        gap = end if before and not before.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(gap + b"".join(line.encode() + end for line in missing))
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror})", f"add these lines to it: {' '.join(wanted)}"
        ) from error
    return "added to" if before else "wrote"
