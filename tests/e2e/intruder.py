"""What a command of a child does in these tests to reach the supervisor: it asks on the control socket.

    intruder.py [--orphan] SOCKET OUT REQUEST...

Writes to OUT a line for each REQUEST, `METHOD` or `METHOD=PARAMS`: the answer, or the error of the system. With
`--orphan` it leaves its parent, session and environment first, returns at once, and repeats all that each time OUT with
`.go` behind its name is there, until OUT with `.end` is.
"""

import json
import os
import socket
import sys
import time

LIMIT = 100.0  # seconds that an orphan stays


def asked(path: str, request: str) -> str:
    method, _, params = request.partition("=")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(path)
            line = json.dumps({"id": 1, "method": method, "params": json.loads(params or "{}")})
            connection.sendall(line.encode() + b"\n")
            with connection.makefile("rb") as answers:
                return answers.readline().decode().strip()
    except OSError as error:
        return json.dumps({"system": error.strerror})


def ask_all(path: str, out: str, requests: "list[str]") -> None:
    lines = [asked(path, request) for request in requests]
    with open(f"{out}.new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(f"{out}.new", out)


def orphaned(words: "list[str]") -> bool:
    """Whether this is the orphan; False in the process that leaves it behind."""
    if os.environ.get("ORPHAN"):
        return True
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            os.execve(sys.executable, [sys.executable, __file__, *words], {"ORPHAN": "1"})
        os._exit(0)
    os.wait()
    return False


def main() -> None:
    words = sys.argv[1:]
    if words[0] != "--orphan":
        ask_all(words[0], words[1], words[2:])
        return
    if not orphaned(words):
        return
    path, out, *requests = words[1:]
    until = time.monotonic() + LIMIT
    while time.monotonic() < until and not os.path.exists(f"{out}.end"):
        if os.path.exists(f"{out}.go"):
            os.unlink(f"{out}.go")
            ask_all(path, out, requests)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
