"""The repos that a command line names, each as NAME=PATH or as PATH; on other machines as NAME=ssh://HOST/PATH."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from supervisor.domain.child import Child, Runner
from supervisor.errors import OrchError, UsageError
from supervisor.regex import regex
from supervisor.runtime.config.names import names_for
from supervisor.shell.git.root import toplevel

Pair = tuple[str, str]
"""The name of a child, and the path of its repo."""


def pairs_of(base: Path, words: Sequence[str], example: str, taken: Iterable[str] = ()) -> list[Pair]:
    """Return the name and the path of each repo; a PATH alone gets a name after its folder, unlike those `taken`.

    Paths are relative to `base`. Raises UsageError for what is neither, for an address of a repo that is not cloned,
    and for a PATH that is in no git repo.
    """
    given = [_pair(word, example) for word in words]
    for _, path in given:
        _refuse_address(base, path)
    unnamed = [_folder(base, path, example) for name, path in given if not name]
    explicit = [name for name, _ in given if name]
    names = iter(names_for(unnamed, (*taken, *explicit)))
    return [(name or next(names), path) for name, path in given]


def split(words: Sequence[str]) -> tuple[list[str], list[Child]]:
    """Return the words that name repos here, and the children elsewhere. An address in `.git`, or of the user
    `git`, is one to clone.

    Raises UsageError for an address that names no folder.
    """
    here, there = list[str](), list[Child]()
    for word in words:
        found = _PLACE.fullmatch(word)
        if found is None or found["path"].endswith(".git") or found["host"].startswith("git@"):
            here.append(word)
            continue
        path = found["path"].rstrip("/")
        if not path or not path.isprintable() or path.startswith("/~"):
            raise UsageError(f"`{word}` names no folder", "write its whole path: `firmware=ssh://lab/home/me/firmware`")
        port = ["-p", found["port"]] if found["port"] else []
        runner = Runner(found["host"], ("ssh", *port, found["host"], "--"))
        there.append(Child(found["name"] or path.rpartition("/")[2], path, runner=runner))
    return here, there


def prefix(child: Child) -> str:
    """Return the runner of such a child, as the config has it."""
    assert child.runner is not None, "it is elsewhere"
    return " ".join(child.runner.connect)


def config_path(root: Path, path: Path) -> str:
    """Format `path` for the config in `root`: relative if that is short and unambiguous, else absolute."""
    near = os.path.relpath(path, root)
    text = near if root == root.resolve() and len(Path(near).parts) <= 4 and near.count("..") <= 2 else str(path)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the path {text!r} is not UTF-8", "rename that folder") from error
    return text


def _pair(word: str, example: str) -> Pair:
    """Split NAME=PATH. The name is empty for a PATH, which may have a `=` after a `/`."""
    name, sign, path = word.partition("=")
    if not sign or "/" in name:
        if not word:
            raise UsageError("a repo is named by an empty word", example)
        return "", word
    if not (name and path):
        raise UsageError(f"`{word}` is not NAME=PATH", example)
    return name, path


def _refuse_address(base: Path, text: str) -> None:
    match = _ADDRESS.fullmatch(text)
    if match is None or "\0" in text or os.path.exists(base / text):
        return
    clone = f"../{match['name'] or 'repo'}"
    raise UsageError(
        f"`{text}` is the address of a repo, and a child is a clone on this machine",
        f"run `git clone {shlex.quote(text)} {shlex.quote(clone)}`, then name {shlex.quote(clone)}",
    )


_ADDRESS = regex(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|[\w.-]{2,}:(?=\S+\.git/?$))\S*?(?P<name>[\w.-]*?)(?:\.git)?/?",
)


def _folder(base: Path, text: str, example: str) -> Path:
    """Return the folder after which a repo is named: the one that was typed if it is the root, else the root."""
    path = Path(os.path.abspath(base / os.path.expanduser(text)))
    try:
        if not path.exists():
            beside = Path("..") / text
            hint = f"did you mean `{beside}`?" if (base / beside).is_dir() else example
            raise UsageError(f"{path} does not exist", hint)
        root = toplevel(path)
    except UsageError:
        raise
    except OrchError as error:
        raise UsageError(error.what, error.next_step) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"`{text}` is not a path ({error})", example) from error
    return path if path.resolve() == root.resolve() else root


_PLACE = regex(
    r"(?:(?P<name>[^=/]*)=)?ssh://(?P<host>(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_][\w.-]*)(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)",
    re.ASCII,
)
