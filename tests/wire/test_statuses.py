"""HTTP status codes in sources: sent or compared."""

from __future__ import annotations

import time

import pytest

from supervisor.wire.source import LIMIT
from supervisor.wire.source.http.statuses import MANY, statuses


@pytest.mark.parametrize(
    ("source", "code", "use"),
    [
        ("@router.delete('/x', status_code=204)", "204", "sent"),
        ("    status = 410", "410", "sent"),
        ("w.WriteHeader(http.StatusConflict)", "409", "sent"),
        ("return (StatusCode::UNPROCESSABLE_ENTITY, body);", "422", "sent"),
        ("raise HTTPException(409)", "409", "sent"),
        ("return Response(x, status=status.HTTP_409_CONFLICT)", "409", "sent"),
        ("res.status(409).json(x)", "409", "sent"),
        ("render json: x, status: :conflict", "409", "sent"),
        ("head :no_content", "204", "sent"),
        ("return Results.Conflict(x);", "409", "sent"),
        ("send_resp(conn, 204, x)", "204", "sent"),
        ("http_response_code(409);", "409", "sent"),
        ("if (response.status === 204) return;", "204", "compared"),
        ("return if answer.is_a?(Net::HTTPNoContent)", "204", "compared"),
        ("if resp.StatusCode == http.StatusConflict {", "409", "compared"),
        ("case http.StatusGone:", "410", "compared"),
        ("HttpStatusCode.Conflict -> retry()", "409", "compared"),
        ("if (c.getResponseCode() == 409) {", "409", "compared"),
        ("if (esp_http_client_get_status_code(http) != 204) {", "204", "compared"),
    ],
)
def test_a_code_is_sent_or_compared(source: str, code: str, use: str) -> None:
    assert [(one.text, one.line, one.key) for one in statuses(f"\n{source}\n".encode())] == [(code, 2, use)]


def test_several_codes_are_compared_at_once() -> None:
    assert [one.text for one in statuses(b"if r.status_code in (409, 422):")] == ["409", "422"]


@pytest.mark.parametrize(
    "source",
    [
        "return Response(status_code=404)",  # every server answers so
        "if (response.status === 200) {",
        "// res.status(409)",
        "# status = 409",
        "width = 409",
        "status = 4090",
        "statuses = 3",
        'log("status 409")',
    ],
)
def test_what_says_nothing_or_is_no_code_is_left_out(source: str) -> None:
    assert list(statuses(source.encode())) == []


def test_a_long_file_has_its_bound() -> None:
    assert len(list(statuses(b"res.status(409)\n" * 2 * MANY))) == MANY


@pytest.mark.parametrize("unit", ["Status.", "status", "http.Status", "status(", "status = ", "StatusCode::", "A", " "])
def test_a_source_on_one_line_is_read_in_bounded_time(unit: str) -> None:
    source = (unit * (LIMIT // len(unit))).encode()
    began = time.process_time()
    assert list(statuses(source)) == []
    assert time.process_time() - began < 3
