"""What holds for every test."""

from __future__ import annotations

import os
import signal
import sys

from hypothesis import HealthCheck, settings

# Hundreds of processes of ours are started, and each worker reads every test: each source is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell that runs a script in the background has it ignore SIGINT, and so do all that it starts. Tests and the
# processes in them are interrupted by that signal, wherever they run.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples at every run, and no judgement by the clock: a loaded machine is no failure.
settings.register_profile("orch", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("orch")
