"""What the system tells of a process without asking it. Quick to import, and it reads one file."""

from __future__ import annotations

import os
from typing import NamedTuple

BOOT = "/proc/sys/kernel/random/boot_id"


class VitalSigns(NamedTuple):
    """A live process: when it was started, and the CPU time that it has used. Both in clock ticks."""

    started: int
    used: int


def vital_signs(pid: int) -> VitalSigns | None:
    """Look at a process; None if there is none, or it is a zombie. Without /proc, both numbers are 0."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read()
    except OSError:
        return VitalSigns(0, 0) if not os.path.exists("/proc/self/stat") and _may_signal(pid) else None
    fields = line[line.rindex(b")") + 2 :].split()  # a program may choose any name, with brackets and spaces in it
    return None if fields[0] in (b"Z", b"X") else VitalSigns(int(fields[19]), int(fields[11]) + int(fields[12]))


def boot() -> str:
    """The kernel's id of this boot; "" if it does not say."""
    try:
        with open(BOOT, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _may_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
