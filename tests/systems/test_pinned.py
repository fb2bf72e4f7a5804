"""Systems of git repos of others: fetched with their history, commits labelled by id; literals as the yardstick."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.systems import baseline, labels, quality, repos
from tests.systems.judge import Verdict, judge
from tests.systems.labels import Pinned, System

FILE = """
held_out: false
children: [api, app]
repos:
  api: {repo: owner/api, commit: "%(api)s"}
  app: {repo: owner/app, commit: "%(app)s"}
labels:
  - {kind: key, name: blurhash, places: [api/api.py:2, app/app.js:1]}
  - kind: commit
    name: blurhash
    commits: {api: "%(api).8s", app: ["%(app).8s", "0000000"]}
  - {kind: key, name: device_id, literal: false, places: [api/api.py:1, app/app.js:1]}
traps:
  - {kind: "*", name: text/plain}
ignorable:
  - {kind: "*", name: rhash}
"""


@pytest.fixture
def pinned(tmp_path: Path) -> System:
    heads = {
        "api": _origin(tmp_path, "api", {"api.py": 'device_id = "/v1/x"\n'}, 'blurhash = "text/plain"\n'),
        "app": _origin(tmp_path, "app.git", {"app.js": 'it.deviceId, it.blurhash, "/v1/x", "text/plain"\n'}, ""),
    }
    path = tmp_path / "own.yaml"
    path.write_text(FILE % heads, encoding="utf-8")
    return labels.load(path)


def test_repos_are_fetched_once_with_their_history(pinned: System, tmp_path: Path) -> None:
    made = repos.make(pinned, tmp_path / "made", tmp_path / "cache", print, str(tmp_path / "owners"))

    assert repos.sources(made)["api"] == {"api.py": b'device_id = "/v1/x"\nblurhash = "text/plain"\n'}
    oids = {child: repos.commits_of(path) for child, path in made.items()}
    assert {child: len(found) for child, found in oids.items()} == {"api": 2, "app": 2}
    assert repos.make(pinned, tmp_path / "made", tmp_path / "cache", print, "/nowhere") == made


def test_only_the_newest_commits_are_fetched(pinned: System, tmp_path: Path) -> None:
    one = pinned.pinned[0]

    whole = repos.checkout(one.repo, one.commit, tmp_path / "cache", str(tmp_path / "owners"), 2)
    shallow = repos.checkout(one.repo, one.commit, tmp_path / "cache", str(tmp_path / "owners"))

    assert [len(repos.commits_of(path)) for path in (whole, shallow)] == [2, 1]


def test_the_source_may_be_a_folder_below_the_current_one(
    pinned: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert repos.make(pinned, tmp_path / "made", tmp_path / "cache", print, "owners").keys() == {"api", "app"}


def test_a_commit_that_is_not_there_is_said_and_leaves_nothing(pinned: System, tmp_path: Path) -> None:
    one = pinned.pinned[0]

    with pytest.raises(repos.FetchError, match=f"{one.repo} {'1' * 10}: .*not our ref"):
        repos.checkout(one.repo, "1" * 40, tmp_path / "cache", str(tmp_path / "owners"), 2)
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_the_network_a_system_of_repos_is_skipped_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quality.main(["--only", "linkding", "--no-network", "--cache", str(tmp_path)]) == 2

    said = " ".join(capsys.readouterr().out.split())
    assert said == "linkding not measured: repos of others, and --no-network"


def test_a_label_names_one_commit_of_each_child(pinned: System, tmp_path: Path) -> None:
    made = repos.make(pinned, tmp_path / "made", tmp_path / "cache", print, str(tmp_path / "owners"))
    oids = {child: repos.commits_of(path) for child, path in made.items()}

    assert labels.problems(pinned, repos.sources(made), oids) == [
        "own: commit blurhash: app: there is no one commit 0000000"
    ]
    assert [label.literal for label in pinned.labels] == [True, True, False]


def test_a_system_names_each_repo_by_a_full_id(pinned: System) -> None:
    short = replace(pinned, pinned=(Pinned("api", "owner/api", "1234567"),))

    assert labels.problems(short, {})[:2] == [
        "own: the commit of api is no full id, but '1234567'",
        "own: repos names other children than children does",
    ]


def test_the_public_repos_are_pinned_at_full_ids() -> None:
    whole = [system for system in labels.real() if system.pinned]

    assert len(whole) >= 3
    for system in whole:
        assert [said for said in labels.problems(system, {}) if "repos" in said or "full id" in said] == []
        assert sum("commit" in label.kinds for label in system.labels) >= 4


def test_pairs_of_commits_are_matched_by_their_ids_in_all_rows(pinned: System) -> None:
    api, app = (it.commit for it in pinned.pinned)
    found = _row("commit", "whatever", api=api[:12], app=app[:12])
    others = _row("commit", "device_id, x and 2 more", api="1" * 12, app=app[:12])
    wrong = _row("commit", "blurhash", api="1" * 12, app="2" * 12)

    judged = judge(pinned, [others, wrong, *[_row("key", "id")] * 18, found], lambda child, file: None)
    assert (judged.pairs, judged.unpaired) == (1, ())
    assert [verdict for verdict, _ in judged.verdicts[:2]] == [Verdict.IGNORED, Verdict.WRONG]

    assert judge(pinned, [found], lambda child, file: None).verdicts[0][0] is Verdict.RIGHT
    judged = judge(pinned, [others, wrong], lambda child, file: None)
    assert [it.name for it in judged.unpaired] == ["blurhash"]


def test_links_without_a_shared_literal_are_counted_in_all_rows(pinned: System) -> None:
    rows = [*[_row("key", "id")] * 20, _row("key", "deviceId")]

    judged = judge(pinned, rows, lambda child, file: None)
    assert (judged.unquoted, judged.unnoticed) == (1, ())
    assert [it.name for it in judge(pinned, rows[:20], lambda child, file: None).unnoticed] == ["device_id"]


def test_the_baseline_shows_literals_of_both_repos_that_look_specific() -> None:
    rows = baseline.rows(
        {
            "api": {
                "a.py": b'x = "/v1/x", "plain", "two words", "onlyHere"\n\ny = "/v1/x"',
                "b.py": b'"content-type"',
                "node_modules/c.js": b'"fromElsewhere"',
            },
            "app": {
                "a.js": b'"content-type", `/v1/x`, "plain", "two words", "fromElsewhere"',
                "b.js": b"'content-type'",
            },
        }
    )

    assert [(row["kind"], row["name"], row["children"]) for row in rows] == [
        ("literal", "/v1/x", ["api", "app"]),
        ("literal", "content-type", ["api", "app"]),
    ]
    assert [(place["file"], place["line"]) for place in rows[0]["places"]] == [("a.py", 1), ("a.js", 1)]


def test_a_literal_matches_labels_and_traps_of_any_kind_but_commits(pinned: System) -> None:
    rows = [_row("literal", name) for name in ("blurHash", "text/plain", "else.where")]

    judged = judge(pinned, rows, lambda child, file: None)

    assert [verdict for verdict, _ in judged.verdicts] == [Verdict.RIGHT, Verdict.TRAP, Verdict.WRONG]
    assert len(judged.unpaired) == 1


def _origin(top: Path, name: str, first: dict[str, str], more: str) -> str:
    """Make a repo of two commits. Returns the id of the second one."""
    path = top / "owners" / "owner" / name
    path.mkdir(parents=True)
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q"], cwd=path, check=True, timeout=60)
    for number in range(2):
        for file, text in first.items():
            (path / file).write_text(text + more * number, encoding="utf-8")
        subprocess.run(["git", "add", "."], cwd=path, check=True, timeout=60)
        commit = [*identity, "commit", "-q", "--allow-empty", "-m", f"Commit {number}"]
        subprocess.run(["git", *commit], cwd=path, check=True, timeout=60)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=path, check=True, capture_output=True, text=True, timeout=60
    )
    return head.stdout.strip()


def _row(kind: str, name: str, **commits: str) -> dict[str, Any]:
    places = [{"child": child, "file": oid, "line": None, "text": ""} for child, oid in commits.items()]
    return {"kind": kind, "name": name, "score": 1.0, "children": ["api", "app"], "places": places}
