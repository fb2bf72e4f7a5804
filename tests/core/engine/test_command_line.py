"""Command lines, as the strict reading and the generous one parse them."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from supervisor.core.engine.asks.command_line import parts, plain
from tests.core.engine.hostile_commands import HOSTILE

BASH = shutil.which("bash") or "bash"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("git status", ("git", "status")),
        ("  git   status  ", ("git", "status")),
        ("git log 'a b' \"c d\" e'f'g", ("git", "log", "a b", "c d", "efg")),
        ("git show HEAD~1 HEAD^ a@b:c,d%e+f", ("git", "show", "HEAD~1", "HEAD^", "a@b:c,d%e+f")),
        ("git log --format='%H; $x | y'", ("git", "log", "--format=%H; $x | y")),
        ('git log "a\\"b\\$c\\\\d\\e"', ("git", "log", 'a"b$c\\d\\e')),
        ("git log ''", ("git", "log", "")),
        ("/bin/bash -lc 'git status'", ("git", "status")),
        ("bash -c \"git log 'a b'\"", ("git", "log", "a b")),
        ("zsh -lc 'bash -lc \"git status\"'", ("git", "status")),
        ("bash deploy.sh", ("bash", "deploy.sh")),
        ("./bash -lc 'git status'", ("./bash", "-lc", "git status")),
        ("/tmp/bash -lc 'git status'", ("/tmp/bash", "-lc", "git status")),
        ("git status a\u00a0b\u2028c", ("git", "status", "a\u00a0b\u2028c")),
    ],
)
def test_one_plain_command_is_its_words(line: str, words: tuple[str, ...]) -> None:
    assert plain(line) == words


@pytest.mark.parametrize("line", HOSTILE)
def test_a_command_that_a_shell_would_change_is_not_plain(line: str) -> None:
    assert plain(line) is None or plain(line) == ("git",)
    assert plain(shlex.join(["/bin/bash", "-lc", line])) in (None, ("git",))


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from("ab ~=^'\"\\$`;|&<>(){}*?[]!#%@:,-+./é\n"), max_size=25))
def test_the_words_of_a_plain_command_are_those_that_bash_makes_of_it(line: str) -> None:
    words = plain(f"x {line}")
    if words is not None:
        script = f"x() {{ printf '%s\\0' x \"$@\"; }}\nx {line}"
        made = subprocess.run([BASH, "-c", script], capture_output=True, timeout=10, check=True, cwd="/").stdout
        assert made.decode() == "".join(f"{word}\0" for word in words)


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs"))), min_size=1, max_size=4))
def test_words_that_are_quoted_as_codex_quotes_them_come_back(words: list[str]) -> None:
    assume(not any(word.startswith("=") and shlex.quote(word) == word for word in words))  # zsh expands such a one
    line = shlex.join(["run", *words])
    assert plain(line) == ("run", *words)
    assert plain(shlex.join(["bash", "-lc", line])) == ("run", *words)


@pytest.mark.parametrize(
    "line",
    [
        "git push",
        "a; git push",
        "a && git push origin",
        "a | git push",
        "a\ngit push",
        "(git push)",
        "{ git push; }",
        "$(git push)",
        "a `git push`",
        'a "$(git push)"',
        "X=1 Y=2 git push",
        "sudo -u me git push",
        "env X=1 git push",
        "timeout 5 git push",
        "xargs git push",
        "bash -lc 'git push'",
        "/bin/bash -lc 'a; git push'",
        "sudo bash -c \"sh -c 'git push'\"",
        "eval 'git push'",
        "g\\it pu'sh'",
        "if git push; then a; fi",
        "! git push",
        "git push 'open",
    ],
)
def test_a_part_is_seen_wherever_it_stands(line: str) -> None:
    assert any(part[:2] == ("git", "push") for part in parts(line))


@pytest.mark.parametrize("line", ["git commit -m 'git push'", "echo git push", "git log; echo 'git push'", ""])
def test_words_in_quotes_are_not_a_part_of_the_command(line: str) -> None:
    assert not any(part[:2] == ("git", "push") for part in parts(line))


@pytest.mark.parametrize(
    "line",
    [
        "sudo " * 4000 + "x",
        "A=1 " * 5000 + "x",
        "$(" * 10_000,
        "`a" * 10_000,
        "git " + "-a " * 6000,
        "bash -c '" * 2000,
        "sudo " + "bash " * 49 + shlex.join(["sudo " + "bash " * 49 + shlex.join(["sudo " + "bash " * 49 + "'a b'"])]),
    ],
)
def test_a_line_that_is_made_to_take_long_does_not(line: str) -> None:
    assert sum(1 for _ in parts(line)) < 100_000
    plain(line)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_both_readings(line: str) -> None:
    assert all(part and all(isinstance(word, str) for word in part) for part in parts(line))
    words = plain(line)
    assert words is None or words
