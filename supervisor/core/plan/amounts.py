"""Parse and format amounts of tokens and minutes, as in plan.md, the config and answers: `200k tokens, 30 min`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from supervisor.core.plan.diagnostics import quoted
from supervisor.domain.plan import Budget
from supervisor.regex import regex

EXAMPLE = "`200k tokens, 30 min`"
UNITS = ("tokens", "min", "hours")

_MINUTES = {"m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1, "h": 60, "hour": 60, "hours": 60}
_SIZES = {"": 1, "k": 1_000, "m": 1_000_000}
_PART = regex(r"\+?\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(?:([kKM])(?![A-Za-z]))?\s*([A-Za-z]*)")
_THOUSANDS = regex(r"(?<=[0-9])[,_](?=[0-9]{3}(?![0-9]))")


class AmountError(Struct, frozen=True):
    """Why a text is not an amount."""

    message: str
    word: str = ""  # the wrong word, if it has to be one of `choices`
    choices: Sequence[str] = ()


def read_amount(text: str, *, short: bool = False) -> Budget | AmountError:
    """Parse a text that names tokens, minutes or both. Accepts any str. `short`: `100k` is an amount of tokens, too."""
    tokens: int | None = None
    minutes: float | None = None
    for part in _THOUSANDS.sub("", text.strip()).split(","):
        if not part.strip() and "," in text:
            return AmountError(f"a comma has no amount beside it: write {EXAMPLE}")
        found = _PART.fullmatch(part.strip())
        if found is None:
            return AmountError(f"{quoted(part.strip())} is not an amount: write {EXAMPLE}")
        number, size = float(found[1]), _SIZES[(found[2] or "").lower()]
        unit = found[3].lower() or ("tokens" if short and size > 1 else "")
        if unit in ("token", "tokens") and tokens is None:
            tokens = int(number * size)
        elif unit in _MINUTES and size == 1 and minutes is None:
            minutes = number * _MINUTES[unit]
        elif not unit:
            return AmountError(f"{quoted(part.strip())} has no unit: write {EXAMPLE}")
        elif unit in _MINUTES and size != 1:
            return AmountError(f"{quoted(part.strip())}: only tokens take `k` or `M`: write {EXAMPLE}")
        elif unit in ("token", "tokens", *_MINUTES):
            return AmountError(f"{quoted(part.strip())} is a second amount of the same kind: write {EXAMPLE}")
        else:
            return AmountError(f"unknown unit {quoted(found[3])}", found[3], UNITS)
    if tokens == 0 or minutes == 0:
        return AmountError(f"an amount must be above zero: write {EXAMPLE}")
    return Budget(tokens, minutes)


def format_amount(amount: Budget) -> str:
    """Format an amount so that parsing it returns the same value to four significant digits."""
    parts = [] if amount.tokens is None else [format_tokens(amount.tokens)]
    return ", ".join([*parts, *([] if amount.minutes is None else [f"{amount.minutes:.4g} min"])])


def format_tokens(count: int) -> str:
    """Format a number of tokens: `200k tokens`. Four significant digits."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.4g}{sign} tokens"
    return f"{count} tokens"
