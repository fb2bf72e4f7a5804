"""Failed turns: which are tried again, and what people read about each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.engine.lifecycle.failures import PASSING, REMEDIES, FailureVerdict, diagnose
from supervisor.domain.thread import Failure

LOGS = "see `orch logs` for what codex said"


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (
            None,
            FailureVerdict(True, "the turn failed and codex did not say why", "see `orch logs`"),
        ),
        (
            Failure("serverOverloaded", None, "Selected model is at capacity."),
            FailureVerdict(True, "the provider failed: Selected model is at capacity.", LOGS, outage=True),
        ),
        (
            Failure("responseStreamDisconnected", 502, "bad\n  gateway"),
            FailureVerdict(True, "the provider failed 502: bad gateway", LOGS, outage=True),
        ),
        (
            Failure("other", None, "Stream disconnected before completion: idle"),
            FailureVerdict(True, "the provider failed: Stream disconnected before completion: idle", LOGS),
        ),
        (
            Failure("rateLimitExceeded", 429, "slow down"),
            FailureVerdict(True, "the provider failed 429: slow down", LOGS, outage=True, limited=True),
        ),
        (
            Failure("httpConnectionFailed", 400, "unknown parameter"),
            FailureVerdict(False, "the turn failed (httpConnectionFailed 400): unknown parameter", LOGS),
        ),
        (
            Failure("unauthorized", None, "no key"),
            FailureVerdict(False, "the provider refused the login: no key", REMEDIES["unauthorized"]),
        ),
        (
            Failure("responseStreamConnectionFailed", 401, "no key"),
            FailureVerdict(False, "the provider refused the login 401: no key", REMEDIES["unauthorized"]),
        ),
        (
            Failure("contextWindowExceeded", None, "too long"),
            FailureVerdict(
                False, "the turn failed (contextWindowExceeded): too long", REMEDIES["contextWindowExceeded"]
            ),
        ),
        (
            Failure("usageLimitExceeded", 429, "limit"),
            FailureVerdict(
                True, "the usage limit is reached: limit", REMEDIES["usageLimitExceeded"], True, limited=True
            ),
        ),
        (
            Failure("policyCapacityUnavailable", None, "Policy check is at capacity."),
            FailureVerdict(True, "the provider failed: Policy check is at capacity.", LOGS, outage=True),
        ),
        (
            Failure("inferenceHookDenied", None, "no"),
            FailureVerdict(False, "the turn failed (inferenceHookDenied): no", REMEDIES["inferenceHookDenied"]),
        ),
        (
            Failure("somethingNew", None, ""),
            FailureVerdict(False, "the turn failed (somethingNew): ", LOGS),
        ),
    ],
)
def test_a_failure_is_worth_another_try_only_if_it_may_pass_by_itself(
    failure: Failure | None, verdict: FailureVerdict
) -> None:
    assert diagnose(failure) == verdict


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
@pytest.mark.parametrize("kind", sorted(PASSING))
def test_a_status_that_passes_is_tried_again(kind: str, status: int) -> None:
    assert diagnose(Failure(kind, status, "busy")).again


@given(st.builds(Failure, st.text(), st.none() | st.integers(), st.text()))
def test_every_failure_has_a_reason_of_one_short_line_and_a_remedy(failure: Failure) -> None:
    verdict = diagnose(failure)

    assert len(verdict.why) < 350 + len(failure.kind)
    assert "\n" not in verdict.why.replace(failure.kind, "")
    assert verdict.remedy
