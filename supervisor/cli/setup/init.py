"""`orch init`: make a folder a workspace, or change nothing at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.domain.child import Child
from supervisor.errors import UsageError, WorkspaceError
from supervisor.runtime import templates
from supervisor.runtime.boundary.git_programs import git_programs
from supervisor.runtime.boundary.territories import guarded
from supervisor.runtime.codex.mcp_config import SERVER, as_toml, mcp_servers
from supervisor.runtime.codex.trust import at_stake, trusted_before
from supervisor.runtime.config import load as config
from supervisor.runtime.config.starter import starter
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths

CODEX_CONFIG = ".codex/config.toml"
IGNORED = (CONFIG_NAME, "plan.md", "runs.md", ".orchestrator/")
EXAMPLE = "name each repo, for example `orch init backend=../backend mobile=../mobile`"


def init(
    folder: Path,
    pairs: Annotated[list[str] | None, Argument("NAME=PATH", "The repos that take part.")] = None,
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
) -> int:
    """Make `folder` a workspace for these children (each `NAME=PATH`), some of them to `trust` without being asked.
    Checks everything before it writes anything.

    Raises UsageError for an invalid pair, or if the commands of a child could write another one or the workspace,
    WorkspaceError if there is a config or a plan already.
    """
    if not pairs:
        raise UsageError("no repo is named", EXAMPLE)
    workspace = WorkspacePaths(Path(os.path.abspath(folder)))
    found = config.check_new(workspace.root, _split(pairs))
    _guard(workspace, [Child(name, str(path)) for name, path in found], exclude_tmp)
    trust = trust or []
    for name in trust:
        checked(name, [child for child, _ in found], "child")
    children = [(name, _path(workspace.root, path)) for name, path in found]
    plan = templates.read("plan.template.md").replace("{{children}}", ", ".join(name for name, _ in children))
    for path in (workspace.config, workspace.plan):
        if os.path.lexists(path):
            raise WorkspaceError(f"{path} exists already", "edit it, or move it away and run `orch init` again")
    trusted = [name for name, path in found if name in trust or _is_trusted(name, path)]
    _guard(workspace, [Child(name, str(path), trusted=name in trusted) for name, path in found], exclude_tmp)
    git = {name: trusts for name, path in found if (trusts := _trusts_git(name, path, given=name in trust)) is not None}
    text = starter(children, trusted, trusted_git=git, exclude_tmp=exclude_tmp)
    _write_new({workspace.config: text, workspace.plan: plan})
    tools = _offer_tools(workspace)
    ignored = _ignore(workspace.root / ".gitignore", (*IGNORED, *([CODEX_CONFIG] if tools == _WROTE_TOOLS else [])))
    output.emit(f"wrote {CONFIG_NAME} ({len(children)} {'children' if len(children) > 1 else 'child'})")
    output.emit("wrote plan.md (a template: nothing starts before you say `hold: no`)")
    output.emit(tools)
    if ignored:
        output.emit(f"{ignored} .gitignore")
    output.emit("next: edit plan.md, then run `orch plan check`, `orch up` and `orch status`")
    return 0


def _is_trusted(name: str, path: Path) -> bool:
    """Ask the user whether to trust a repo, if it has a .codex folder."""
    stake = at_stake(path)
    if not stake or trusted_before(path):
        return bool(stake)
    output.say(f"{name} has a .codex folder of its own. If you trust it, Codex takes from it:")
    for line in stake:
        output.say(f"  {one_line(line, 200)}")
    if not sys.stdin.isatty():
        output.say(f"not trusted: Codex ignores it; to trust it, write `trusted: true` under {name} in {CONFIG_NAME}")
        return False
    return _says_yes(f"trust {name}?")


def _trusts_git(name: str, path: Path, *, given: bool) -> bool | None:
    """Ask the user whether what a repo has git run may run. None: nobody was asked, or there is nothing to ask."""
    found = git_programs(path)
    if not found or given:
        return True if found else None
    output.say(f"{name} has git run programs of its own, also when Codex reads git, outside of its sandbox:")
    for line in found:
        output.say(f"  {one_line(line, 200)}")
    if not sys.stdin.isatty():
        output.say(f"filters are off for Codex; to trust them, write `trusted_git: yes` under {name} in {CONFIG_NAME}")
        return None
    return _says_yes(f"trust the git programs of {name}?")


def _says_yes(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _guard(workspace: WorkspacePaths, children: Sequence[Child], exclude_tmp: bool) -> None:
    guarded(workspace, children, UsageError, exclude_tmp=exclude_tmp, exclude="run `orch init --exclude-tmp ...`")


def _split(pairs: Sequence[str]) -> list[tuple[str, str]]:
    split = []
    for pair in pairs:
        name, sign, path = pair.partition("=")
        if not (name and sign and path):
            raise UsageError(f"`{pair}` is not NAME=PATH", EXAMPLE)
        split.append((name, path))
    return split


def _path(root: Path, path: Path) -> str:
    """Format `path` for the config: relative if that is short and unambiguous, else absolute."""
    near = os.path.relpath(path, root)
    text = near if root == root.resolve() and len(Path(near).parts) <= 4 and near.count("..") <= 2 else str(path)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the path {text!r} is not UTF-8", "rename that folder") from error
    return text


def _write_new(files: dict[Path, str]) -> None:
    """Write all of these files, or none. None of them may exist."""
    written: list[Path] = []
    path = Path()
    try:
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for one in written:
            with suppress(OSError):
                one.unlink()
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror})", "make the folder writable, then run `orch init` again"
        ) from error


_WROTE_TOOLS = f"wrote {CODEX_CONFIG} (a `codex` started here gets the tools of orch)"


def _offer_tools(workspace: WorkspacePaths) -> str:
    """Configure the tools for a `codex` started in the workspace. Returns what was done, or what the user has to do."""
    lines = as_toml(mcp_servers(workspace))
    path = workspace.root / CODEX_CONFIG
    try:
        if not path.parent.is_dir():
            path.parent.mkdir()
        with path.open("x", encoding="utf-8") as file:
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
