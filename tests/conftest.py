"""What holds for every test."""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

# Hundreds of processes of ours are started, and each worker reads every test: each source is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples at every run, and no judgement by the clock: a loaded machine is no failure.
settings.register_profile("orch", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("orch")
