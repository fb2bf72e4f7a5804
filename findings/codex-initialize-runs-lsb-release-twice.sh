#!/usr/bin/env bash
# Surprise: `codex app-server` runs `lsb_release -a` and `getconf` twice each before it answers `initialize`.
#
# codex app-server 0.163.0 (PyPI openai-codex-cli-bin) on Linux: the answer names the system in its user agent,
# and the server finds that out by running programs, each time anew. On Debian 12, lsb_release is a shell script that starts
# some 15 processes, so each server that starts pays for 30 of them.
#
# Output seen:
#   getconf LONG_BIT, getconf LONG_BIT, lsb_release -a, lsb_release -a
set -euo pipefail
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
work=$(mktemp -d -p "${XDG_CACHE_HOME:-$HOME/.cache}") # codex takes no home below /tmp
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
for name in lsb_release getconf; do
    printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\n' "$name" "$work" >"$work/bin/$name"
    chmod +x "$work/bin/$name"
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openai-codex-cli-bin==0.163.0
mkdir -m 700 "$work/home"
PATH="$work/bin:$PATH" CODEX_HOME="$work/home" "$work/venv/bin/python" - <<'PY'
import json, subprocess
from pathlib import Path

import codex_cli_bin

binary = next(Path(codex_cli_bin.__file__).parent.rglob("codex"))
server = subprocess.Popen(
    [binary, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
ask = {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "finding", "version": "1"}}}
server.stdin.write(json.dumps(ask) + "\n")
server.stdin.flush()
answer = next(message for message in map(json.loads, server.stdout) if message.get("id") == 1)
assert "userAgent" in answer["result"], answer
server.kill()
server.wait()
PY
seen=$(sort "$work/calls" | paste -sd, | sed 's/,/, /g')
echo "$seen"
[ "$seen" = "getconf LONG_BIT, getconf LONG_BIT, lsb_release -a, lsb_release -a" ]
