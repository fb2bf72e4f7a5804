"""Breaks of interfaces: what a child changed that still has the name, told from code that only moved."""

from __future__ import annotations

import pytest

from supervisor.core.map.drift import describe_drift, drifts
from supervisor.core.map.links import join_key, links
from supervisor.core.map.mention.mentions import mentions
from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Link
from supervisor.wire.source import is_test, language_of
from supervisor.wire.source.read import literals

Repo = dict[str, str]  # file: content

SERVER = """package a
type Job struct {
	RetryAfter int `json:"retry_after"`
	OwnerName string `json:"owner_name"`
}
func routes() {
	r.Get("/v1/jobs/{id}", readJob)
	r.Post("/v1/jobs", startJob)
}
func startJob() {
	if busy { w.WriteHeader(http.StatusConflict) }
	fail(w, "job_refused")
}
"""
CLIENT = """
export const JOB_LIMIT = 30;
export interface Job {
  retry_after: number;
  owner_name: string;
}
export const read = (id: string) => fetch(`${BASE}/v1/jobs/${id}`);
export async function start() {
  const answer = await fetch(`${BASE}/v1/jobs`, { method: 'POST' });
  if (answer.status === 409) throw new Busy();
  if (answer.error.code === 'job_refused') throw new Refused();
}
"""


def drawn(**repos: Repo) -> tuple[Link, ...]:
    found = []
    for child, files in repos.items():
        for file, content in files.items():
            language = language_of(file)
            assert language is not None
            for one in mentions(literals(language, content.encode()), language, file):
                found.append(Occurrence(join_key(one), child, file, is_test(file), one))
    return links(found)


def found(before: Repo, after: Repo, client: Repo | None = None) -> list[tuple[str, str, str]]:
    """What is told when the server changes: (kind, name, what). Each names a line of the client."""
    client = {"api.ts": CLIENT} if client is None else client
    told = drifts(drawn(api=before, app=client), drawn(api=after, app=client), ["api"])
    assert all(place.child == "app" and place.line for drift in told for place in drift.theirs)
    assert all(drift.theirs and describe_drift(drift) for drift in told)
    return [(str(drift.kind), drift.name, drift.what) for drift in told]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('r.Post("/v1/jobs"', 'r.Put("/v1/jobs"', ("route", "/v1/jobs", "api serves it with PUT instead of POST")),
        (
            "RetryAfter int ",
            "RetryAfter string ",
            ("key", "retry_after", "api declares it as string instead of integer"),
        ),
        (
            "OwnerName string",
            "OwnerName []string",
            ("key", "owner_name", "api declares it as list of string instead of string"),
        ),
        ('"owner_name"', '"holder_name"', ("key", "owner_name", "api no longer has it")),
        ("StatusConflict", "StatusLocked", ("status", "409", "api no longer sends it")),
        ('"job_refused"', '"job_denied"', ("error", "job_refused", "api no longer has it")),
        ('"/v1/jobs/{id}"', '"/v1/tasks/{id}"', ("route", "/v1/jobs/{}", "api no longer has it")),
    ],
)
def test_a_break_is_told_by_what_changed(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert old in SERVER
    assert found({"main.go": SERVER}, {"main.go": SERVER.replace(old, new)}) == [expected]


@pytest.mark.parametrize(
    "after",
    [
        {"main.go": SERVER.replace("type Job", "// See GET /v1/jobs: `retry_after`.\n\n\ntype Job")},
        {"moved/other.go": SERVER},
        {"main.go": SERVER, "more.go": 'package a\nfunc f() { r.Delete("/v1/jobs/{id}/log", g) }\n'},
        {"main.go": SERVER.replace("RetryAfter int ", "RetryAfter int64 ")},
        {"main.go": SERVER.replace("RetryAfter int ", "RetryAfter *int ")},
        {"main.go": SERVER.replace("\tRetry", '\t\tExtra int `json:"extra_thing"`\n\tRetry')},
        {
            "main.go": SERVER.partition("func startJob")[0],
            "start.go": "package a\nfunc startJob" + SERVER.partition("func startJob")[2],
        },
    ],
)
def test_an_edit_that_breaks_nothing_is_not_told(after: Repo) -> None:
    assert found({"main.go": SERVER}, after) == []


def test_a_route_whose_place_is_gone_is_told_though_tests_still_call_it() -> None:
    test = {"main_test.go": 'package a\nfunc f() { http.Get(base + "/v1/jobs/7") }\n'}
    gone = SERVER.replace('\tr.Get("/v1/jobs/{id}", readJob)\n', "")

    (told,) = found({"main.go": SERVER, **test}, {"main.go": gone, **test})
    assert told[:2] == ("route", "/v1/jobs/{}")


def test_one_of_two_declarations_that_is_gone_is_told_with_its_place() -> None:
    second = 'type Done struct {\n\tRetryAfter int `json:"retry_after"`\n}\n'
    before = drawn(api={"main.go": SERVER + second}, app={"api.ts": CLIENT})
    after = drawn(api={"main.go": SERVER + second.replace("retry_after", "wait")}, app={"api.ts": CLIENT})

    (drift,) = drifts(before, after, ["api"])
    assert drift.what == "api no longer has one of the 2 places where it declares it"
    assert [place.line for place in drift.was] == [15]


def test_the_client_that_calls_with_another_method_breaks_it_too() -> None:
    before = drawn(api={"main.go": SERVER}, app={"api.ts": CLIENT})
    after = drawn(api={"main.go": SERVER}, app={"api.ts": CLIENT.replace("'POST'", "'PATCH'")})

    (drift,) = drifts(before, after, ["app"])
    assert (drift.name, drift.what) == ("/v1/jobs", "app calls it with PATCH instead of POST")
    assert [(place.child, place.line) for place in drift.theirs] == [("api", 8)]


def test_a_method_that_nobody_calls_may_go() -> None:
    router = 'package a\nfunc f() {\n\tr.Get("/v1/jobs", a)\n\tr.Post("/v1/jobs", b)\n}\n'
    client = {"api.ts": "fetch(`${BASE}/v1/jobs`, { method: 'POST' });\n"}

    assert found({"a.go": router}, {"a.go": router.replace('\tr.Get("/v1/jobs", a)\n', "")}, client) == []
    (told,) = found({"a.go": router}, {"a.go": router.replace('\tr.Post("/v1/jobs", b)\n', "")}, client)
    assert told[2] == "api no longer serves it with POST"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("40", "api changed its value from 20 to 40"),
        ("20000", "api changed its value from 20 to 20000, a power of ten: perhaps another unit"),
        ("30", ""),  # now they agree
        ("0x14", ""),
    ],
)
def test_a_constant_that_already_differed_and_changes_is_told(value: str, what: str) -> None:
    before, after = "JOB_LIMIT = 20\n", f"JOB_LIMIT = {value}\n"

    assert [told[2] for told in found({"limits.py": before}, {"limits.py": after})] == ([what] if what else [])
