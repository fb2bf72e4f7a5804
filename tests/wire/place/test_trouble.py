"""What is wrong when a place gives no answer, or says no."""

from __future__ import annotations

import pytest

from supervisor.domain.child import Runner
from supervisor.wire.place.answers import PlaceAnswer, ServerThere, read_line, seconds_of, server_there
from supervisor.wire.place.trouble import refusal, unreached

LAB = Runner("lab", ("ssh", "lab", "--"))


@pytest.mark.parametrize(
    ("said", "code", "what", "refused"),
    [
        ("Host key verification failed.\r\n", 255, "the host key of lab is not known here", True),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
            255,
            "the host key of lab has changed",
            True,
        ),
        ("me@lab: Permission denied (publickey).\r\n", 255, "lab refuses the login", True),
        ("ssh: Could not resolve hostname lab: Name or service not known", 255, "there is no host by the name", False),
        (
            "ssh: connect to host lab port 22: Connection refused",
            255,
            "lab is out of reach: ssh: connect to host",
            False,
        ),
        ("kex_exchange_identification: Connection closed by remote host", 255, "lab is out of reach", False),
        ("", None, "lab is out of reach (no answer within 30 s)", False),
        ("", 255, "lab is out of reach (`ssh lab --` ended with 255)", False),
        ("bash: sh: command not found", 127, "there is no `sh` behind lab", True),
        ('Error from server (NotFound): pods "box" not found', 1, "lab is not there", False),
        ("{braces} %s", 1, "{braces} %s", False),
    ],
)
def test_what_a_prefix_prints_tells_whether_a_person_has_to_act(
    said: str, code: int | None, what: str, refused: bool
) -> None:
    trouble = unreached(LAB, said, code, 30.0)
    assert what in trouble.what
    assert (trouble.refused, bool(trouble.next_step)) == (refused, True)


def test_only_lines_with_our_tag_are_ours() -> None:
    assert read_line("orch-1 ready a b", "orch-1") == PlaceAnswer("ready", ("a", "b"))
    for line in ("Welcome to lab", "orch-2 ready a b", "orch-1", "orch-1 ", "orch-1 READY", "xorch-1 ready", ""):
        assert read_line(line, "orch-1") is None, line


@pytest.mark.parametrize(
    "rest",
    [
        ("b", "12", "34", "adopted"),
        ("b", "-1", "34", "adopted", "/s"),
        ("b", "12", "x", "adopted", "/s"),
        ("B!", "12", "34", "adopted", "/s"),
        ("b", "12", "34", "adopted", "s"),
        ("b", "12", "34", "adopted", "/s\x1b[31m"),
    ],
)
def test_what_is_no_server_is_none(rest: tuple[str, ...]) -> None:
    assert server_there(PlaceAnswer("ready", rest)) is None


def test_a_server_and_its_cpu_time_are_read() -> None:
    answer = PlaceAnswer("ready", ("b-1", "12", "34", "adopted", "/home/a", "b/sock"))
    assert server_there(answer) == ServerThere("b-1", 12, 34, True, "/home/a b/sock")
    assert seconds_of(PlaceAnswer("cpu", ("250", "100"))) == 2.5
    assert [seconds_of(PlaceAnswer("cpu", rest)) for rest in (("1",), ("1", "0"), ("x", "1"), ("9" * 5000, "1"))] == [
        None
    ] * 4


def test_a_refusal_names_the_remedy_and_quotes_nothing_as_a_format() -> None:
    trouble = refusal(LAB, PlaceAnswer("no", ("git", "fatal: detected dubious ownership in {x}")), "fw", "/srv/fw")
    assert trouble.what == "git at lab does not trust /srv/fw: it belongs to another user"
    assert "safe.directory /srv/fw" in trouble.next_step
    assert "{x}" in refusal(LAB, PlaceAnswer("no", ("disk", "{x}")), "fw", "/srv/fw").what
    assert "does not understand" in refusal(LAB, PlaceAnswer("no", ("what", "ever")), "fw", "/srv/fw").what
