"""Read a repo's git for the orchestrator: four commands with fixed options. No argument can pass as an option."""

from __future__ import annotations

from pathlib import Path

from supervisor.errors import UsageError
from supervisor.mcp.files import Text
from supervisor.regex import regex
from supervisor.shell.git.config import filters_of, read_config
from supervisor.shell.git.reach.there import reaching
from supervisor.shell.git.root import toplevel
from supervisor.shell.git.run import run_git

COMMITS = 5_000  # in a log
SECONDS = 15.0  # for one command
BYTES = 2 << 20  # of git's output that are kept

_SETTINGS = ("core.bigFileThreshold=4m", "log.showRoot=true", "mailmap.file=", "mailmap.blob=")
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")
_DIFF = (*_PLAIN, "--ignore-submodules=dirty", "--submodule=short")
_COMMIT = ("--no-decorate", "--no-notes", "--no-show-signature", "--encoding=UTF-8")
_LOG = ("log", f"-{COMMITS}", *_COMMIT, *_PLAIN, "--no-patch", "--format=%h %as %an: %s")
_SHOW = ("show", *_COMMIT, *_DIFF, "--stat", "--patch", "--format=medium")
# Revisions such as `@{-1}`, `HEAD~2`, `v1.0^{commit}`, `main..topic`, `HEAD:path`; never an option.
_REVISION = regex(r"[\w@][\w@{}^~./+:\-]*")


def run(repo: Path, command: str, revision: str, path: str, pattern: str) -> Text:
    """Run a git command and return its output. Raises UsageError for arguments that we or git do not accept."""
    root = toplevel(repo)
    revision, path = revision.strip(), path.strip()
    if revision and (len(revision) > 200 or not _REVISION.fullmatch(revision)):
        raise UsageError(f"`{revision[:60]}` is not a revision", "name a commit, a branch, or a range A..B")
    if path and ("\0" in path or path.startswith("/") or ".." in path.split("/")):
        raise UsageError(f"`{path[:60]}` leads out of the repo", "give the path from the root of the repo")
    if (command == "grep") != bool(pattern) or "\0" in pattern or len(pattern) > 1000:
        raise UsageError("grep needs a pattern, and no other command takes one", "for example `TODO|FIXME`")
    which, where = [revision] if revision else [], ["--", *([path] if path else [])]
    match command:
        case "log":
            words = [*_LOG, "--end-of-options", *which, *where]
        case "show":
            words = [*_SHOW, "--end-of-options", *(which or ["HEAD"]), *where]
        case "diff":
            words = ["diff", *_DIFF, "--stat", "--patch", "--end-of-options", *(which or ["HEAD"]), *where]
        case "grep":
            words = ["grep", "-n", "-I", "-E", "--full-name", "--no-color", "--no-recurse-submodules", "--no-textconv"]
            words += [*([] if revision else ["--untracked"]), "-e", pattern, *which, *where]
        case _:
            raise UsageError(f"git `{command[:60]}` is not offered", "use log, show, diff or grep")
    settings = (*_SETTINGS, "submodule.recurse=false", "grep.threads=1")
    with reaching(root):
        filters = filters_of(read_config(root))
        # With --literal-pathspecs a path is only a path and not a pattern.
        answer = run_git(
            root, "--literal-pathspecs", *words, filters=filters, settings=settings, seconds=SECONDS, partial=True
        )
    if answer.code != 0 and not answer.cut and not (command == "grep" and answer.code == 1):
        raise UsageError(f"git {command}: {answer.complaint[:300]}", "see `log`, or the paths with `files`")
    cut = f"git {answer.stopped} and was killed" if answer.stopped else None
    if answer.cut or len(answer.out) > BYTES:
        cut = cut or f"only the first {BYTES:,} bytes are here: name a path or a smaller range"
    return Text("git", tuple(answer.out[:BYTES].decode("utf-8", "replace").splitlines()), cut)
