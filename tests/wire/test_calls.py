"""Requests whose address the source does not show are found in every language, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.link import UnresolvedCall
from supervisor.wire.source.http.calls import EXAMINED, MANY, unresolved


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("const answer = await fetch(address, { method })", "fetch(address"),
        ("return axios.get<Ride[]>(this.url)", "axios.get(this.url"),
        ("answer = requests.post(target, json=body)", "requests.post(target"),
        ("resp, err := http.Get(endpoint)", "http.Get(endpoint"),
        ("let body = reqwest::get(url).await?;", "reqwest::get(url"),
        ("var answer = await _httpClient.GetAsync(uri);", "_httpClient.GetAsync(uri"),
        ("restTemplate.getForObject(url, Ride.class)", "restTemplate.getForObject(url"),
        ("const socket = new WebSocket(where)", "new WebSocket(where"),
        ("answer = HTTParty.get(url)", "HTTParty.get(url"),
    ],
)
def test_a_call_whose_first_argument_is_a_variable_is_found(line: str, text: str) -> None:
    assert list(unresolved(f"first line\n{line}\n".encode())) == [UnresolvedCall(2, text)]


@pytest.mark.parametrize(
    "source",
    [
        "await fetch('/v1/rides')",
        "await fetch(`${base}/v1/rides`)",
        "await fetch(BASE + '/v1/rides')",
        "const url = `${base}/v1/rides`;\nawait fetch(url);",
        "url: str = f'{base}/v1/rides'\nrequests.get(url)",
        "// fetch(url)",
        "# requests.get(url)",
        "async function fetch(url) {}",
        "this.cache.fetch(key)",
        "settings.get(name)",
        "prefetch(url)",
    ],
)
def test_an_address_in_the_source_a_comment_or_another_function_is_not(source: str) -> None:
    assert list(unresolved(source.encode())) == []


def test_a_file_full_of_them_is_cut() -> None:
    assert len(list(unresolved(b"fetch(url)\n" * (MANY + 5)))) == MANY


def test_a_variable_is_searched_once_and_no_more_calls_than_a_bound_are_looked_at() -> None:
    filled = "url = '/v1/rides'\n" + "fetch(url)\n" * (EXAMINED - 1)

    assert [call.text for call in unresolved(f"{filled}fetch(other)\n".encode())] == ["fetch(other"]
    assert list(unresolved(f"{filled}fetch(url)\nfetch(other)\n".encode())) == []


@given(st.binary(max_size=300))
def test_no_source_breaks_it(source: bytes) -> None:
    for call in unresolved(source):
        assert 1 <= call.line <= source.decode("utf-8", "replace").count("\n") + 1
