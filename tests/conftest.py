"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples at every run, and no judgement by the clock: a loaded machine is no failure.
settings.register_profile("orch", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("orch")
