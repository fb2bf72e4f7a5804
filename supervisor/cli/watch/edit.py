"""Type a line: what each key does to it."""

from __future__ import annotations

from supervisor.cli.watch.state import TypedLine

LONGEST = 4000  # characters of an answer


def typed(edit: TypedLine, key: str) -> TypedLine:
    """Return the line after a key, by its name or its character. A key that means nothing here changes nothing."""
    text, at = edit
    match key:
        case "backspace" | "ctrl+h":
            return TypedLine(text[: max(0, at - 1)] + text[at:], max(0, at - 1))
        case "delete":
            return TypedLine(text[:at] + text[at + 1 :], at)
        case "left":
            return TypedLine(text, max(0, at - 1))
        case "right":
            return TypedLine(text, min(len(text), at + 1))
        case "home" | "ctrl+a":
            return TypedLine(text, 0)
        case "end" | "ctrl+e":
            return TypedLine(text, len(text))
        case "ctrl+u":
            return TypedLine(text[at:], 0)
        case "ctrl+k":
            return TypedLine(text[:at], at)
        case "ctrl+w":
            kept = text[:at].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            return TypedLine(kept + text[at:], len(kept))
    if len(key) != 1 or not key.isprintable() or len(text) >= LONGEST:
        return edit
    return TypedLine(text[:at] + key + text[at:], at + 1)
