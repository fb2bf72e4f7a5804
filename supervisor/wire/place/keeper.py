"""The keeper of a server on another machine: a process above all that it starts, orphans too.

It is a "subreaper" (prctl(2)), like the keeper of a supervisor. By it `orch down` finds what has left the server's
session and environment there, and a supervisor on that machine refuses it.
"""

from __future__ import annotations

PROGRAM = r"""
import ctypes, os, signal, sys, time
prctl = ctypes.CDLL(None).prctl
prctl(36, 1, 0, 0, 0)
server = os.fork()
if server == 0:
    os.close(3)
    del os.environ["ORCH_KEEPER"]
    os.execvp(sys.argv[2], sys.argv[2:])
prctl(15, b"orch-keeper", 0, 0, 0)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.chdir("/")
os.setsid()
os.write(3, str(server).encode() + b"\n")
for one in map(int, os.listdir("/proc/self/fd")):
    try:
        one == 3 or os.close(one)
    except OSError:
        pass
gone, until = 0, time.monotonic() + 30
while gone != server and not os.path.exists(sys.argv[1]) and time.monotonic() < until:
    time.sleep(0.01)
    gone = os.waitpid(-1, os.WNOHANG)[0]
os.close(3)
while True:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        os._exit(0)
"""
"""For any Python 3. Starts the words behind the path of the socket, writes the pid to descriptor 3, and closes that
once the socket is there or the server has ended, after 30 s at most. Has no single quote: a shell quotes it by them."""
