"""The prefix with a terminal, for each engine."""

from __future__ import annotations

import shlex

import pytest

from supervisor.wire.place.terminal import with_terminal


@pytest.mark.parametrize(
    ("connect", "with_one"),
    [
        ("ssh -F config lab --", "ssh -t -F config lab --"),
        ("/usr/bin/ssh me@lab --", "/usr/bin/ssh -t me@lab --"),
        ("srun --jobid=7 --overlap", "srun --pty --jobid=7 --overlap"),
        ("docker exec -i box", "docker exec -t -i box"),
        ("docker --context far exec -i box", "docker --context far exec -t -i box"),
        ("podman exec -i box", "podman exec -t -i box"),
        ("kubectl -n dev exec -i pod --", "kubectl -n dev exec -t -i pod --"),
        ("nsenter -t 7 -m -p --", "nsenter -t 7 -m -p --"),
        ("./to-the-lab exec", "./to-the-lab exec"),
    ],
)
def test_an_engine_gets_its_flag_and_any_other_program_hands_on_what_it_has(connect: str, with_one: str) -> None:
    assert shlex.join(with_terminal(tuple(shlex.split(connect)))) == with_one
