"""What is decided about a push, on values."""

from __future__ import annotations

import pytest

from supervisor.core.change.pushing import (
    host_of,
    in_order,
    plain,
    programs_for,
    refusals,
    shown_address,
    trailers_of,
    why_not,
)
from supervisor.core.change.request import BODY_LIMIT, RequestRow, check_line, request_body


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://github.com/a/b.git", "github.com"),
        ("https://ada:pw@GitLab.example:8443/a/b", "gitlab.example"),
        ("ssh://git@host.example:22/a", "host.example"),
        ("git@host.example:a/b.git", "host.example"),
        ("host.example:a/b", "host.example"),
        ("ssh://git@[::1]:22/a", "[::1]"),
        ("file:///srv/github.com/a.git", ""),
        ("/srv/a.git", ""),
        ("../a.git", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def test_an_address_is_shown_without_what_may_be_a_credential() -> None:
    assert shown_address("https://ada:pw@h.example/a") == "https://h.example/a"
    assert shown_address("https://ghp_x@h.example/a@b") == "https://h.example/a@b"
    assert shown_address("git@h.example:a") == "git@h.example:a"


def test_the_order_follows_what_rests_on_what_and_a_circle_ends() -> None:
    assert in_order(["c", "b", "a"], {"c": ["b"], "b": ["a", "gone"]}) == ("a", "b", "c")
    assert in_order(["a", "b", "c"], {"a": ["b"], "b": ["a"], "c": ["c"]}) == ("c", "a", "b")
    assert in_order([], {}) == ()


def test_settings_that_a_push_would_obey_are_named() -> None:
    harmless = (
        ("core.fsmonitor", "x"),
        ("remote.origin.url", "x"),
        ("http.sslverify", "true"),
        ("protocol.ext.allow", "never"),
        ("http.https://x/.extraheader", "AUTHORIZATION: basic x"),
    )
    assert refusals(harmless) == ()
    named = ("core.sshcommand", "credential.helper", "remote.a.b.vcs", "gpg.ssh.program", "http.https://x.sslverify")
    assert refusals([(one, "x") for one in named]) == named


def test_what_a_remote_says_is_one_short_line_of_text() -> None:
    said = (
        "remote: \x1b[31mno\x1b[0m\r\nremote: \u202eyes\nTo https://a:b@h/x\nerror: failed to push some refs to 'x'\n"
    )
    assert why_not("[remote rejected] (hook declined)", said) == "[remote rejected] (hook declined): no; yes"
    assert (
        why_not("", "fatal: unable to access 'https://a:b@h/x/': no route\n")
        == "unable to access 'https://h/x/': no route"
    )
    assert why_not("", "") == "git does not say why"
    assert len(why_not("", "remote: " + "x" * 10_000)) <= 600
    assert plain("a\x00b\x1b]0;title\x07c\nd") == "a bc d"


def test_only_the_last_paragraph_has_trailers() -> None:
    message = "x\n\nOrch-Task: T9\n\nOrch-Plan: p r1\nOrch-Task: T1\nDepends-On: a@1\nDepends-On: b@2\n"
    assert trailers_of(message) == {"Orch-Plan": ("p r1",), "Orch-Task": ("T1",), "Depends-On": ("a@1", "b@2")}
    assert trailers_of("") == {}


def test_the_programs_of_a_host() -> None:
    both = ("gh", "glab")
    assert programs_for("github.com", both) == ("gh",)
    assert programs_for("gitlab.com", ("gh",)) == ()
    assert programs_for("git.example", both) == both
    assert programs_for("", ("glab",)) == ("glab",)


def test_the_text_of_a_request_keeps_others_text_harmless_and_is_bounded() -> None:
    row = RequestRow("a|b", "orch/x", "", ("T1: <img> [x](y)",), (check_line("echo `id`", 3),))
    other = RequestRow("web", "orch/x", "https://f/2", (), ())

    text = request_body("p <b>", (row, other), "a|b", (check_line("make both", 0),))

    assert "<img>" not in text
    assert "<b>" not in text
    assert "- a\\|b: `` echo `id` `` ended with exit code 3\n- all repos together: `make both` passed" in text
    assert "1. **a\\|b**: this one\n2. web: https://f/2" in text
    many = RequestRow("a", "orch/x", "", tuple("x" * 150 for _ in range(1000)), ())
    assert len(request_body("p", (many,), "a")) <= BODY_LIMIT
    assert request_body("p", (many,), "a").startswith("Part of the plan “p”.\n")
