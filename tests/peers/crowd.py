"""A thousand stand-ins for codex on other machines, for the memory of one process: they share a host.

    crowd.py FIFO     serve each socket of which a line "PID PATH" tells that is read from FIFO

`program` makes what starts as `codex` there: a server is a `sleep` whose socket the host serves, and `app-server proxy`
a small relay.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.peers import appserver

_CODEX = """#!/bin/sh
for last; do :; done
case "$*" in
*--version*) echo "codex-cli {version}";;
*"app-server proxy"*) exec perl {folder}/relay "$last";;
*app-server*) {serve};;
esac
"""
_SHARED = """echo "$$ ${{last#unix://}}" > {folder}/fifo; exec sleep infinity"""

_RELAY = """
use strict; use Socket;
my $there; socket($there, AF_UNIX, SOCK_STREAM, 0) && connect($there, pack_sockaddr_un($ARGV[0])) or exit 1;
my $look = ""; vec($look, fileno(STDIN), 1) = 1; vec($look, fileno($there), 1) = 1;
while (select(my $ready = $look, undef, undef, undef)) {
  for ([*STDIN, $there], [$there, *STDOUT]) {
    my ($from, $to) = @$_;
    next unless vec($ready, fileno($from), 1);
    exit 0 unless sysread($from, my $data, 65536);
    while (length $data) { my $done = syswrite($to, $data); exit 1 unless $done; substr($data, 0, $done, ""); }
  }
}
"""


def program(folder: Path) -> str:
    """Make the program, for a host that reads `folder`/fifo."""
    os.mkfifo(folder / "fifo")
    return _written(folder, _SHARED.format(folder=folder))


def with_proxy(folder: Path, codex: str) -> str:
    """Give a stand-in for codex that serves by itself a proxy."""
    return _written(folder, f'exec {codex} "$@"')


def _written(folder: Path, serve: str) -> str:
    (folder / "relay").write_text(_RELAY, encoding="utf-8")
    made = folder / "codex"
    made.write_text(_CODEX.format(version=appserver.VERSION, folder=folder, serve=serve), encoding="utf-8")
    made.chmod(0o755)
    return str(made)


async def host(fifo: str) -> None:
    descriptor = os.open(fifo, os.O_RDWR)  # so it does not end when a writer does
    with os.fdopen(descriptor, encoding="utf-8") as lines:
        while line := await asyncio.to_thread(lines.readline):
            pid, path = line.rstrip("\n").split(" ", 1)
            await asyncio.start_unix_server(
                lambda reader, writer, pid=int(pid), path=path: appserver.client(reader, writer, "good", path, pid),
                path,
            )


if __name__ == "__main__":
    asyncio.run(host(sys.argv[1]))
