"""What an ask takes for an answer, as it stands in a command line."""

from __future__ import annotations

from collections.abc import Iterable

FORMS = frozenset({"accept", "accept AMOUNT", "decline", "reply TEXT"})
"""The forms that mean more than their words; any other is an answer that the ask offers, word for word."""


def together(answers: Iterable[tuple[str, str]]) -> str:
    """Return the answers to several questions as one text, from the name and the answer of each."""
    return "\n".join(f"{name}={' '.join(words.split())}" for name, words in answers)


def in_command(form: str) -> str:
    """Return a form as it follows `orch answer ID`: what the ask offers is quoted, for whoever asks wrote it."""
    return form if form in FORMS else "'" + form.replace("'", "'\\''") + "'"
