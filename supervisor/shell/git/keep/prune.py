"""Let go of kept trees that nobody needs any more; git then removes what only they hold."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from supervisor.shell.git.config import read_git
from supervisor.shell.git.run import failed

_IDENTITY = ("user.name=orch", "user.email=orch@localhost", "commit.gpgSign=false", "core.logAllRefUpdates=false")


def prune(root: Path, ref: str, wanted: Collection[str]) -> tuple[int, int]:
    """Have a ref hold only these kept commits. Returns how many it held, and how many of them were wanted.

    Raises WorkspaceError when git fails, or somebody changed the ref meanwhile.
    """
    tip = read_git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").out.decode("ascii").strip()
    if not tip:
        return 0, 0
    held = read_git(root, "rev-list", "--max-parents=0", tip)
    if held.code != 0 or held.cut:
        raise failed(root, "list the kept trees", held)
    every = held.out.decode("ascii").split()
    left = [one for one in every if one in wanted]
    if len(left) == len(every):
        return len(every), len(left)
    new = _holder(root, left) if left else ""
    change = f"update {ref} {new} {tip}\n" if new else f"delete {ref} {tip}\n"
    answer = read_git(root, "update-ref", "--stdin", stdin=change.encode(), settings=_IDENTITY)
    if answer.code != 0:
        raise failed(root, "let go of kept trees", answer)
    return len(every), len(left)


def _holder(root: Path, commits: Collection[str]) -> str:
    """Make a commit without files that holds these."""
    empty = read_git(root, "mktree", stdin=b"")
    parents = [word for one in commits for word in ("-p", one)]
    answer = read_git(
        root, "commit-tree", empty.out.decode("ascii").strip(), *parents, stdin=b"Kept trees\n", settings=_IDENTITY
    )
    if empty.code != 0 or answer.code != 0:
        raise failed(root, "let go of kept trees", answer)
    return answer.out.decode("ascii").strip()
