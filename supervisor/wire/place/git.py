"""What the shell of another machine is sent to run git in a repo there, and to look at and write its files.

Each step ends in a line with the tag, the exit code and the first complaint. Names are quoted, so nothing in them is
read by the shell; they may hold any byte but NUL.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

STAMP = "%f %s %i %d %y %z"
"""What `stat` says of a file, to see later whether it is the same: the mode in hexadecimal and the size come first."""

FUNCTIONS = r"""
umask "$mask"; exec 3>&1; export GIT_TERMINAL_PROMPT=0 GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none
[ "$(head -c 1 /proc/self/stat)" -gt 0 ] 2>/dev/null || no tools head
[ -n "$(stat -c %y -- "$root")" ] || no tools stat
onto=
within() { shift; "$@"; }
if command -v timeout >/dev/null 2>&1; then within() { timeout "$@"; }; fi
ended() {
  code=$?; said=
  if [ -n "$e" ]; then
    said=$(printf '%s\n' "$e" | grep -m 1 -E '^(fatal|error): ' || printf '%s\n' "$e" | head -n 1)
    said=$(printf '%s' "$said" | line)
  fi
  printf '\n%s %d %s\n' "$tag" "$code" "$said"
}
want() { printf '\n%s want\n' "$tag" >&3; head -c "$1"; }
plain() {
  at=$1; rest=$2
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/};; *) rest=;; esac
    at=$at/$part
    if [ -L "$at" ]; then return 1; fi
  done
  [ -f "$at" ]
}
give() {
  if plain "$1" "$2" && head -c "$3" -- "$1/$2" 2>/dev/null; then end=y; else end=n; fi
  printf '\n%s %s\n' "$cut" "$end"
}
look() { stat -c 'STAMP' -- "$1" 2>/dev/null || echo; }
into() {
  cd -P -- "$root" || return 1
  rest=$1
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/};; *) rest=;; esac
    if [ -L "$part" ]; then return 1; fi
    if [ "$2" = make ] && ! [ -d "$part" ]; then mkdir -- "./$part" || return 1; fi
    cd -P -- "./$part" || return 1
  done
  [ "$(readlink -n /proc/self/cwd; echo x)" = "$real${1:+/}${1}x" ]
}
same() {
  [ -n "$2" ] || ! [ -d "$1" ] || [ -L "$1" ] || find "$1" -depth -type d -exec rmdir -- {} + || return 1
  [ "$(look "$1")" = "$2" ]
}
put() {
  into "$1" make || { echo 'its folder cannot be made' >&2; return 1; }
  same "./$2" "$3" || { echo 'it was changed a moment ago' >&2; return 1; }
  [ -z "$5" ] || chmod "$5" "$made/$4" || return 1
  [ -n "$onto" ] || { onto=-f; mv --help 2>&1 | grep -q -- -T && onto=-fT; }
  mv "$onto" -- "$made/$4" "./$2"
}
drop() {
  if ! into "$1" '' 2>/dev/null; then
    [ -d "$root/$1" ] || return 0
    echo 'a link is in the place of its folder' >&2; return 1
  fi
  if [ -n "$3" ] && { [ -e "./$2" ] || [ -L "./$2" ]; }; then
    same "./$2" "$3" || { echo 'it was changed a moment ago' >&2; return 1; }
    rm -f -- "./$2" || return 1
  fi
  up=$1
  while [ -n "$up" ]; do
    name=${up##*/}
    case $up in */*) up=${up%/*};; *) up=;; esac
    into "$up" '' && rmdir -- "./$name" 2>/dev/null || return 0
  done
}
real=$(cd -P -- "$root" && readlink -n /proc/self/cwd)
""".replace("STAMP", STAMP)


class StepEnd(Struct, frozen=True):
    """How one step ended."""

    code: int
    complaint: str


def read_step(line: str, tag: str) -> StepEnd | None:
    """Return what the last line of a step says; None if it is none."""
    begin, _, rest = line.strip().partition(" ")
    code, _, complaint = rest.partition(" ")
    if begin != tag or not code.isdecimal() or len(code) > 3:
        return None
    return StepEnd(int(code), complaint)


def git_step(
    words: Sequence[str], environ: Mapping[str, str], *, given: int, index: str | None, seconds: float, root: bytes
) -> bytes:
    """Run git in the repo with the next `given` bytes as its input. `index`: a file in its git folder."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in sorted(environ.items())]
    if index is not None:
        settings.append(f'GIT_INDEX_FILE="$gitdir"/{shlex.quote(index)}')
    command = f"within {max(1, round(seconds))} env {' '.join(settings)} git -C ".encode() + quoted(root)
    run = command + b" " + shell_words(words) + b" >&3"
    if not given:
        return b"e=$( { %s < /dev/null; } 2>&1 ); ended\n" % run
    # What git leaves unread must not be left to the shell, which would run it.
    return b"e=$( { want %d | { %s; c=$?; cat > /dev/null; exit $c; }; } 2>&1 ); ended\n" % (given, run)


def plain_step(command: bytes) -> bytes:
    """Run a command of the shell, with its output."""
    return b"e=$( { %s\n} 2>&1 >&3 < /dev/null ); ended\n" % command


def person_step(words: Sequence[str], environ: Mapping[str, str], *, seconds: float, cut: str, kept: int) -> bytes:
    """Run a program in the repo, without what we set for git. Behind its output come a line that begins with `cut` and
    the last bytes, `kept` at most, of what it printed to standard error."""
    settings = b" ".join(name.encode() + b"=" + quoted(value.encode()) for name, value in sorted(environ.items()))
    run = b"within %d env %s %s < /dev/null >&3" % (max(1, round(seconds)), settings, shell_words(words))
    return (
        b'e=$( { cd -P -- "$root" && unset GIT_NO_LAZY_FETCH GIT_ALLOW_PROTOCOL GIT_CONFIG_COUNT && %s; } 2>&1 )\n'
        b"code=$?; printf '\\n%s '; printf '%%s' \"$e\" | tail -c %d; e=; (exit $code); ended\n"
    ) % (run, cut.encode(), kept)


def each(command: str, paths: Iterable[bytes]) -> bytes:
    """Run one command for each path, which it has as `$f`."""
    return b"for f in %s; do %s; done" % (b" ".join(quoted(path) for path in paths), command.encode())


def plain_git(safe: Sequence[str]) -> bytes:
    """The words that run git in the repo within a command of the shell."""
    return b"git " + shell_words(safe) + b' -C "$root" '


def gives(cut: str, files: Iterable[tuple[tuple[str, bytes], int]]) -> bytes:
    """Print the first bytes, so many, of each file below a folder (a word of the shell), without following links below
    that.

    `cut` is a word that is in none of them: behind each comes a line of it and `y`, or `n` if it cannot be read.
    """
    lines = [b'give "%s" %s %d' % (folder.encode(), quoted(name), limit) for (folder, name), limit in files]
    return b"\n".join([b"cut=" + cut.encode(), *lines])


def given(cut: str, out: bytes) -> list[bytes | None]:
    """Return what `gives` printed of each file."""
    found: list[bytes | None] = []
    start, mark = 0, b"\n%s " % cut.encode()
    while (at := out.find(mark, start)) >= 0:
        end = at + len(mark)
        found.append(out[start:at] if out[end : end + 1] == b"y" else None)
        start = end + 2
    return found


def quoted(name: bytes) -> bytes:
    """Quote a name for the shell."""
    return b"'" + name.replace(b"'", b"'\\''") + b"'"


def shell_words(words: Sequence[str]) -> bytes:
    """Quote words for the shell."""
    return b" ".join(quoted(word.encode("utf-8", "surrogateescape")) for word in words)
