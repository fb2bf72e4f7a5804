"""The keeper of a server on another machine: a process above all that it starts, orphans too.

It is a "subreaper" (prctl(2)), like the keeper of a supervisor. By it `orch down` finds what has left the server's
session and environment there, and a supervisor on that machine refuses it.
"""

from __future__ import annotations

PROGRAM = r"""
import ctypes, os, select, signal, sys, time
libc = ctypes.CDLL(None)
libc.prctl(36, 1, 0, 0, 0)
made = libc.inotify_init1(0x80000)  # IN_CLOEXEC; below: IN_CREATE, IN_MOVED_TO
libc.inotify_add_watch(made, os.fsencode(os.path.dirname(sys.argv[1])), 0x180)
wakes, pause = ([made], 0.1) if made >= 0 else ([], 0.01)
server = os.fork()
if server == 0:
    os.close(3)
    del os.environ["ORCH_KEEPER"]
    os.execvp(sys.argv[2], sys.argv[2:])
libc.prctl(15, b"orch-keeper", 0, 0, 0)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.chdir("/")
os.setsid()
os.write(3, str(server).encode() + b"\n")
for one in map(int, os.listdir("/proc/self/fd")):
    try:
        one in (3, made) or os.close(one)
    except OSError:
        pass
gone, until = 0, time.monotonic() + 30
while gone != server and not os.path.exists(sys.argv[1]) and time.monotonic() < until:
    if select.select(wakes, [], [], pause)[0]:
        os.read(made, 65536)
    gone = os.waitpid(-1, os.WNOHANG)[0]
os.closerange(0, 256)
while True:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        os._exit(0)
"""
"""For any Python 3. Starts the words behind the path of the socket, writes the pid to descriptor 3, and closes that
once the socket is there or the server has ended, after 30 s at most. What appears in the folder of the socket wakes it
(inotify(7)); whether the server has ended is looked at every 0.1 s. Has no single quote: a shell quotes it by them."""

COMMAND = r"""
import ctypes, os, signal, sys
report, to_report = os.pipe()
own, group = os.getpid(), os.getpgrp()
if os.fork():
    os.close(to_report)
    code = int(os.read(report, 8) or 255)
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(own, -code)
    os._exit(code)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
os.setpgid(0, 0)
command = os.fork()
if not command:
    os.setpgid(0, group)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(command, 0)
try:
    os.write(to_report, b"%d" % os.waitstatus_to_exitcode(status))
except BrokenPipeError:
    pass
os.closerange(0, 256)
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    pass
"""
"""The same for a command that ends: runs the words behind it, and ends as they do. What stays above the orphans that
they leave is this program, so that the mark of its environment is found there."""
