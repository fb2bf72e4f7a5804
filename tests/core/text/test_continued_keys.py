"""A private key that begins in one text and ends in another leaves no line of it in either."""

from __future__ import annotations

import pytest

from supervisor.core.text.redact import GONE, Cutter, redact, secret_spans, secrets_in
from supervisor.core.text.redact_values import redacted_on
from supervisor.domain.report import Check

HEAD = "-----BEGIN RSA PRIVATE KEY-----"
FOOT = "-----END RSA PRIVATE KEY-----"
LINES = tuple(f"MIIEpAIBAAKCAQEA{letter}Zq3r7Qx9Lk2Vb8Nm5" for letter in "abcdefgh")


def shown(texts: list[str]) -> list[str]:
    """What is left of texts that follow each other, as a file that a server writes is masked."""
    left, inside = [], False
    for text in texts:
        spans, inside = secret_spans(text, (), inside=inside)
        for start, end in reversed(spans):
            text = text[:start] + GONE + text[end:]
        left.append(text)
    return left


@pytest.mark.promise("no secret written")
@pytest.mark.parametrize("first", range(1, len(LINES)))
def test_wherever_it_is_cut_in_two_no_line_of_it_is_left(first: int) -> None:
    texts = [
        "starting\n" + "\n".join((HEAD, *LINES[:first])) + "\n",
        "\n".join((*LINES[first:], FOOT)) + "\nready on 8080\n",
        "served 3 requests\n",
    ]
    left = shown(texts)
    assert [line for line in (*LINES, HEAD, FOOT) if line in "".join(left)] == []
    assert (left[0].startswith("starting\n"), left[1:]) == (True, [f"{GONE}\nready on 8080\n", "served 3 requests\n"])
    assert Cutter(()).cut(texts) == left, "values that follow each other are cut as a file is"


def test_a_part_that_is_all_key_passes_on_that_more_may_follow() -> None:
    texts = [f"{HEAD}\n{LINES[0]}\n", f"{LINES[1]}\n{LINES[2]}\n", f"{LINES[3]}\n", f"{FOOT}\nready\n"]
    left = shown(texts)
    assert left == [left[0], GONE, GONE, f"{GONE}\nready\n"]
    assert LINES[0] not in left[0]


def test_a_key_that_was_cut_off_takes_nothing_with_it_that_is_no_key() -> None:
    left = shown([f"{HEAD}\n{LINES[0]}\n", "the disk is full: restart me\n", "again\n"])
    assert left[1:] == ["the disk is full: restart me\n", "again\n"]


def test_only_the_part_that_is_key_is_cut_where_no_end_is_written() -> None:
    left = shown([f"{HEAD}\n{LINES[0]}\n", f"{LINES[1]}\n[08:15] the key cannot be read\n"])
    assert left[1] == f"{GONE}[08:15] the key cannot be read\n"


def test_the_next_value_is_told_that_a_key_goes_on() -> None:
    first, inside = redacted_on(Check("cat key", 0, f"{HEAD}\n{LINES[0]}"), (), inside=False)
    assert (first, inside) == (Check("cat key", 0, GONE), True)
    second, inside = redacted_on([f"{LINES[1]}\n{LINES[2]}\n{FOOT}\n", "done"], (), inside=inside)
    assert (second, inside) == ([f"{GONE}\n", "done"], False)


def test_the_fields_of_json_are_judged_by_their_names_too() -> None:
    value = {"user": "ada", "password": "correct horse 7", "headers": {"x-api-key": "k"}, "rows": [1, None, "a"]}
    cleaned = Cutter(()).cut(value)
    assert cleaned == {"user": "ada", "password": GONE, "headers": {"x-api-key": "k"}, "rows": [1, None, "a"]}
    assert cleaned["rows"] is value["rows"], "what holds no secret is the very same"


def test_what_a_limit_left_of_a_known_secret_goes_too() -> None:
    known = secrets_in({"ACME_TOKEN": "plain-words-only"})
    assert redact("it is plain-words-o", known) == f"it is {GONE}"
    assert redact("it is plain-words-…", known) == f"it is {GONE}"
    assert redact("it is plain-words and more", known) == "it is plain-words and more"


def test_a_known_secret_of_several_lines_is_known_by_each_of_them() -> None:
    known = secrets_in({"DEPLOY_KEY": "first-secret-line-of-it\n  second-secret-line-of-it\n"})
    assert redact("a: second-secret-line-of-it", known) == f"a: {GONE}"
    assert redact('{"a": "first-secret-line-of-it\\n  second-secret-line-of-it\\n"}', known) == f'{{"a": "{GONE}"}}'
