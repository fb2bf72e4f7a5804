"""What a program printed, and how it ended."""

from __future__ import annotations

from msgspec import Struct


class GitOutput(Struct, frozen=True):
    """The result of one git call."""

    code: int  # the exit code
    out: bytes
    complaint: str  # the first error message, or the first line on stderr
    cut: bool  # there was more output
    stopped: str = ""  # why we killed git before it was done ("": we did not); `out` is what it had printed by then


class ProgramOutput(Struct, frozen=True):
    """The result of a program that ran as the person's own."""

    code: int  # the exit code; under 0: a signal ended it
    out: str
    err: str
    late: bool = False  # it took too long and was ended
