"""What is added to the words of ssh for sessions that share a connection."""

from __future__ import annotations

import pytest

from supervisor.wire.place.sharing import may_share, over, question, shared, usable


def test_only_ssh_is_asked_how_it_is_configured() -> None:
    assert question(("/usr/bin/ssh", "-p", "22", "lab", "--")) == ["/usr/bin/ssh", "-G", "-p", "22", "lab", "--"]
    assert [question(words) for words in (("docker", "exec", "-i", "c"), ("sshpass", "ssh"), ("kubectl",))] == [
        None
    ] * 3


@pytest.mark.parametrize(
    ("said", "may"),
    [
        ("user me\nhostname lab\ncontrolmaster false\n", True),
        ("hostname lab\ncontrolpath none\n", True),
        ("hostname lab\ncontrolpath /home/me/.ssh/cm-1\n", False),
        ("", False),
        ("what is -G?\n", False),
    ],
)
def test_a_control_path_of_the_person_is_left_alone(said: str, may: bool) -> None:
    assert may_share(said) is may


def test_options_go_before_those_of_the_person() -> None:
    options = ("-o", "ControlPath=/run/x-0", "-o", "ControlPersist=no")
    connect = ("ssh", "-F", "cfg", "lab", "--")
    assert over(connect, "/run/x-0") == ("ssh", "-o", "ControlMaster=no", *options, "-F", "cfg", "lab", "--")
    assert shared(connect, "/run/x-0") == ("ssh", "-o", "ControlMaster=yes", *options, "-F", "cfg", "lab", "--")


def test_a_path_that_ssh_would_read_otherwise_is_not_used() -> None:
    paths = ("/run/user/0/orch/ab/1-0", "/run/with space/1", "/run/%h/1", "relative/1", "/" + "x" * 86)
    assert [usable(path) for path in paths] == [True, False, False, False, False]
