"""Diagnose failed turns: whether another try makes sense, and what the human can do."""

from __future__ import annotations

import re

from msgspec import Struct

from supervisor.domain.thread import Failure

# Codex's error kinds (`codexErrorInfo`) after which the same turn may succeed a little later.
PASSING = frozenset(
    {
        "flexUnavailable",
        "httpConnectionFailed",
        "internalServerError",
        "policyCapacityUnavailable",
        "rateLimitExceeded",
        "responseStreamConnectionFailed",
        "responseStreamDisconnected",
        "responseTooManyFailedAttempts",
        "serverOverloaded",
    }
)
# Kinds that mean that the provider accepts no work at all: other turns would fail, too.
OUTAGE = frozenset(
    {
        "flexUnavailable",
        "policyCapacityUnavailable",
        "rateLimitExceeded",
        "responseTooManyFailedAttempts",
        "serverOverloaded",
        "usageLimitExceeded",
    }
)
OUTAGE_STATUS = frozenset({429, 502, 503, 504, 529})
UNREACHED = frozenset({"httpConnectionFailed", "responseStreamConnectionFailed"})  # an outage unless there is a status
# Codex has no kind for a stream that breaks off: it says "other", and one of these sentences.
PASSING_MESSAGES = ("stream disconnected", "stream closed", "idle timeout", "error sending request")

REMEDIES = {
    "unauthorized": "run `codex login` (or set the provider's key)",
    "usageLimitExceeded": "wait until the usage limit resets",
    "sessionBudgetExceeded": "raise the session's budget",
    "contextWindowExceeded": "split the task, or give it `- thread: fresh`",
    "modelNotFound": "name a model that the provider has (`- model:`)",
    "inferenceHookDenied": "ask whoever keeps the inference hook of your Codex workspace",
    "sandboxError": "run `codex sandbox` by hand to see why the sandbox does not start",
}
SEE_LOGS = "see `orch logs` for what codex said"


class FailureVerdict(Struct, frozen=True):
    """What a failure means."""

    again: bool  # another try makes sense
    why: str  # what failed, in one line
    remedy: str  # what a human can do
    outage: bool = False  # the provider accepts no work
    limited: bool = False  # because a usage or rate limit is reached
    after: float | None = None  # seconds until it may accept work again, if the message says so


def diagnose(failure: Failure | None) -> FailureVerdict:
    """Return what a failure means, and what to do about it."""
    if failure is None:
        return FailureVerdict(again=True, why="the turn failed and codex did not say why", remedy="see `orch logs`")
    status = f" {failure.status}" if failure.status is not None else ""
    message = " ".join(failure.message.split())[:300]
    if failure.status in (401, 403) or failure.kind == "unauthorized":
        return FailureVerdict(False, f"the provider refused the login{status}: {message}", REMEDIES["unauthorized"])
    if _is_outage(failure):
        limit = failure.kind == "usageLimitExceeded"
        limited = limit or failure.status == 429 or failure.kind == "rateLimitExceeded"
        why = f"the usage limit is reached: {message}" if limit else f"the provider failed{status}: {message}"
        return FailureVerdict(True, why, REMEDIES.get(failure.kind, SEE_LOGS), True, limited, _after(message))
    passing = failure.kind in PASSING or message.lower().startswith(PASSING_MESSAGES)
    if failure.status is not None and 400 <= failure.status < 500 and failure.status not in (408, 409, 425, 429):
        passing = False
    why = (
        f"the provider failed{status}: {message}" if passing else f"the turn failed ({failure.kind}{status}): {message}"
    )
    return FailureVerdict(passing, why, REMEDIES.get(failure.kind, SEE_LOGS))


def _is_outage(failure: Failure) -> bool:
    if failure.status is None:
        return failure.kind in OUTAGE or failure.kind in UNREACHED
    return failure.status in OUTAGE_STATUS or (failure.kind == "usageLimitExceeded" and failure.status < 500)


# Compiled when it is first used, for that takes 3 ms, as long as the rest of the engine takes to load.
_AFTER = r"(?:try again|retry) (?:in|after) (\d{1,9}(?:\.\d{1,9})?) ?(ms|m|h|s)(?![a-z])"
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def _after(message: str) -> float | None:
    found = re.search(_AFTER, message, re.IGNORECASE)
    return float(found[1]) * _SECONDS[found[2].lower()] if found else None
