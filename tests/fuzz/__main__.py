"""Fuzz the readers one after the other, each in its own process. Prints the input that breaks one, also as base64."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

SLOWEST = 5  # seconds for one input


def main() -> int:
    if sys.argv[1:2] == ["--run"]:
        return _fuzz(sys.argv[2], sys.argv[3:])
    from tests.fuzz.targets import SEEDS, TARGETS  # imported late: the fuzzer instruments modules as they load

    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (all)")
    parser.add_argument("--seconds", type=int, default=30, help="for each target (30)")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer (1)")
    options = parser.parse_args()
    if unknown := [one for one in options.targets if one not in TARGETS]:
        parser.error(f"there is no target {unknown[0]}: use {', '.join(TARGETS)}")
    broken = 0
    for name in options.targets or TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            for number, seed in enumerate(SEEDS[name]):
                (Path(folder) / str(number)).write_bytes(seed)
            print(f"{name} ...", file=sys.stderr, flush=True)
            limits = [f"-max_total_time={options.seconds}", f"-timeout={SLOWEST}", f"-seed={options.seed}"]
            words = [
                sys.executable,
                "-m",
                "tests.fuzz",
                "--run",
                name,
                folder,
                *limits,
                "-max_len=4096",
                f"-artifact_prefix={folder}/",
            ]
            done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
            last = [line for line in done.stderr.splitlines() if line.strip()]
            print(f"{name}: {'ok' if done.returncode == 0 else 'BROKEN'}: {last[-1] if last else ''}", flush=True)
            if done.returncode:
                broken += 1
                print("\n".join(last[-40:]))
    return 1 if broken else 0


def _fuzz(name: str, arguments: list[str]) -> int:
    """Fuzz one reader until it is stopped or finds something."""
    import atheris

    with atheris.instrument_imports(include=["supervisor"]):
        from tests.fuzz import targets
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
