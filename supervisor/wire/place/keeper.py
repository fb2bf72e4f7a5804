"""The keeper of a server on another machine: a process above all that it starts, orphans too.

It is a "subreaper" (prctl(2)), like the keeper of a supervisor. By it `orch down` finds what has left the server's
session and environment there, and a supervisor on that machine refuses it.
"""

from __future__ import annotations

PROGRAM = r"""
import ctypes, os, signal, sys
prctl = ctypes.CDLL(None).prctl
prctl(36, 1, 0, 0, 0)
server = os.fork()
if server == 0:
    os.close(3)
    del os.environ["ORCH_KEEPER"]
    os.execvp(sys.argv[1], sys.argv[1:])
prctl(15, b"orch-keeper", 0, 0, 0)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.chdir("/")
os.setsid()
os.write(3, str(server).encode())
for one in os.listdir("/proc/self/fd"):
    try:
        os.close(int(one))
    except OSError:
        pass
while True:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        os._exit(0)
"""
"""For any Python 3. Starts the words behind it, and writes the pid to descriptor 3. Has no single quote, so that
a shell can quote it."""
