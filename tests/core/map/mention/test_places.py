"""What a string means follows from where it stands: everything that a source mentions, and nothing else."""

from __future__ import annotations

import pytest

from tests.core.map.mention.mentioned import Row, mentioned


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "spec:\n  containers:\n    - env:\n        - name: SHOP_TOKEN\n          value: x\n",
            [("env", "SHOP_TOKEN", "provides", "")],
        ),
        ("environment:\n  - SHOP_TOKEN=x\n", [("env", "SHOP_TOKEN", "provides", "")]),
        (
            "components:\n  schemas:\n    DeviceState:\n      properties:\n        retry_after:\n          type: int\n",
            [("schema", "DeviceState", "provides", ""), ("key", "retryafter", "provides", "wire")],
        ),
        ("channels:\n  devices/{id}/status:\n    publish: {}\n", [("topic", "devices/{}/status", "provides", "")]),
        ("feature_flags:\n  new-onboarding: true\n", [("flag", "newonboarding", "provides", "")]),
        ("kafka:\n  topics: [rides.booked]\n", [("topic", "rides.booked", "names", "")]),
        ("state:\n  enum: [ride_booked]\n", [("word", "ride_booked", "names", "")]),
        ("servers:\n  - url: http://localhost:8032/v1\n", [("port", "8032", "uses", "")]),
    ],
)
def test_a_declaration_says_what_its_repo_provides(source: str, expected: list[Row]) -> None:
    assert mentioned("yaml", source) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", 'app.run(host="0.0.0.0:8032")', [("port", "8032", "provides", "")]),
        ("go", 'package a\nfunc f() { net.Dial("tcp", "backend:8032") }', [("port", "8032", "uses", "")]),
        (
            "python",
            'requests.get("http://rides:8032/v1/rides")',
            [("port", "8032", "uses", ""), ("route", "/v1/rides", "uses", "GET")],
        ),
        ("ruby", "resources :rides", [("route", "/rides", "provides", "")]),
        (
            "c",
            'httpd_uri_t a = { .uri = "/v1/rides", .handler = h };',
            [("route", "/v1/rides", "provides", "")],
        ),
        ("cpp", 'void f() { server.on("/v1/rides", h); }', [("route", "/v1/rides", "provides", "")]),
        ("typescript", "await fetch(`${base}rides/booked`);", [("route", "/rides/booked", "uses", "")]),
        ("javascript", 'document.cookie = "shop_sid=1; path=/";', [("cookie", "shop_sid", "provides", "")]),
        ("python", "def f(shop_sid: str = Cookie(None)): ...", [("cookie", "shop_sid", "provides", "")]),
        ("javascript", 'bus.emit("ride_booked", x);', [("topic", "ride_booked", "provides", "")]),
        ("javascript", 'y("devices/${a}/status/b");', [("topic", "devices/{}/status/b", "names", "")]),
        ("javascript", 'throw new HttpError(404, "device_offline");', [("error", "device_offline", "names", "")]),
        (
            "javascript",
            'const errors = {"device_offline": "Your device is offline"};',
            [("error", "device_offline", "names", ""), ("error", "Your device is offline", "names", "")],
        ),
        (
            "python",
            'raise ApiError("The device is not online any more")',
            [("error", "The device is not online any more", "names", "")],
        ),
        ("graphql", "query A { rideById }", [("key", "ridebyid", "uses", "")]),
        ("graphql", "type A { driverName: Int }", [("key", "drivername", "provides", "wire")]),
        (
            "go",
            'package a\ntype A struct { B string `env:"SHOP_TOKEN" header:"X-Tok"` }',
            [("env", "SHOP_TOKEN", "uses", ""), ("header", "x-tok", "names", "")],
        ),
        ("kotlin", '@Query("SELECT * FROM rides WHERE id = :id")\nfun f()', [("table", "rides", "provides", "")]),
        ("typescript", "const a = [`https://${url}`];", []),
        ("python", "import my_wire.client", [("package", "my-wire", "uses", "")]),
        ("typescript", "interface A { RETRY_AFTER: number }", [("word", "RETRY_AFTER", "names", "")]),
        ("kotlin", 'data class A(@SerialName("ride_id") val i: String)', [("key", "rideid", "names", "wire")]),
        (
            "swift",
            'enum CodingKeys: String, CodingKey { case rideId = "ride_id" }',
            [("key", "rideid", "names", "wire")],
        ),
    ],
)
def test_a_string_is_what_its_place_makes_of_it(language: str, source: str, expected: list[Row]) -> None:
    assert mentioned(language, source) == expected


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("rust", '#[serde(rename_all = "camelCase")]\nstruct A;'),
        ("rust", '#[serde(rename_all = "SCREAMING_SNAKE_CASE")]\nstruct A;'),
        ("rust", '#[serde(rename_all = "kebab-case")]\nstruct A;'),
        ("javascript", 'socket.emit(".hidden_part");'),
        ("javascript", 'socket.publish("application/json_x");'),
        ("javascript", 'document.cookie.includes("getCookieValue");'),
        ("javascript", 'getCookie("name");'),
    ],
)
def test_a_convention_of_a_library_is_shared_by_all_and_mentioned_by_none(language: str, source: str) -> None:
    assert mentioned(language, source) == []
