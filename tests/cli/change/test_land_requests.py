"""`orch land --pr` opens a draft in each repo that has a forge; each names the others, their order and the checks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from supervisor.domain.status import CheckInfo
from tests.cli.change.landing import BRANCH, Land, answer, hook, there
from tests.gitrepo import git
from tests.landscape import Landscape
from tests.peers.forge import StandInForge, stand_in_forge

pytestmark = pytest.mark.long


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without a program of a forge, but for what is put into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


@pytest.fixture
def gh(path: Path) -> Iterator[StandInForge]:
    with stand_in_forge(path, "gh") as forge:
        yield forge


def test_each_repo_gets_a_draft_that_names_the_others_their_order_and_the_checks(
    made: Landscape, land: Land, remotes: dict[str, Path], gh: StandInForge
) -> None:
    checked = [msgspec.structs.replace(one, verify=(CheckInfo("pytest -q", 0),)) for one in made.tasks]
    made.tasks[:] = checked
    made.save()
    shown = land("--pr", "--dry-run").out.splitlines()
    assert [one for one in shown if "would open" in one] == [
        f"{name}: would open a draft with gh" for name in ("web", "api")
    ]
    assert gh.calls == []

    ran = land("--pr", "--json")

    found = answer(ran)
    assert (ran.code, found["state"]) == (0, "landed")
    urls = {one["child"]: one["pr"] for one in found["repos"]}
    assert urls == {"api": "https://forge.example/api/pull/1", "web": "https://forge.example/web/pull/2"}
    api, web = (gh.requests[urls[name]] for name in ("api", "web"))
    assert (api["title"], web["title"]) == ("Do T2", "Move the fleet")
    assert {one["draft"] for one in (api, web)} == {"True"}
    assert {(one["branch"], one["base"]) for one in (api, web)} == {(BRANCH, "main")}
    assert api["body"].splitlines() == [
        "Part of the plan “Move the fleet r3”, which changes 2 repos together.",
        "",
        "Merge in this order:",
        "",
        "1. **api**: this one",
        f"2. web: {urls['web']}",
        "",
        "Commits:",
        "",
        "- T2: Do T2",
        "",
        "Checks that ran:",
        "",
        "- api: `pytest -q` passed",
        "- web: `pytest -q` passed",
    ]
    assert f"1. api: {urls['api']}\n2. **web**: this one" in web["body"]
    assert answer(land("--json"))["repos"] == found["repos"]
    count = len(gh.calls)
    assert land("--pr").code == 0
    assert [words[:2] for _, _, words in gh.calls[count:]] == [["pr", "edit"]] * 2


def test_a_landing_that_is_pushed_gets_its_requests_later(
    made: Landscape, land: Land, remotes: dict[str, Path], gh: StandInForge
) -> None:
    assert land("--push").code == 0
    assert gh.calls == []

    ran = land("--pr")

    assert ran.code == 0
    assert ran.out.splitlines()[-2:] == [
        "api: https://forge.example/api/pull/1",
        "web: https://forge.example/web/pull/2",
    ]


def test_without_the_program_of_a_forge_it_is_only_pushed_and_that_is_said(
    made: Landscape, land: Land, remotes: dict[str, Path], path: Path
) -> None:
    assert "web: no pull request: there is no `gh` or `glab` for its remote" in land("--pr", "--dry-run").out
    ran = land("--pr", "--json")

    assert (ran.code, answer(ran)["state"]) == (0, "landed")
    assert [(one["pushed"], one["pr"]) for one in answer(ran)["repos"]] == [(True, None)] * 2
    assert "web: no pull request: there is no `gh` or `glab` for its remote" in ran.err


def test_a_forge_that_refuses_is_named_and_continue_opens_what_is_missing(
    made: Landscape, land: Land, remotes: dict[str, Path], gh: StandInForge
) -> None:
    gh.refused["web"] = "\x1b]0;owned\x07GraphQL: no drafts here, ghp_abcdefghijklmnopqrstuvwxyz0123456789\n"

    ran = land("--pr")

    assert ran.code == 1
    assert "web has no pull request: gh says GraphQL: no drafts here" in ran.err
    assert "owned" not in ran.err
    kept = made.workspace.operations.read_text(encoding="utf-8")
    assert "ghp_abcdefghij" not in ran.err + kept
    gh.refused.clear()
    done = land("--continue", "--json")
    assert (done.code, answer(done)["state"]) == (0, "landed")
    assert all(one["pr"] for one in answer(done)["repos"])
    assert len(gh.requests) == 2
    assert answer(done)["repos"][0]["pr"] in gh.requests[answer(done)["repos"][1]["pr"]]["body"] or (
        answer(done)["repos"][1]["pr"] in gh.requests[answer(done)["repos"][0]["pr"]]["body"]
    )


def test_a_request_that_a_stop_left_out_of_the_journal_is_found(
    made: Landscape, land: Land, remotes: dict[str, Path], gh: StandInForge
) -> None:
    land("--pr")
    lines = made.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if '"requested"' not in line and '"push_ended"' not in line]
    made.workspace.operations.write_text("".join(kept), encoding="utf-8")

    assert land("--continue").code == 0
    assert len(gh.requests) == 2


def over_ssh(made: Landscape, remotes: dict[str, Path], path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Reach the remotes by the name of a host: what stands in for ssh runs the command here."""
    (path / "ssh-here").write_text('#!/bin/sh\nexec sh -c "$2"\n', encoding="utf-8")
    (path / "ssh-here").chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(path / "ssh-here"))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    for name, repo in made.repos.items():
        git(repo, "remote", "set-url", "origin", f"git@{host}:{remotes[name]}")


@pytest.mark.parametrize(
    ("host", "logged_in", "taken"),
    [
        ("gitlab.example", "", "glab"),
        ("github.com", "", "gh"),
        ("git.example", "glab", "glab"),
        ("git.example", "gh", "gh"),
        ("git.example", "", None),
    ],
)
def test_the_host_or_the_login_chooses_the_program(
    made: Landscape,
    land: Land,
    remotes: dict[str, Path],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    logged_in: str,
    taken: str | None,
) -> None:
    over_ssh(made, remotes, path, monkeypatch, host)
    with stand_in_forge(path, "gh", "glab") as forge:
        forge.logged_in = logged_in
        ran = land("--pr")
        assert ran.code == 0
        assert {program for program, _, words in forge.calls if words[1] == "create"} == ({taken} if taken else set())
    assert ("there is no `gh` or `glab` for git.example" in ran.err) is (taken is None)


def test_what_is_not_pushed_everywhere_has_no_request(
    made: Landscape, land: Land, remotes: dict[str, Path], gh: StandInForge
) -> None:
    hook(remotes["web"], "pre-receive", "exit 1")
    assert land("--pr").code == 1
    assert gh.calls == []
    assert there(remotes["web"]) == ""
    (remotes["web"] / "hooks" / "pre-receive").unlink()
    assert land("--continue").code == 0
    assert len(gh.requests) == 2


def test_glab_alone_opens_merge_requests(made: Landscape, land: Land, remotes: dict[str, Path], path: Path) -> None:
    with stand_in_forge(path, "glab") as forge:
        found = answer(land("--pr", "--json"))
        assert {one["pr"] for one in found["repos"]} == set(forge.requests)
        assert all("merge_requests" in url for url in forge.requests)
        assert all("Merge in this order" in one["body"] for one in forge.requests.values())
        assert {program for program, _, _ in forge.calls} == {"glab"}
