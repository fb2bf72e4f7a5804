"""Stands in for `docker exec`, `podman exec` and `kubectl exec`, whose daemons do not run where the tests do.

It keeps to what these do with a command: its environment is the container's and not ours, it has no terminal, its
input is empty without `-i`, it gets no signal of ours and outlives us, and it starts in the container's folder. What
they say and how they exit when there is no such container, or no such program, is theirs, too. The container is one
with processes and mounts of its own, which `nsenter` enters.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import IO

MISSING = {
    "docker": ("Error response from daemon: No such container: {name}", 1),
    "podman": ('Error: no container with name or ID "{name}" found: no such container', 125),
    "kubectl": ('Error from server (NotFound): pods "{name}" not found', 1),
}
REFUSED = {
    "docker": "OCI runtime exec failed: exec failed: unable to start container process: {why}: unknown",
    "podman": "Error: crun: {why}: OCI runtime attempted to invoke a command that was not found",
    "kubectl": "command terminated with exit code {code}",
}


def main() -> int:
    """`engine.py ENGINE CONTAINER PID ENVIRONMENT exec [-i] NAME [--] WORDS`"""
    engine, container, pid, variables, verb, *rest = sys.argv[1:]
    assert verb == "exec", f"only `exec` is stood in for, not `{verb}`"
    interactive = rest[0] == "-i"
    name, *words = rest[1:] if interactive else rest
    if engine == "kubectl":
        assert words[0] == "--", "kubectl takes the words behind `--` only"
        words = words[1:]
    if name != container:
        said, code = MISSING[engine]
        print(said.format(name=name), file=sys.stderr)
        return code
    environ = dict(one.split("=", 1) for one in variables.split("\n"))
    enter = ["nsenter", "-t", pid, "-m", "-p", "--wd=/", "--"] if pid != "0" else []
    found = next((p for p in environ["PATH"].split(":") if os.path.exists(os.path.join(p, words[0]))), None)
    if found is None or not os.access(os.path.join(found, words[0]), os.X_OK):
        code = 127 if found is None else 126
        why = f'exec: "{words[0]}": ' + ("executable file not found in $PATH" if found is None else "permission denied")
        print(REFUSED[engine].format(why=why, code=code), file=sys.stderr)
        return code
    command = subprocess.Popen(
        [*enter, "env", "-i", *(f"{key}={value}" for key, value in environ.items()), *words],
        stdin=subprocess.PIPE if interactive else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
    )
    assert command.stdout is not None, "a pipe was asked for"
    assert command.stderr is not None, "a pipe was asked for"
    if command.stdin is not None:
        threading.Thread(target=_pump, args=(0, command.stdin), daemon=True).start()
    errors = threading.Thread(target=_copy, args=(command.stderr, 2))
    errors.start()
    _copy(command.stdout, 1)
    errors.join()
    return command.wait()


def _pump(source: int, sink: IO[bytes]) -> None:
    try:
        while chunk := os.read(source, 1 << 16):
            sink.write(chunk)
            sink.flush()
    except OSError:
        pass
    finally:
        sink.close()


def _copy(source: IO[bytes], sink: int) -> None:
    while chunk := os.read(source.fileno(), 1 << 16):
        while chunk:
            chunk = chunk[os.write(sink, chunk) :]


if __name__ == "__main__":
    sys.exit(main())
