"""What the shell of another machine is sent to move a branch there as a landing does: first its lock, then the move."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.wire.place.git import quoted, shell_words

HELD = 180
"""Seconds for which a lock is held at most. Where the line is half dead, nothing else would let go of it."""

PREPARED = "prepare: ok"
COMMITTED = "commit: ok"

_APART = rb"""
apart() {
  mkdir -p "$HOME/.local/state/orch" && made=$(mktemp -d "$HOME/.local/state/orch/landing-XXXXXX") || return 1
  echo 'ref: refs/orch-runs/none' > "$made/HEAD" && (cd -P -- "$common" && pwd) > "$made/commondir"
}
"""
"""A git folder with the refs of the repo and another HEAD: so git never locks that of the person."""

_HOLD = rb"""
{ printf '\n%%s want\n' "$tag" >&3; cat; } | { if apart 2> /dev/null; then
    within %(held)d git %(words)s --git-dir="$made" -C "$root" update-ref -m %(why)s --stdin 2> "$made/err" |
      while IFS= read -r said; do
        case $said in '%(prepared)s'|'%(committed)s') printf '\n%%s %%s\n' "$tag" "$said";; esac
      done
    e=$(cat "$made/err"); rm -rf "$made"
  else e='error: the state folder there cannot be written'; fi
  (exit 1); ended; cat > /dev/null; }
"""
"""Nothing of what comes for git is left to the shell, which would run it: that waits for the end of the line only."""


def hold_step(words: Sequence[str], why: str) -> bytes:
    """Have git take what comes next as commands of `update-ref --stdin`, and say when it prepared and committed."""
    return _APART + _HOLD % {
        b"held": HELD,
        b"words": shell_words(words),
        b"why": quoted(why.encode()),
        b"prepared": PREPARED.encode(),
        b"committed": COMMITTED.encode(),
    }


def move_command(words: Sequence[str], why: Sequence[str], name: str, old: str, new: str) -> bytes:
    """Move a ref, with the git folder apart that such a move has."""
    git = b'git %s --git-dir="$made" -C "$root" update-ref %s' % (
        shell_words(words),
        shell_words((*why, name, new, old)),
    )
    return _APART + b"apart || exit 1\n" + git + b'; code=$?; rm -rf "$made"; exit $code'


def release_command(lock: str, new: str) -> bytes:
    """Remove a lock if the new id is in it, with or without the end of the line, and fail unless it is gone."""
    file = quoted(lock.encode("utf-8", "surrogateescape"))
    return (
        b'f=%s; [ -e "$f" ] || [ -L "$f" ] || exit 0; [ -f "$f" ] && ! [ -L "$f" ] || exit 1\n'
        b'h=$(head -c 200 -- "$f"; echo x); [ "$h" = "$(echo %s; echo x)" ] || [ "$h" = %sx ] || exit 1\nrm -f -- "$f"'
        % (file, *[quoted(new.encode())] * 2)
    )
