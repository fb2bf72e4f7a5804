"""The scripts that a POSIX `sh` on the other machine runs. They come over its standard input, so nothing is installed
there, and no word of them passes through another shell's quoting.

A script ends in `say`, which prints one line that begins with a tag: what a login prints besides is not ours.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from supervisor.domain.child import Runner
from supervisor.domain.process import OF_ONE_REPO
from supervisor.wire.place.answers import LONGEST_PATH
from supervisor.wire.place.git import FUNCTIONS
from supervisor.wire.place.keeper import PROGRAM

READY_ROUNDS = 300  # looks for the socket of a server without a keeper, 0.1 s apart: each is a process there
GRACE_ROUNDS = 60  # looks for a server to end after the second SIGTERM, 0.05 s apart
PYTHONS = ("/usr/bin/python3", "python3")  # for the keepers; the first that works

_COMMON = r"""
tag=%(tag)s; mark=%(mark)s; own=%(own)s; root=%(root)s
mask=$(umask); umask 077
unset CDPATH ORCH_SERVER ORCH_KEEPER %(repo)s
say() { printf '\n%%s %%s\n' "$tag" "$*"; }
line() { tr '\n\r\t' '   ' | cut -c 1-600; }
no() { what=$1; shift; say no "$what" "$(printf '%%s' "$*" | line)"; exit 0; }
%(env)s
[ -r /proc/self/stat ] || no system "$(uname -s 2>&1)"
[ -n "${HOME:-}" ] || no home
dir=$HOME/.local/state/orch/servers/$mark
begin_of() {
  now=; IFS= read -r found 2>/dev/null < "/proc/$1/stat" || return 1
  set -f; set -- ${found##*) }; set +f
  [ "$1" != Z ] && [ $# -ge 20 ] || return 1
  shift 19; now=$1
}
lives() { begin_of "$leader" && [ "$now" = "$ticks" ]; }
boot=; IFS= read -r boot 2>/dev/null < /proc/sys/kernel/random/boot_id
recorded() {
  leader=; IFS=' ' read -r was leader ticks 2>/dev/null < "$dir/server" || { leader=; return 1; }
  [ "$was" = "$boot" ] && lives || { leader=; return 1; }
}
marked() { grep -lszxF "ORCH_SERVER=$mark" /proc/[0-9]*/environ 2>/dev/null | tr -cd '0-9\n'; }
members() {
  found=$(marked); [ -n "$found$leader" ] || return 0
  { echo "$found"; echo "$leader"; echo --; cat /proc/[0-9]*/stat 2>/dev/null; } | awk -v me=$$ -v leader="$leader" '
    !rest { if ($0 == "--") rest = 1; else if ($0 != "") ours[$0] = 1; next }
    { pid = $1; if (!sub(/^.*\) /, "")) next; if ($1 == "Z" || $1 == "X") next
      up[pid] = $2; if (leader != "" && $4 == leader) ours[pid] = 1 }
    END { do { more = 0
      for (pid in up) if (!(pid in ours) && (up[pid] in ours)) { ours[pid] = 1; more = 1 } } while (more)
      for (pid in ours) if ((pid in up) && pid != me) print pid }'
}
end_all() {
  recorded; stops=$1
  if [ -n "$leader" ] && [ "$stops" = gently ]; then
    kill -TERM "$leader" 2>/dev/null; kill -CONT "$leader" 2>/dev/null; sleep 0.3
    i=0; while [ $i -lt %(grace)d ] && lives; do
      [ $i -gt 0 ] || kill -TERM "$leader" 2>/dev/null
      i=$((i+1)); sleep 0.05; done
    left=$(members); [ -z "$left" ] || { kill -TERM $left 2>/dev/null; sleep 0.3; }
  fi
  i=0; while left=$(members); [ -n "$left" ]; do
    i=$((i+1)); [ $i -le 15 ] || return 1
    kill -KILL $left 2>/dev/null; sleep 0.1; done
  rm -f "$dir/server" "$dir/sock"
  return 0
}
"""

_REPO = r"""
cd -- "$root" 2>/dev/null || no folder "$root"
top=$(git rev-parse --show-toplevel --git-common-dir --absolute-git-dir 2>&1) || no git "$top"
{ IFS= read -r top; IFS= read -r common; IFS= read -r gitdir; } <<ORCH_PLACES
$top
ORCH_PLACES
case $common in /*) ;; *) common=$root/$common;; esac
[ "$top" = "$root" ] || no root "$top"
"""

_CODEX = r"""
codex=%(codex)s
bin=$(command -v "$codex" 2>/dev/null) || no codex "$PATH"
real=$bin; [ ! -L "$bin" ] || real=$(readlink -f "$bin" 2>/dev/null) || real=$bin
case $real in *.js)
  pack=$(dirname "$(dirname "$real")"); bin=
  for one in "$pack"/../codex-linux-*/vendor/*/bin/codex "$pack"/node_modules/@openai/codex-linux-*/vendor/*/bin/codex \
    "$pack"/vendor/*/bin/codex "$pack"/vendor/*/codex/codex; do [ -x "$one" ] && bin=$one && break; done
  [ -n "$bin" ] || no native "$real";;
esac
"""

_FILTERS = r"""
count=0
off() {
  while IFS= read -r key; do
    case $key in '') continue;; lfs.*) key=filter.lfs.clean;; esac
    for part in clean smudge process required; do
      export "GIT_CONFIG_KEY_$count=${key%%.*}.$part" "GIT_CONFIG_VALUE_$count="; count=$((count+1)); done
  done <<ORCH_KEYS
$({ git config --local --includes --name-only --get-regexp '^(filter|lfs\.extension)\.'
    [ ! -f "$gitdir/config.worktree" ] ||
      git config --worktree --includes --name-only --get-regexp '^(filter|lfs\.extension)\.'
    [ ! -d "$common/modules" ] || find "$common/modules" -name config -type f -exec \
      git config -f {} --includes --name-only --get-regexp '^filter\.' \;
  } 2>/dev/null)
ORCH_KEYS
  [ $count -eq 0 ] || export "GIT_CONFIG_COUNT=$count"
}
off
"""

_ENSURE = r"""
say hello
IFS= read -r leave && [ "$leave" = go ] || exit 0
how=adopted
if %(anew)s || ! recorded || [ ! -S "$dir/sock" ]; then
  how=started; leftover=
  while IFS= read -r found; do
    pid=${found#/proc/}; pid=${pid%%%%/*}; other=${found#*:ORCH_SERVER=}
    case $other in
      "$mark") leftover=y;;
      "${mark%%/*}"/*|"$own"*|'') ;;
      *) cd -P "/proc/$pid/cwd" 2>/dev/null && [ "$PWD" = "$root" ] && no driven "$other (process $pid)";;
    esac
  done <<ORCH_SERVERS
$(grep -szH '^ORCH_SERVER=' /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n')
ORCH_SERVERS
  cd -P -- "$HOME" 2>/dev/null && case $PWD/ in "$root"/*) no inside "$dir";; esac
  cd -- "$root" || no folder "$root"
  [ -z "$leftover" ] && [ ! -d "$dir" ] || end_all gently || no survives "$(members | line)"
  case $dir in *[!A-Za-z0-9._/@+:,~\ -]*) no path "$dir";; esac
  [ ${#dir} -le %(longest)d ] || no path "$dir"
  command -v setsid >/dev/null 2>&1 || no setsid
  said=$({ if [ -d "$dir" ]; then chmod 700 "$dir"; else mkdir -p "$dir"; fi && echo x > "$dir/stderr.log"; } 2>&1) ||
    no disk "$said"
  %(filters)s
  serve() {
    umask "$mask"; export ORCH_SERVER="$mark"
    set -- setsid "$bin" %(arguments)s app-server --listen "unix://$dir/sock"
    if [ -n "$python" ]; then
      export ORCH_KEEPER="$mark"
      exec "$python" -I -S -c '%(keeper)s' "$dir/sock" "$@" 3>&1 < /dev/null > "$dir/stderr.log" 2>&1
    fi
    sh -c 'echo $PPID'
    exec "$@" < /dev/null > "$dir/stderr.log" 2>&1
  }
  for python in %(pythons)s ''; do
    [ -z "$python" ] || command -v "$python" > /dev/null 2>&1 || continue
    [ -p "$dir/up" ] || said=$(mkfifo "$dir/up" 2>&1) || no disk "$said"
    exec 4<> "$dir/up"  # so that nobody waits for the other side to open it
    %(start)s
    exec 5< "$dir/up" 4<&-
    leader=; IFS= read -r leader <&5
    [ -z "$leader" ] || break
  done
  begin_of "$leader" || no died "$(line < "$dir/stderr.log")"
  ticks=$now
  said=$({ echo "$boot $leader $ticks" > "$dir/server.new" && mv "$dir/server.new" "$dir/server"; } 2>&1) ||
    { kill -KILL "$leader"; no disk "$said"; }
  IFS= read -r up <&5  # until the keeper has seen the socket
  exec 5<&-
  i=0; while [ ! -S "$dir/sock" ]; do
    lives || no died "$(tail -n 5 "$dir/stderr.log" | line)"
    i=$((i+1)); [ $i -le %(rounds)d ] || { end_all now; no slow; }
    sleep 0.1; done
fi
say ready "$boot" "$leader" "$ticks" "$how" "$dir/sock"
%(then)s
"""

_PYTHON = r"""
find_python() {
  for python in %(pythons)s ''; do [ -z "$python" ] || ! "$python" -I -S -c '' 2> /dev/null || break; done
}
"""

_HELD = 'serve > "$dir/up" 4<&- 5<&- & holder=$!'
_ALONE = '(serve > "$dir/up" 4<&- 5<&- &)'
"""The server is not below the line then: Slurm ends what is, if the line is killed."""

_LINE = 'exec "$bin" app-server proxy --sock "$dir/sock"'

_STOP = r"""
end_all %(how)s || no survives "$(members | line)"
rm -rf "$dir"; rmdir "${dir%%/*}" 2>/dev/null
say stopped
"""

_CPU = r"""
recorded || no gone
total=$({ marked; echo "$leader"; echo --; cat /proc/[0-9]*/stat 2>/dev/null; } | awk -v leader="$leader" '
  !rest { if ($0 == "--") rest = 1; next }
  { pid = $1; if (!sub(/^.*\) /, "")) next; up[pid] = $2; used[pid] = $12 + $13 + $14 + $15 }
  END { below[leader] = 1; do { more = 0
    for (pid in up) if (!(pid in below) && (up[pid] in below)) { below[pid] = 1; more = 1 } } while (more)
    for (pid in below) if (pid != leader) sum += used[pid]; printf "%%d", sum }')
say cpu "$total" "$(getconf CLK_TCK 2>/dev/null || echo 100)"
"""


_ATTACH = r"""
recorded && [ -S "$dir/sock" ] || no gone
case $dir in *[!A-Za-z0-9._/@+:,-]*) no named "$dir";; esac
said=$( { cat > "$dir/attach"; } 2>&1 <<'%(end)s'
%(file)s
%(end)s
) || no disk "$said"
say ready "$dir/attach"
"""

_WINDOW = r"""
no() { printf 'orch: %%s\n' "$*" >&2; exit 1; }
recorded && [ -S "$dir/sock" ] || no "the server here has ended"
cd -- "$root" || no "there is no folder $root"
umask "$mask"; export TERM="${TERM:-xterm-256color}"
exec "$bin" resume %(thread)s --remote "unix://$dir/sock"
"""


def words(prefix: Sequence[str]) -> list[str]:
    """The argv that runs a script: a shell at the other end of a prefix. One plain word survives every quoting."""
    return [*prefix, "sh"]


class PlaceScripts:
    """The scripts for one child at one runner. `tag` begins each line that is ours, and nobody there can guess it."""

    def __init__(self, tag: str, mark: str, own: str, root: str, runner: Runner, python: str) -> None:
        """`mark` is that of the server there; `own` begins the marks of this workspace's processes here. `python`:
        ours, for a login to this machine that finds none."""
        self.tag = tag
        self._codex = runner.codex or "codex"
        self._values = {
            "tag": tag,
            "mark": shlex.quote(mark),
            "own": shlex.quote(own),
            "root": shlex.quote(root),
            "env": _environment(runner),
            "pythons": shlex.join((*PYTHONS, python)),
            "grace": GRACE_ROUNDS,
            "repo": " ".join(sorted(OF_ONE_REPO)),
        }

    def ensure(self, arguments: Sequence[str], *, held: bool, anew: bool, filters_off: bool) -> str:
        """Adopt the server there, or end what is left of it and start it; then become the line to it or, `held`, stay
        until a server that was started here has ended."""
        values = {
            "pythons": self._values["pythons"],
            "codex": shlex.quote(self._codex),
            "anew": "true" if anew else "false",
            "filters": _FILTERS.replace("%%", "%") if filters_off else ":",
            "arguments": shlex.join(arguments),
            "keeper": PROGRAM,
            "rounds": READY_ROUNDS,
            "longest": LONGEST_PATH - len("/sock"),
            "start": _HELD if held else _ALONE,
            "then": '[ "$how" = adopted ] || wait "$holder"' if held else _LINE,
        }
        # The shell reads all of a function before it runs a line of it: nothing is left to be taken for an answer.
        return f"main() {{\n{self._common()}{_REPO}{_CODEX % values}{_ENSURE % values}}}\nmain\n"

    def stop(self, *, kill: bool) -> str:
        """End the server there and all that it started."""
        return self._common() + _STOP % {"how": "now" if kill else "gently"}

    def attach(self, thread: str) -> str:
        """Leave a script there that becomes Codex's own terminal UI: one plain word runs it, and a script on standard
        input would need the terminal."""
        window = _CODEX % {"codex": shlex.quote(self._codex)} + _WINDOW % {"thread": shlex.quote(thread)}
        return self._common() + _ATTACH % {"end": f"{self.tag}-end", "file": self._common() + window}

    def cpu(self) -> str:
        """Add up the CPU time of all that the server started."""
        return self._common() + _CPU % {}

    def here(self) -> str:
        """Go to the repo, with the filters of its own configuration off, for the git commands that follow."""
        functions = FUNCTIONS + _PYTHON % self._values
        return self._common() + _REPO + _FILTERS.replace("%%", "%") + functions + "say ready\n"

    def system(self) -> str:
        """Look whether the machine can run servers at all."""
        return self._common() + 'say ready "$boot" "$(uname -srm 2>/dev/null)"\n'

    def repo(self) -> str:
        """Ask whether the repo is there, and for the version of git."""
        return self._common() + _REPO + 'say ready "$(git --version | line)"\n'

    def program(self) -> str:
        """Ask for the version of codex and where it is."""
        found = (
            'said=$("$bin" --version 2> /dev/null < /dev/null) || no runs "$("$bin" --version 2>&1 < /dev/null)"\n'
            'say ready "$said ($bin)"\n'
        )
        return self._common() + _CODEX % {"codex": shlex.quote(self._codex)} + found

    def room(self) -> str:
        """Look whether a server could keep its socket and its errors there."""
        room = 'said=$({ mkdir -p "$dir" && printf x > "$dir/room" && rm "$dir/room"; } 2>&1) || no disk "$said"\n'
        return self._common() + room + 'say ready "$dir"\n'

    def _common(self) -> str:
        return _COMMON % self._values


def _environment(runner: Runner) -> str:
    path = [f'PATH={shlex.quote(":".join(runner.path))}:"$PATH"; export PATH'] if runner.path else []
    return "\n".join([*path, *(f"export {name}={shlex.quote(value)}" for name, value in runner.env)])
