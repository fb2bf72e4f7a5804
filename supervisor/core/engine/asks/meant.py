"""The decision that a person's word stands for. Such a word is no answer: it leads to the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.late import Late

if TYPE_CHECKING:
    import difflib
else:
    difflib = Late("difflib")  # 1 ms on the way of each start: only a slip needs it


def decision_meant(text: str) -> str | None:
    """Return "accept" or "decline" if the first word of `text` stands for that or is a slip of it, else None."""
    first = next(iter(text.casefold().split()), "").strip(".,;:!\"'`")
    if first in _YES or first.startswith(_APPROVES):
        return "accept"
    if first in _NO or first.startswith(_REJECTS):
        return "decline"
    return next(iter(difflib.get_close_matches(first, ("accept", "decline"), 1, 0.7)), None)


_YES = frozenset(("y", "yes", "yep", "yeah", "ok", "okay", "okey", "sure", "fine", "good", "done", "true"))
_NO = frozenset(("n", "no", "nope", "nah", "not", "never", "false", "bad"))
_APPROVES = ("approv", "allow", "agree", "confirm", "pass")
_REJECTS = ("reject", "deny", "denied", "refus", "disallow", "disagree", "cancel", "fail", "wrong")
