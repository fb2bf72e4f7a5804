"""`orch map` on one screen, as JSON and as Markdown, with and without a supervisor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.gitrepo import commit

SERVER = """\
MAX_CLAIMS = 3
@app.post("/v1/devices/{device_id}/claims")
def claim(device_id):
    return {"claim_token": request.headers["X-Claim-Token"]}
"""
CLIENT = """\
export const MAX_CLAIMS = 5;
const answer = await fetch(`${BASE}/v1/devices/${id}/claims`, { method: "POST", headers: { "X-Claim-Token": token } });
"""


@pytest.fixture(autouse=True)
def repos(workspace: WorkspacePaths) -> Path:
    """Two repos that share a route and a header and disagree on a constant."""
    folder = workspace.root.parent
    for name, file, text in (("backend", "app.py", SERVER), ("mobile", "client.ts", CLIENT)):
        (folder / name / file).write_text(text, encoding="utf-8")
        commit(folder / name)
    return folder


def test_who_shares_what_and_what_disagrees_is_on_one_screen(orch: Orch) -> None:
    assert orch("map")[:2] == (
        0,
        "backend ── mobile\n"
        "NO  WHO                   INTERFACE                                        USED IN\n"
        "1   mobile calls backend  HTTP API: app.py, 1 constant, 1 header, 1 route  client.ts\n"
        "\n"
        "They disagree:\n"
        "  constant MAX_CLAIMS: different values: backend 3, mobile 5\n"
        "    backend  app.py:1\n"
        "    mobile  client.ts:1\n"
        "\n"
        "`orch map 1` opens interface 1 into its rows; `orch map --rows` shows the best rows of all\n",
    )


def test_an_interface_opens_into_its_rows(orch: Orch) -> None:
    assert orch("map", "1")[:2] == (
        0,
        "mobile calls backend: HTTP API: app.py, 1 constant, 1 header, 1 route\n"
        "\n"
        "SCORE  KIND      NAME                   WHERE (> provides it)\n"
        "0.97   route     /v1/devices/{}/claims  >backend:app.py:2 | mobile:client.ts:2\n"
        "0.89   header    X-Claim-Token          backend:app.py:4 | mobile:client.ts:2\n"
        "0.71   constant  MAX_CLAIMS             backend:app.py:1 | mobile:client.ts:1\n",
    )


def test_the_error_for_an_interface_that_is_not_there_says_how_many_there_are(orch: Orch) -> None:
    assert orch("map", "2") == (2, "", "orch: there is no interface 2: `orch map` shows the 1 that there are\n")


def test_the_best_rows_of_all_stand_above_what_disagrees(orch: Orch) -> None:
    assert orch("map", "--rows", "--limit", "1")[:2] == (
        0,
        "SCORE  KIND   NAME                   WHERE (> provides it)\n"
        "0.97   route  /v1/devices/{}/claims  >backend:app.py:2 | mobile:client.ts:2\n"
        "and 2 more: `orch map --rows --limit 3`, or .orchestrator/map.md\n"
        "\n"
        "They disagree:\n"
        "  constant MAX_CLAIMS: different values: backend 3, mobile 5\n"
        "    backend  app.py:1\n"
        "    mobile  client.ts:1\n",
    )


def test_commits_that_brought_in_one_name_are_below_a_line(orch: Orch, repos: Path) -> None:
    for name, file, text in (
        ("backend", "app.py", '@app.get("/v1/rides/open")\ndef rides():\n    return []\n'),
        ("mobile", "client.ts", "fetch(`${BASE}/v1/rides/open`);\n"),
    ):
        with (repos / name / file).open("a", encoding="utf-8") as stream:
            stream.write(text)
        commit(repos / name, "Show open rides")

    code, out, _ = orch("map", "--rows")
    above, line, below = out.partition("Less sure:\n")
    assert (code, line, "route   " in above, "commit" in above) == (0, "Less sure:\n", True, False)
    assert below.splitlines()[1].split()[1:3] == ["commit", "/v1/rides/open"]


def test_an_old_count_of_rows_is_refused_with_the_new_form(orch: Orch) -> None:
    code, out, err = orch("map", "--rows", "50")

    assert (code, out) == (2, "")
    assert "`orch map --rows --limit 50`" in err


def test_what_was_not_understood_is_said(orch: Orch, repos: Path) -> None:
    (repos / "mobile" / "other.ts").write_text("await fetch(address);\nawait fetch(`/v1/unknown/things`);\n")

    assert orch("map").out.partition("Not understood:\n")[2].splitlines()[:2] == [
        "  mobile: 1 call looks like HTTP, whose address is made elsewhere (such as `fetch(address`), so the route was "
        "not resolved (other.ts:1)",
        "  mobile: 1 route is called that no repo here serves (other.ts:2)",
    ]


def test_json_has_every_row_with_its_places(orch: Orch) -> None:
    code, out, err = orch("map", "--json")
    printed = json.loads(out)

    assert (code, err) == (0, "")
    assert [(row["kind"], row["name"]) for row in printed["rows"]] == [
        ("route", "/v1/devices/{}/claims"),
        ("header", "X-Claim-Token"),
        ("constant", "MAX_CLAIMS"),
    ]
    assert printed["rows"][0]["places"][0] == {
        "child": "backend",
        "file": "app.py",
        "line": 2,
        "role": "provides",
        "text": "/v1/devices/{device_id}/claims",
        "detail": "POST",
    }


def test_markdown_has_the_graph_and_the_table(orch: Orch) -> None:
    out = orch("map", "--markdown").out

    assert "```mermaid\ngraph LR\n" in out
    assert "| `/v1/devices/{}/claims` |" in out


def test_rows_of_one_kind_can_be_asked_for(orch: Orch) -> None:
    assert [row["kind"] for row in json.loads(orch("map", "--kind", "header", "--json").out)["rows"]] == ["header"]


def test_the_error_for_an_unknown_kind_names_the_nearest_one(orch: Orch) -> None:
    code, out, err = orch("map", "--kind", "rout")

    assert (code, out) == (2, "")
    assert "did you mean `route`?" in err


def test_two_forms_at_once_are_wrong_usage(orch: Orch) -> None:
    code, out, err = orch("map", "--json", "--markdown")

    assert (code, out) == (2, "")
    assert "choose one" in err


def test_a_child_that_cannot_be_read_is_reported_and_the_others_are_shown(orch: Orch, repos: Path) -> None:
    (repos / "mobile").rename(repos / "elsewhere")
    code, out, err = orch("map")

    assert (code, out) == (0, "")
    assert err == (
        f"orch: mobile is not in the map: {repos}/mobile does not exist: correct the child's path\n"
        "found nothing that the repos share\n"
    )


def test_without_a_child_that_can_be_read_it_fails(orch: Orch, repos: Path) -> None:
    for name in ("backend", "mobile"):
        (repos / name).rename(repos / f"{name}-elsewhere")

    assert orch("map").code == 1


def test_text_of_a_repo_cannot_control_the_terminal(orch: Orch, repos: Path) -> None:
    for name, file in (("backend", "b.py"), ("mobile", "m.py")):
        (repos / name / file).write_text('error("the \x1b[31mred\x1b[0m light is\x07 on for ever")\n', encoding="utf-8")
    for words in (["--rows"], ["--markdown"], ["--json"]):
        out = orch("map", *words).out
        assert "light is" in out
        assert not {"\x1b", "\x07"} & set(out)


def test_help_has_an_example(orch: Orch) -> None:
    assert "orch map --rows --kind route" in orch("map", "--help").out
