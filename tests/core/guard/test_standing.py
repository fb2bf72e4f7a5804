"""Whoever descends from a child's server is refused, whatever it calls itself; the person's own processes are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.guard.standing import Refusal, Standing, Supervisor, standing
from supervisor.domain.process import Ancestor, Caller, UnseenCaller

SHELL, TERMINAL, INIT = Ancestor(900, 90), Ancestor(800, 80), Ancestor(1, 0)
KEEPER = Ancestor(40, 10, keeper=True)
SUPERVISOR = Ancestor(50, 11, keeper=True)
CHILD = Ancestor(60, 20, "w/api")
LEAD = Ancestor(61, 21, "w/orchestrator")
OWN = Supervisor(1000, "ada", 50, "w", {(60, 20): "api", (61, 21): "orchestrator"})


def judged(*lineage: Ancestor, own: Supervisor = OWN, foreign: tuple[str, ...] = ()) -> Standing | str:
    found = standing(Caller(1000, lineage, foreign), own)
    return found.what if isinstance(found, Refusal) else found


def test_a_process_of_the_persons_terminal_is_the_persons() -> None:
    assert judged(Ancestor(1000, 200), SHELL, TERMINAL, INIT) is Standing.PERSON


def test_a_process_that_left_its_terminal_is_still_the_persons() -> None:
    assert judged(Ancestor(1000, 200), INIT) is Standing.PERSON


def test_what_the_config_has_the_supervisor_run_is_the_persons() -> None:
    assert judged(Ancestor(1000, 200, "w/notify"), SUPERVISOR) is Standing.PERSON


@pytest.mark.parametrize(
    "lineage",
    [
        (CHILD, SUPERVISOR),
        (Ancestor(1000, 200), CHILD, SUPERVISOR),
        (Ancestor(1000, 200), Ancestor(999, 190), CHILD, KEEPER, INIT),  # adopted: its supervisor has died
        (Ancestor(1000, 200, "w/api"), INIT),  # its server and the keeper are gone, and its mark tells
        (Ancestor(1000, 200), Ancestor(990, 180, "w/landing"), SHELL, INIT),  # a check of `orch land`
        (Ancestor(1000, 200, "other/api"), INIT),  # of another workspace
        (Ancestor(1000, 200, "w/orchestrator"), CHILD, SUPERVISOR),  # a mark that it chose by itself
        (Ancestor(1000, 200, "w/notify"), CHILD, SUPERVISOR),
        (Ancestor(1000, 200), KEEPER, INIT),  # it left everything but the keeper
        (Ancestor(1000, 200, "w/notify"), KEEPER, INIT),
    ],
)
def test_what_a_child_started_is_refused(lineage: tuple[Ancestor, ...]) -> None:
    assert str(judged(*lineage)).startswith("the request comes from a process that ")


@pytest.mark.parametrize(
    ("mark", "what"),
    [
        ("w/api", "the server of api"),
        ("w/firmware/landing", "`orch land`"),  # a hook there
        ("w/", "the server of a child"),
        ("w/landing", "`orch land`"),
        ("w/api.place", "a runner"),
        ("w/3f2a.connection", "a runner"),
    ],
)
def test_a_refusal_says_what_started_the_process(mark: str, what: str) -> None:
    assert judged(Ancestor(1000, 200, mark), INIT) == f"the request comes from a process that {what} started"


def test_what_the_orchestrators_server_started_is_the_orchestrators() -> None:
    assert judged(Ancestor(1000, 200, "w/orchestrator"), LEAD, SUPERVISOR) is Standing.ORCHESTRATOR
    assert judged(Ancestor(1000, 200), LEAD, KEEPER, INIT) is Standing.ORCHESTRATOR


def test_the_orchestrators_server_is_never_the_person_even_if_no_record_names_it() -> None:
    own = OWN._replace(servers={})
    assert judged(Ancestor(1000, 200), LEAD, SUPERVISOR, own=own) is Standing.ORCHESTRATOR


def test_another_user_is_told_as_whom_to_run_it() -> None:
    assert standing(Caller(0, ()), OWN) == Refusal(
        "this supervisor belongs to ada, and answers to no other user", "run it as ada (`sudo -u ada orch ...`)"
    )


def test_another_namespace_is_refused_with_the_line_that_allows_it_and_then_allowed() -> None:
    peer = Caller(1000, (SHELL, INIT), ("mnt", "net"))
    refused = standing(peer, OWN)
    assert isinstance(refused, Refusal)
    assert "control: {allow_namespace: [mnt, net]}" in refused.next_step
    assert standing(peer, OWN._replace(allowed=frozenset({"mnt", "net"}))) is Standing.PERSON
    assert isinstance(standing(peer, OWN._replace(allowed=frozenset({"mnt"}))), Refusal)


def test_no_config_lets_the_orchestrators_sandbox_in() -> None:
    own = OWN._replace(allowed=frozenset({"mnt", "net", "pid", "user"}))
    assert "another namespace (mnt, user)" in str(judged(SHELL, LEAD, SUPERVISOR, own=own, foreign=("mnt", "user")))


def test_without_the_keeper_nobody_is_sure_to_be_the_person() -> None:
    assert judged(SHELL, TERMINAL, INIT, own=OWN._replace(kept=False)) is Standing.ANYBODY


def test_a_peer_that_cannot_be_looked_at_is_refused_with_the_reason() -> None:
    assert standing(UnseenCaller("it ended"), OWN) == Refusal(
        "the process cannot be looked at: it ended", "run it in a terminal of your own"
    )
    assert isinstance(standing(Caller(1000, ()), OWN), Refusal)


ancestors = st.builds(
    Ancestor, st.integers(100, 999), st.integers(100, 999), st.sampled_from(["", "w/api", "w/notify", "w/orchestrator"])
)


@pytest.mark.promise("nobody answers for the person")
@given(
    below=st.lists(ancestors, max_size=6),
    server=st.sampled_from([CHILD, KEEPER, Ancestor(70, 30, "w/web"), Ancestor(70, 30, "other/x")]),
    above=st.lists(ancestors, max_size=3),
    foreign=st.sets(st.sampled_from(["mnt", "net", "pid", "user"])),
    allowed=st.sets(st.sampled_from(["mnt", "net", "pid", "user"])),
)
def test_whatever_descends_from_a_child_has_no_standing(
    below: list[Ancestor], server: Ancestor, above: list[Ancestor], foreign: set[str], allowed: set[str]
) -> None:
    own = OWN._replace(allowed=frozenset(allowed))
    peer = Caller(1000, (*below, server, *above, INIT), tuple(sorted(foreign)))
    assert isinstance(standing(peer, own), Refusal)
