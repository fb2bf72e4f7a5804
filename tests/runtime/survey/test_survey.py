"""A survey reads only what changed. A problem of one child does not affect the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.domain.link import Drift, Kind, Link, Map, SurveyResult
from supervisor.runtime.config.load import named
from supervisor.runtime.survey import extract, worker
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.survey.worker import surveyed
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.gitrepo import commit, git

SERVER = """\
@app.post("/v1/devices/{device_id}/claims")
def claim(device_id):
    return {"claim_token": request.headers["X-Claim-Token"]}
"""
CLIENT = """\
const answer = await fetch(`${BASE}/v1/devices/${id}/claims`, { method: "POST", headers: { "X-Claim-Token": token } });
"""
ROUTE = "/v1/devices/{}/claims"


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    """A workspace with the children `api` and `web`, which share a route and a header."""
    for name, file, text in (("api", "app.py", SERVER), ("web", "src/client.ts", CLIENT)):
        repo = tmp_path / name
        (repo / file).parent.mkdir(parents=True)
        git(repo, "init", "-q", "-b", "main")
        (repo / file).write_text(text, encoding="utf-8")
        (repo / "README.md").write_text(f"# {name}\n", encoding="utf-8")
        commit(repo)
    root = tmp_path / "ws"
    root.mkdir()
    (root / "orchestrator.config.yaml").write_text("children:\n  api: ../api\n  web: ../web\n", encoding="utf-8")
    return WorkspacePaths(root)


def children(workspace: WorkspacePaths, *names: str) -> list[Child]:
    return [Child(name, str(workspace.root.parent / name)) for name in names or ("api", "web")]


def surveyed_now(workspace: WorkspacePaths, *names: str) -> tuple[Map, list[tuple[str, int, int]]]:
    """Survey, and return the map and the calls of `progress`."""
    progress: list[tuple[str, int, int]] = []
    made = survey(workspace, children(workspace, *names), lambda *one: progress.append(one))
    return made, progress


def names(made: Map) -> set[str]:
    return {link.name for link in made.links}


def link(made: Map, name: str) -> Link:
    return next(one for one in made.links if one.name == name)


def test_what_two_repos_share_is_found_with_a_place_on_each_side(workspace: WorkspacePaths) -> None:
    made, progress = surveyed_now(workspace)

    assert names(made) == {ROUTE, "X-Claim-Token"}
    assert [(one.child, one.file, one.line, str(one.role)) for one in link(made, ROUTE).places] == [
        ("api", "app.py", 1, "provides"),
        ("web", "src/client.ts", 1, "uses"),
    ]
    assert progress == [("api", 2, 2), ("web", 2, 2)]
    assert [(one.child, one.files, one.skipped, one.problem) for one in made.children] == [
        ("api", 1, (("not source", 1),), ""),
        ("web", 1, (("not source", 1),), ""),
    ]


def test_the_map_is_kept_as_json_and_as_markdown(workspace: WorkspacePaths) -> None:
    made, _ = surveyed_now(workspace)
    kept = json.loads(workspace.map_json.read_text("utf-8"))

    assert [row["name"] for row in kept["rows"]] == [one.name for one in made.links]
    assert "```mermaid" in workspace.map_markdown.read_text("utf-8")


def test_nothing_is_read_again_when_nothing_changed(workspace: WorkspacePaths) -> None:
    first, _ = surveyed_now(workspace)

    assert surveyed_now(workspace) == (first, [])


def edited(repo: Path) -> None:
    (repo / "app.py").write_text(SERVER.replace("/v1/", "/v2/"), encoding="utf-8")


def committed(repo: Path) -> None:
    edited(repo)
    commit(repo)


def renamed(repo: Path) -> None:
    edited(repo)
    (repo / "app.py").rename(repo / "main.py")


@pytest.mark.parametrize("change", [edited, committed, renamed])
def test_only_what_changed_is_read_again(workspace: WorkspacePaths, change: Callable[[Path], None]) -> None:
    surveyed_now(workspace)
    change(workspace.root.parent / "api")
    made, progress = surveyed_now(workspace)

    assert (names(made), progress) == ({"X-Claim-Token"}, [("api", 1, 1)])


def test_a_commit_that_changes_no_file_reads_none(workspace: WorkspacePaths) -> None:
    surveyed_now(workspace)
    (workspace.root.parent / "api" / "app.py").write_text(SERVER + "# more\n", encoding="utf-8")
    surveyed_now(workspace)
    git(workspace.root.parent / "api", "commit", "-q", "--allow-empty", "-m", "Nothing")

    assert surveyed_now(workspace)[1] == []


def test_a_deleted_file_is_no_longer_on_the_map(workspace: WorkspacePaths) -> None:
    surveyed_now(workspace)
    (workspace.root.parent / "web/src/client.ts").unlink()

    made, progress = surveyed_now(workspace)
    assert (names(made), progress) == (set(), [])


def test_an_untracked_file_counts_and_an_ignored_one_does_not(workspace: WorkspacePaths) -> None:
    api = workspace.root.parent / "api"
    (api / ".gitignore").write_text("out/\n", encoding="utf-8")
    (api / "out").mkdir()
    for file in ("new.py", "out/new.py"):
        (api / file).write_text('HEADERS = {"headers": {"X-New-Header": 1}}\n', encoding="utf-8")
    (workspace.root.parent / "web/src/new.ts").write_text('const a = "X-New-Header";\n', encoding="utf-8")
    made, _ = surveyed_now(workspace)

    assert [one.file for one in link(made, "X-New-Header").places] == ["new.py", "src/new.ts"]


def test_skipped_files_are_counted_by_reason(workspace: WorkspacePaths) -> None:
    api = workspace.root.parent / "api"
    for file, text in (
        ("vendor/lib.js", CLIENT),
        ("app_pb2.py", SERVER),
        ("made.py", "# Code generated by a tool. DO NOT EDIT.\n" + SERVER),
        ("package-lock.json", "{}"),
        ("big.py", "x = 1\n" * 120_000),
        ("min.js", "var a=1;" * 5_000),
        ("data.py", "x = '\0'\n"),
    ):
        (api / file).parent.mkdir(exist_ok=True)
        (api / file).write_text(text, encoding="utf-8")
    made, _ = surveyed_now(workspace)

    assert made.children[0].files == 1
    assert dict(made.children[0].skipped) == {
        "binary": 1,
        "generated": 2,
        "lock file": 1,
        "minified": 1,
        "not source": 1,
        "too large": 1,
        "vendored": 1,
    }


def test_a_name_may_hold_any_byte_but_null(workspace: WorkspacePaths) -> None:
    api = workspace.root.parent / "api"
    for raw in (b"-r.py", b"a\nb.py", b"\xff.py"):
        with open(os.fsencode(api) + b"/" + raw, "w", encoding="utf-8") as file:
            file.write('h = headers["X-Odd-Name"]\n')
    (workspace.root.parent / "web/src/odd.ts").write_text('const a = "X-Odd-Name";\n', encoding="utf-8")
    made, _ = surveyed_now(workspace)

    assert {one.file for one in link(made, "X-Odd-Name").places if one.child == "api"} == {
        "-r.py",
        "a\\nb.py",
        "\\xff.py",
    }
    assert surveyed_now(workspace)[1] == []


@pytest.mark.promise("no secret written")
def test_a_file_with_a_secret_in_its_name_is_in_no_index_and_does_not_have_the_map_drawn_again(
    workspace: WorkspacePaths,
) -> None:
    secret = "ghp_" + "x7Kq9Zp2Lm4Nv6Rt8Yb1Wc3Df5Gh0Js2Au4E"
    (workspace.root.parent / "web" / f"{secret}.py").write_text(SERVER, encoding="utf-8")
    surveyed_now(workspace)
    assert secret.encode() not in workspace.mentions.read_bytes()
    drawn = workspace.map_json.stat().st_ino
    assert surveyed_now(workspace)[1] == []
    assert workspace.map_json.stat().st_ino == drawn


def test_a_link_out_of_the_repo_is_not_followed(workspace: WorkspacePaths, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(SERVER.replace("claims", "secrets"), encoding="utf-8")
    web = workspace.root.parent / "web"
    (web / "link.py").symlink_to(tmp_path / "secret.py")
    (web / "folder").symlink_to(tmp_path)
    made, _ = surveyed_now(workspace)

    assert made.children[1].files == 1


def test_a_child_that_cannot_be_read_is_reported_and_the_others_are_mapped(workspace: WorkspacePaths) -> None:
    (workspace.root.parent / "gone").mkdir()
    made, _ = surveyed_now(workspace, "api", "web", "gone", "missing")

    assert [one.problem.partition("/")[0] + one.problem.rpartition("/")[2] for one in made.children] == [
        "",
        "",
        "gone is not in a git repository",
        "missing does not exist",
    ]
    assert ROUTE in names(made)


def test_a_child_that_cannot_be_read_for_a_while_is_not_forgotten(workspace: WorkspacePaths) -> None:
    surveyed_now(workspace)
    api = workspace.root.parent / "api"
    api.rename(api.with_name("away"))
    assert surveyed_now(workspace)[0].children[0].problem != ""
    api.with_name("away").rename(api)

    made, progress = surveyed_now(workspace)
    assert (ROUTE in names(made), progress) == (True, [])


def test_many_files_are_read_by_several_processes(workspace: WorkspacePaths) -> None:
    api = workspace.root.parent / "api"
    for number in range(2 * extract.FEW):
        (api / f"part_{number}.py").write_text(f'h = headers["X-Part-{number}"]\n', encoding="utf-8")
    (workspace.root.parent / "web/src/parts.ts").write_text(
        "".join(f'const a{number} = "X-Part-{number}";\n' for number in range(2 * extract.FEW)), encoding="utf-8"
    )
    made, progress = surveyed_now(workspace)

    assert {f"X-Part-{number}" for number in range(2 * extract.FEW)} <= names(made)
    assert progress[-2] == ("api", 2 * extract.FEW + 2, 2 * extract.FEW + 2)


def test_two_surveys_at_once_do_the_work_once(workspace: WorkspacePaths) -> None:
    code = (
        "import sys\n"
        "from tests.runtime.survey.test_survey import *\n"
        "print(len(surveyed_now(WorkspacePaths(Path(sys.argv[1])))[1]))"
    )
    words = [sys.executable, "-c", code, str(workspace.root)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) for _ in "ab"]
    read = sorted(int(one.communicate(timeout=30)[0]) for one in running)

    assert read == [0, 2]


def test_commits_of_one_ticket_belong_together(workspace: WorkspacePaths) -> None:
    for name in ("api", "web"):
        git(workspace.root.parent / name, "commit", "-q", "--allow-empty", "-m", f"ABC-12: change the claim in {name}")
    made, _ = surveyed_now(workspace)

    assert [one.shown for one in link(made, "ABC-12").places] == [
        "ABC-12: change the claim in api",
        "ABC-12: change the claim in web",
    ]


# ── the worker ──────────────────────────────────────────────────────────────────────────────────


def found(workspace: WorkspacePaths, known: str = "", *touched: str) -> SurveyResult:
    return surveyed(workspace, named(workspace), touched, known)


def test_a_first_survey_finds_no_change(workspace: WorkspacePaths) -> None:
    first = found(workspace, "", "api", "web")

    assert (first.drifts, {one.name for one in first.links}) == ((), {ROUTE, "X-Claim-Token"})
    assert [name for name, _ in first.summaries] == ["api", "web"]


def test_changes_of_a_touched_child_are_relative_to_the_known_map(workspace: WorkspacePaths) -> None:
    first = found(workspace)
    edited(workspace.root.parent / "api")
    surveyed_now(workspace)  # somebody ran `orch map` meanwhile
    second = found(workspace, first.digest, "api")

    (drift,) = second.drifts
    assert isinstance(drift, Drift)
    assert (drift.kind, drift.name, drift.child, drift.others) == (Kind.ROUTE, ROUTE, "api", ("web",))
    assert second.digest != first.digest
    assert found(workspace, first.digest, "api").drifts == second.drifts  # its answer was lost
    assert found(workspace, second.digest, "api").drifts == ()


def test_the_same_repos_give_the_same_map(workspace: WorkspacePaths) -> None:
    assert found(workspace).digest == found(workspace).digest


def test_maps_that_nobody_knows_any_more_are_removed(workspace: WorkspacePaths) -> None:
    first = found(workspace)
    edited(workspace.root.parent / "api")
    second = found(workspace, first.digest, "api")
    third = found(workspace, second.digest)

    assert {file.name.partition(".")[0] for file in workspace.maps.iterdir()} == {second.digest, third.digest}


def test_a_map_of_a_version_that_reads_sources_otherwise_is_not_compared(
    workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = found(workspace)
    edited(workspace.root.parent / "api")
    monkeypatch.setattr(worker, "VERSION", worker.VERSION + 1)

    assert found(workspace, first.digest, "api").drifts == ()


@pytest.mark.parametrize("damage", ["{", "[]", '{"children": []}', '{"children": {}, "rows": [{}], "cut": []}', None])
def test_a_damaged_or_removed_map_is_drawn_again(workspace: WorkspacePaths, damage: str | None) -> None:
    first, _ = surveyed_now(workspace)
    if damage is None:
        workspace.map_json.unlink()
    else:
        workspace.map_json.write_text(damage, encoding="utf-8")

    assert surveyed_now(workspace) == (first, [])
    assert [row["name"] for row in json.loads(workspace.map_json.read_text("utf-8"))["rows"]] == [
        one.name for one in first.links
    ]


def test_an_unchanged_map_imports_no_library_but_gits(workspace: WorkspacePaths) -> None:
    """Start-up is half of the time of a map after an edit, so nothing is imported that is not needed."""
    code = "import sys; from supervisor.cli.main import run; run(['map', '--json']); print(*sys.modules)"
    for _ in "ab":
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=workspace.root, capture_output=True, text=True, check=True, timeout=60
        )
    assert {"pydantic", "tree_sitter", "rich"} & set(ran.stdout.split()) == set()


def test_a_submodule_is_linked_to_its_child(workspace: WorkspacePaths) -> None:
    """No file of that child names the submodule; the place is the line with the child's own name."""
    (workspace.root.parent / "web" / ".gitmodules").write_text(
        '[submodule "x"]\n\tpath = x\n\turl = ../api.git\n', encoding="utf-8"
    )
    made, _ = surveyed_now(workspace)
    assert [(one.child, one.file, one.line) for one in link(made, "api").places] == [
        ("api", "README.md", 1),
        ("web", ".gitmodules", 3),
    ]

    (workspace.root.parent / "api" / "pyproject.toml").write_text('[project]\nname = "the-api"\n', encoding="utf-8")
    made, _ = surveyed_now(workspace)
    assert [(one.file, one.line) for one in link(made, "api").places] == [("pyproject.toml", 2), (".gitmodules", 3)]


def pairs(workspace: WorkspacePaths) -> list[tuple[str, list[str]]]:
    made, _ = surveyed_now(workspace)
    return [(row.name, [place.shown for place in row.places]) for row in made.links if row.kind is Kind.COMMIT]


def test_the_commits_that_brought_a_name_into_both_repos_are_paired_also_after_later_ones(
    workspace: WorkspacePaths,
) -> None:
    api, web = (workspace.root.parent / name for name in ("api", "web"))
    assert pairs(workspace) == []  # the history of each begins with it

    with (api / "app.py").open("a", encoding="utf-8") as file:
        file.write('@app.delete("/v1/claims/{claim_id}/proof")\ndef drop(claim_id):\n    return {}\n')
    commit(api, "Drop a proof")
    for number in range(3):
        (web / "src" / f"page{number}.ts").write_text(f"export const page{number} = 1;\n", encoding="utf-8")
        commit(web, f"Page {number}")
    with (web / "src/client.ts").open("a", encoding="utf-8") as file:
        file.write('await fetch(`${BASE}/v1/claims/${id}/proof`, { method: "DELETE" });\n')
    assert pairs(workspace) == []  # nobody has committed the second half
    commit(web, "Let people drop a proof")
    expected = [("/v1/claims/{}/proof", ["Drop a proof", "Let people drop a proof"])]
    assert pairs(workspace) == expected

    with (api / "app.py").open("a", encoding="utf-8") as file:
        file.write('PROOF = "/v1/claims/{claim_id}/proof"\n')
    commit(api, "Name the proof again")
    assert pairs(workspace) == expected
    git(api, "commit", "--amend", "-q", "-m", "Name it once more")  # another history, with the same beginning
    assert pairs(workspace) == expected
