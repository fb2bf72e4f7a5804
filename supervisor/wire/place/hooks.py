"""What the shell of another machine is sent to run the hooks of a commit there, in a repo that is thrown away."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.wire.place.git import quoted, shell_words
from supervisor.wire.place.keeper import COMMAND

_WHERE = b"""hooks=$(git -C "$root" rev-parse --git-path hooks) || exit 1
case $hooks in /*) ;; *) hooks=$root/$hooks;; esac
"""

_PLACE = b"""made=$HOME/.local/state/orch/landing/$mark
"""

_SWEEP = rb"""
i=0; while left=$(mark=$mark/landing; leader=; members); [ -n "$left" ]; do
  i=$((i+1)); [ $i -le 50 ] || { echo "error: $(echo $left) cannot be ended" >&2; exit 1; }
  kill -KILL $left 2> /dev/null; sleep 0.05; done
"""

_CLEAR = (
    _SWEEP
    + rb"""
if [ -e "$made" ]; then chmod -R u+rwx -- "$made" 2> /dev/null; rm -rf -- "$made" || exit 1; fi
rmdir -- "${made%/*}" 2> /dev/null || true
"""
)

_MAKE = rb"""
(umask 077; mkdir -p -- "$made") && chmod 700 -- "$made" && lies=$(cd -P -- "$made" && pwd) || exit 1
for place in %(writable)s; do
  place=$(readlink -f -- "$place") || continue
  case $lies/ in "${place%%/}"/*) printf '%%s' "$place"; exit 0;; esac
done
shared=$(cd -P -- "$common" && pwd) && format=$(git -C "$root" rev-parse --show-object-format) &&
  git %(safe)s init --quiet --template= --object-format="$format" "$made" &&
  mkdir -p "$made/.git/objects/info" "$made/.git/info" &&
  printf '%%s\n' "$shared/objects" > "$made/.git/objects/info/alternates" || exit 1
for file in shallow info/attributes; do
  [ ! -f "$shared/$file" ] || cp -- "$shared/$file" "$made/.git/$file" || exit 1
done
"""

_BEGIN = rb"""
cd -P -- "$made" || exit 1
within %(seconds)d env GIT_INDEX_FILE="$made/.git/index" \
  git %(safe)s --git-dir="$gitdir" --work-tree="$made" read-tree --reset -u %(tree)s || exit 1
git %(safe)s symbolic-ref HEAD %(ref)s || exit 1
"""

_TREE = rb"""
cd -P -- "$made" && tree=$(git %(safe)s write-tree) && echo "$tree" || exit 1
[ "$tree" != %(before)s ] || exit 0
printf '%%s\n^%%s\n' "$tree" %(before)s | git %(safe)s pack-objects --revs --stdout -q > .git/orch-pack || exit 1
[ "$(wc -c < .git/orch-pack)" -le %(limit)d ] || { echo 'error: it is too large' >&2; exit 1; }
git %(safe)s -c core.fsync=loose-object,pack -C "$root" unpack-objects -q < .git/orch-pack
"""


def hooks_command(names: Sequence[str]) -> bytes:
    """List which of these hooks the repo has; git says where they are."""
    return _WHERE + (
        b'for one in %s; do if [ -f "$hooks/$one" ] && [ -x "$hooks/$one" ]; then echo "$one"; fi; done'
        % shell_words(names)
    )


def hook_command(name: str, limit: int) -> bytes:
    """Print where a hook really is, on a line of its own, then its first bytes."""
    return _WHERE + (
        b'f=$hooks/%s; [ -f "$f" ] || exit 1\nreadlink -f -- "$f" && head -c %d -- "$f"'
        % (quoted(name.encode()), limit)
    )


def configs_command(files: Sequence[str], limit: int) -> bytes:
    """Print HOME, the folder of Codex, and the first bytes of its config and of other files, each with a NUL behind."""
    return (
        b'codex=${CODEX_HOME:-$HOME/.codex}; printf \'%%s\\0%%s\\0\' "$HOME" "$codex"\n'
        b'for file in "$codex/config.toml" %s; do [ ! -f "$file" ] || head -c %d -- "$file"; printf \'\\0\'; done'
        % (shell_words(files), limit)
    )


def make_command(safe: Sequence[str], folders: Sequence[str], *, shared: bool) -> bytes:
    """Make the repo anew, unless it would lie in one of these folders or, with `shared`, in one for temporary files:
    then print the folder."""
    temporary = b' /tmp "${TMPDIR:-/tmp}"' if shared else b""
    writable = shell_words(folders) + temporary
    return _PLACE + _CLEAR + _MAKE % {b"writable": writable, b"safe": shell_words(safe)}


def begin_command(
    safe: Sequence[str], tree: str, ref: str, parent: str | None, *, on_it: bool, seconds: float
) -> bytes:
    """Stage a tree on top of `parent`, with HEAD at a branch or, unless `on_it`, detached."""
    words = shell_words(safe)
    values = {b"safe": words, b"tree": quoted(tree.encode()), b"ref": _name(ref), b"seconds": round(seconds)}
    if parent is None:
        return _PLACE + _BEGIN % values
    where = _name(ref) if on_it else b"--no-deref HEAD"
    return _PLACE + _BEGIN % values + b"git %s update-ref %s %s" % (words, where, quoted(parent.encode()))


def hook_step(name: str, arguments: Sequence[str], *, seconds: float, kept: int) -> bytes:
    """Run a hook as the person's own, below a keeper, and end what it leaves; print the end of what it printed, `kept`
    bytes at most. In `arguments`, "" is the file of the message."""
    given = b" ".join(quoted(one.encode()) if one else b'"$made/.git/COMMIT_EDITMSG"' for one in arguments)
    return (
        _PLACE + b"e=$( { " + _WHERE + b'set -- git -c core.hooksPath="$hooks" hook run --ignore-missing %s -- %s\n'
        b'find_python; [ -z "$python" ] || set -- "$python" -I -S -c %s "$@"\n'
        b'cd -P -- "$made" && unset GIT_NO_LAZY_FETCH GIT_ALLOW_PROTOCOL GIT_CONFIG_COUNT && within %d env '
        b'ORCH_SERVER="$mark/landing" GIT_EDITOR=: "$@"; } < /dev/null > "$made/.git/orch-said" 2>&1 3>&- )\n'
        b"code=$?; (" + _SWEEP + b'); tail -c %d -- "$made/.git/orch-said" 2> /dev/null; e=; (exit $code); ended\n'
    ) % (quoted(name.encode()), given, quoted(COMMAND.encode()), max(1, round(seconds)), kept)


def message_command(message: bytes | None, limit: int) -> bytes:
    """Print the first bytes of the message of the commit; first set it, if it is given."""
    put = b"" if message is None else b'printf %%s %s > "$made/.git/COMMIT_EDITMSG" || exit 1\n' % quoted(message)
    return _PLACE + put + b'head -c %d -- "$made/.git/COMMIT_EDITMSG"' % limit


def tree_command(safe: Sequence[str], before: str, limit: int) -> bytes:
    """Print the tree that is staged, and have the real repo hold it. At most `limit` bytes are added to it."""
    return _PLACE + _TREE % {b"safe": shell_words(safe), b"before": quoted(before.encode()), b"limit": limit}


def clear_command() -> bytes:
    """End what hooks left running, and remove the repo."""
    return _PLACE + _CLEAR


def _name(ref: str) -> bytes:
    return quoted(ref.encode("utf-8", "surrogateescape"))
