"""What a failed turn means: whether it is tried again, and what the human can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.domain.child import Failure

# Codex's error kinds (`codexErrorInfo`) after which the same turn may well succeed a little later.
PASSING = frozenset(
    {
        "flexUnavailable",
        "httpConnectionFailed",
        "internalServerError",
        "rateLimitExceeded",
        "responseStreamConnectionFailed",
        "responseStreamDisconnected",
        "responseTooManyFailedAttempts",
        "serverOverloaded",
    }
)
# Codex has no kind of its own for a stream that breaks off: it says "other", and one of these sentences.
PASSING_MESSAGES = ("stream disconnected", "stream closed", "idle timeout", "error sending request")

REMEDIES = {
    "unauthorized": "run `codex login` (or set the provider's key)",
    "usageLimitExceeded": "wait until the usage limit resets",
    "sessionBudgetExceeded": "raise the session's budget",
    "contextWindowExceeded": "split the task, or give it `- thread: fresh`",
    "modelNotFound": "name a model that the provider has (`- model:`)",
    "sandboxError": "run `codex sandbox` by hand to see why the sandbox does not start",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`again`: worth another try. `why` says what failed, in one line; `remedy` what a human does about it."""

    again: bool
    why: str
    remedy: str


def judge(failure: Failure | None) -> Verdict:
    """What to do about a failed turn."""
    if failure is None:
        return Verdict(again=True, why="the turn failed and codex did not say why", remedy="see `orch logs`")
    status = f" {failure.status}" if failure.status is not None else ""
    message = " ".join(failure.message.split())[:300]
    if failure.status in (401, 403) or failure.kind == "unauthorized":
        return Verdict(False, f"the provider refused the login{status}: {message}", REMEDIES["unauthorized"])
    passing = failure.kind in PASSING or message.lower().startswith(PASSING_MESSAGES)
    if failure.status is not None and 400 <= failure.status < 500 and failure.status not in (408, 409, 425, 429):
        passing = False
    why = (
        f"the provider failed{status}: {message}" if passing else f"the turn failed ({failure.kind}{status}): {message}"
    )
    return Verdict(passing, why, REMEDIES.get(failure.kind, "see `orch logs` for what codex said"))
