"""`orch land` brings no secret into a repo unless it is told to, wherever in the change that one stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.shell.git.land import build
from tests.cli.change.landing import Land
from tests.gitrepo import commit, git
from tests.landscape import Landscape, write

SECRET = "ghp_" + "x7Kq9Zp2Lm4Nv6Rt8Yb1Wc3Df5Gh0Js2Au4E"
OTHER = "ghp_" + "Qa8Ws6Ed4Rf2Tg0Yh9Uj7Ik5Ol3Pm1Nb8Vc6"
Change = Callable[[Path], object]


@pytest.fixture
def made(tmp_path: Path) -> Landscape:
    found = Landscape(tmp_path, "api", "web")
    write(found.repos["api"], {"settings": f"name = api\ntoken = {OTHER}\n", "gone": f"{OTHER}\n"})
    commit(found.repos["api"], "Set it up")
    found.ran("T1", {"web": {"w.txt": "w\n"}})
    return found


def changed(made: Landscape, change: Change, task: str = "T2") -> None:
    """A task changed the repo `api` like this."""
    made.ran(task, {"api": {}}, change=change)


def put(path: str, content: bytes) -> Change:
    def change(repo: Path) -> None:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_bytes(content)

    return change


def renamed_with_another(repo: Path) -> None:
    (repo / "settings").rename(repo / "settings.ini")
    (repo / "settings.ini").write_text(f"name = api\ntoken = {SECRET}\n", encoding="utf-8")


def linked(repo: Path) -> None:
    (repo / "link").symlink_to(f"https://api.example.com/{SECRET}")


def became_a_link(repo: Path) -> None:
    (repo / "lines").unlink()
    (repo / "lines").symlink_to(SECRET)


@pytest.mark.promise("no secret landed")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("deep/key.txt", f"first\n{SECRET}\n".encode()), "api: deep/key.txt line 2, "),
        (put("lines", f"0\n{SECRET}\n".encode()), "api: lines line 2, "),
        (put("settings", f"name = api\ntoken = {SECRET}\n".encode()), "api: settings line 2, "),
        (renamed_with_another, "api: settings.ini line 2, "),
        (put(f"deep/{SECRET}/a.txt", b"a\n"), "in its name"),
        (linked, "api: link line 1, "),
        (became_a_link, "api: lines line 1, "),
        (put("logo.bin", b"\0\1\2" * 3000 + SECRET.encode() + b"\0\0\7"), "api: logo.bin, "),
        (put("wide.bin", b"\7\0\0\0" + SECRET.encode("utf-16-le") + b"\7\7"), "api: wide.bin, "),
        (put("wide.txt", f"first\n{SECRET}\n".encode("utf-16")), "api: wide.txt line 2, "),
        (put("latin", f"d\xe9j\xe0 vu\n{SECRET}\n".encode("latin-1")), "api: latin line 2, "),
    ],
)
def test_a_secret_is_refused_by_its_place_and_landed_only_if_told(
    made: Landscape, land: Land, change: Change, said: str
) -> None:
    changed(made, change)

    for words in ((), ("--dry-run",), ("--json",)):
        ran = land(*words)
        assert ran.code == 1
        assert f"a secret would be landed: {'' if said == 'in its name' else said}" in ran.err
        assert said in ran.err
        assert SECRET not in ran.out + ran.err
    assert all("orch/" not in git(repo, "for-each-ref", "refs/heads") for repo in made.repos.values())
    assert land("--allow-secrets").code == 0


@pytest.mark.promise("no secret landed")
def test_a_secret_that_a_later_task_took_out_is_refused_because_the_first_commit_would_have_it(
    made: Landscape, land: Land
) -> None:
    changed(made, put("notes", b"none\n"))
    changed(made, put("notes", f"{SECRET}\n".encode()), "T3")
    changed(made, put("notes", b"none\n"), "T4")

    assert "a secret would be landed: api: notes line 1, " in land().err
    assert land("--tasks", "T1,T2").code == 0


@pytest.mark.parametrize(
    "change",
    [
        put("settings", f"name = web\ntoken = {OTHER}\n".encode()),
        lambda repo: (repo / "settings").rename(repo / "settings.ini"),
        lambda repo: (repo / "gone").unlink(),
        lambda repo: os.chmod(repo / "settings", 0o755),
    ],
    ids=["edited beside it", "renamed", "removed", "made executable"],
)
def test_what_the_repo_had_already_is_no_matter(made: Landscape, land: Land, change: Change) -> None:
    changed(made, change)

    assert land().code == 0


def test_a_refusal_names_the_first_places_and_counts_the_others(made: Landscape, land: Land) -> None:
    changed(made, put("many", f"{SECRET}\n".encode() * 23))

    said = land().err
    assert said.count("api: many line") == 20
    assert "; and 3 more: take it out" in said


def test_a_file_that_is_too_large_to_be_searched_is_named(
    made: Landscape, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "READ_LIMIT", 1000)
    changed(made, put("big", b"0123456789\n" * 100))

    ran = land()
    assert (ran.code, "api: big is over 4 MiB, so it was not searched for secrets" in ran.err) == (0, True)


def test_more_than_git_is_asked_for_at_once_is_searched_whole(
    made: Landscape, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "ROOM", 100)

    def change(repo: Path) -> None:
        for number in range(9):
            put(f"f{number}", b"x\n" * 40)(repo)
        put("f9", f"{SECRET}\n".encode())(repo)

    changed(made, change)
    assert "api: f9 line 1, " in land().err
