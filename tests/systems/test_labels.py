"""The labels match the sources, and the measure is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.systems import labels, repos
from tests.systems.judge import Verdict, judge

KNOWN = labels.HERE / "onboarding" / "labels.yaml"


@pytest.mark.parametrize("path", labels.OWN, ids=labels.name_of)
def test_every_place_exists_and_has_the_name(path: Path) -> None:
    system = labels.load(path)
    sources = {child: labels.files(system, child) for child in system.children}

    assert labels.problems(system, sources) == []
    assert all(sources.values())


@pytest.mark.parametrize("path", [*labels.OWN, *labels.REAL], ids=labels.name_of)
def test_a_label_file_is_complete(path: Path) -> None:
    system = labels.load(path)
    assert len(system.labels) >= 8
    assert system.real or len(system.ignorable) <= len(system.labels)
    for label in system.labels:
        assert label.children <= set(system.children)
        assert len(label.children) >= 2
    trapped = {(kind, labels.plain(kind, it.name)) for it in system.traps for kind in it.kinds}
    assert not trapped & {(kind, labels.plain(kind, it.name)) for it in system.labels for kind in it.kinds}


def test_some_systems_are_held_out() -> None:
    assert len(labels.OWN) >= 4
    assert sum(system.held_out for system in labels.own()) >= 2


def test_a_system_becomes_repos_with_a_history(tmp_path: Path) -> None:
    system = labels.load(KNOWN)

    made = repos.make(system, tmp_path, tmp_path, print)

    for child, path in made.items():
        assert repos.sources(made)[child] == labels.files(system, child)
        assert (path / ".git" / "refs" / "heads" / "main").is_file()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("POST /v1/devices/{id}/", "/v1/devices/:deviceId"),
        ("https://api.example/v1/devices/<int:id>?full=1", "/v1/devices/${id}"),
        ("GET /v1/devices/%s", "/v1/devices/{}"),
    ],
)
def test_routes_are_compared_without_method_host_and_names_of_holes(one: str, other: str) -> None:
    assert labels.plain("route", one) == labels.plain("route", other)


def test_values_inserted_into_a_message_do_not_count() -> None:
    one, other = "Tool name is too long ({len(name)})", "Tool name is too long (${name.length})"

    assert labels.plain("error", one) == labels.plain("error", other)
    assert labels.shows(frozenset({"error"}), one, f"throw new Error(`{other}`);")
    assert not labels.shows(frozenset({"error"}), one, "throw new Error(`Tool name is too short`);")


def test_a_map_with_all_labels_is_perfect() -> None:
    system = labels.load(KNOWN)
    rows = [_row(sorted(it.kinds)[0], it.name, sorted(it.children)) for it in system.labels[:20]]

    judged = judge(system, rows, lambda child, file: None)

    assert (judged.precision, judged.recall) == (1.0, 1.0)
    assert [verdict for verdict, _ in judged.verdicts] == [Verdict.RIGHT] * 20


def test_wrong_rows_lower_the_precision_and_repeated_ones_do_not() -> None:
    system = labels.load(KNOWN)
    label = next(it for it in system.labels if it.kinds == {"key"})
    row = _row("key", label.name, sorted(label.children))
    trap = _row(sorted(system.traps[0].kinds)[0], system.traps[0].name, sorted(label.children))

    judged = judge(system, [row, row, trap, _row("header", "X-Nobody", ["a", "b"])], lambda child, file: None)

    assert [verdict for verdict, _ in judged.verdicts] == [Verdict.RIGHT, Verdict.REPEATED, Verdict.TRAP, Verdict.WRONG]
    assert judged.precision == pytest.approx(1 / 3)
    assert judged.recall == pytest.approx(1 / 20)


def test_a_place_without_the_name_is_reported() -> None:
    system = labels.load(KNOWN)
    row = _row("key", "claim_code", list(system.children[:2]))
    row["places"] = [
        {"child": "a", "file": "good.c", "line": 2, "role": "reads", "text": 'get(body, "claim_code")'},
        {"child": "a", "file": "good.c", "line": 1, "role": "reads", "text": ""},
        {"child": "a", "file": "gone.c", "line": 1, "role": "reads", "text": ""},
        {"child": "a", "file": "good.c", "line": 9, "role": "reads", "text": ""},
    ]

    judged = judge(system, [row], lambda child, file: 'int x;\nget(body, "claim_code");' if file == "good.c" else None)

    assert len(judged.unproven) == 3


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "6e400001-b5a3-f393-e0a9-e50e24dcca9e",
            "id = {0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0,\n  0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e};",
        ),
        ("6e400001-b5a3-f393-e0a9-e50e24dcca9e", "ENCODE(0x6e400001, 0xb5a3, 0xf393, 0xe0a9, 0xe50e24dcca9e)"),
        ("0000180a-0000-1000-8000-00805f9b34fb", "#define SERVICE_UUID 0x180A"),
    ],
)
def test_a_uuid_that_is_written_as_numbers_is_shown(name: str, source: str) -> None:
    row = _row("word", name, ["a", "b"])
    row["places"] = [{"child": "a", "file": "a.c", "line": 1, "text": source.partition("\n")[0]}]

    assert judge(labels.load(KNOWN), [row], lambda _child, _file: source).unproven == ()
    assert len(judge(labels.load(KNOWN), [row], lambda _child, _file: "int x = 0x22;").unproven) == 1


def _row(kind: str, name: str, children: list[str]) -> dict[str, Any]:
    return {"kind": kind, "name": name, "score": 1.0, "children": children, "places": []}
