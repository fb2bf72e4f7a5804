"""What stands in many repos by chance, and what a careless reader overlooks: each in two ecosystems."""

from __future__ import annotations

import pytest

from supervisor.core.map.links import links
from supervisor.core.map.mention.mentions import mentions
from supervisor.core.map.occurrences import Occurrence
from supervisor.core.map.weights import WEIGHTS
from supervisor.domain.link import Kind, Mention, Role
from supervisor.wire.source import language_of
from supervisor.wire.source.read import literals
from tests.core.map.sources import linked, rows

Found = tuple[str, str, str]  # kind, name as shown, detail


def mentioned(language: str, source: str) -> list[Found]:
    found = mentions(literals(language, source.encode()), language)
    return [(str(one.kind), one.shown, one.detail) for one in found if one.weak < 2]


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("java", 'class A { String DEFAULT_DUE_DAYS = "due_days"; }', ("word", "due_days", "")),
        ("python", 'interrupt_mode = "kernel_signal"', ("word", "kernel_signal", "")),
        ("typescript", 'const onFailure = "kernel_gone";', ("error", "kernel_gone", "")),
        ("kotlin", 'val x = throw RideException("ride_gone")', ("error", "ride_gone", "")),
        ("python", 'raise HTTPError("ride_gone")', ("error", "ride_gone", "")),
        ("go", 'package a\nvar ErrGone = "ride_gone"', ("error", "ride_gone", "")),
    ],
)
def test_an_error_is_named_by_a_word_and_not_by_letters_in_one(language: str, source: str, expected: Found) -> None:
    assert expected in mentioned(language, source)
    assert {kind for kind, shown, _ in mentioned(language, source) if shown == expected[1]} == {expected[0]}


@pytest.mark.parametrize(
    ("language", "source"),
    [("python", 'f("filter.accuracy")'), ("java", 'class A { K K = new K("filter.accuracy"); }')],
)
def test_a_path_of_keys_is_no_topic(language: str, source: str) -> None:
    assert mentioned(language, source) == []
    assert ("topic", "filter.accuracy", "") in mentioned("typescript", 'bus.publish("filter.accuracy", x)')


@pytest.mark.parametrize(
    ("language", "source"),
    [("python", 'JOBS = {"ride.ended": end}'), ("go", 'package a\nconst Ended = "ride.ended"')],
)
def test_what_happened_is_a_topic(language: str, source: str) -> None:
    assert ("topic", "ride.ended", "") in mentioned(language, source)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", 'parser.add_argument("--rides", help="Show all rides of today")'),
        ("typescript", 'option({ description: "Show all rides of today" })'),
    ],
)
def test_a_text_that_explains_is_no_error(language: str, source: str) -> None:
    assert [kind for kind, shown, _ in mentioned(language, source) if shown.startswith("Show")] == []


def test_a_style_is_no_header() -> None:
    assert mentioned("component", '<template><p style="margin-left: 2px">a</p></template>') == []
    assert mentioned("javascript", 'style("letter-spacing: 2px")') == []
    assert mentioned("bash", 'curl -H "X-Ride-Token: $t" $url') == [("header", "X-Ride-Token", "")]
    assert mentioned("javascript", 'headers("ride-token: a")') == [("header", "ride-token", "")]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.kt", 'fun a() { composable(route = "/rides/all") { } }'),
        ("a.kt", 'fun a() { navController.navigate("/rides/all") }'),
        ("a.tsx", 'const a = <Route path="/rides/all" element={x} />;'),
        ("a.tsx", "const a = <Link to={`/rides/all`}>x</Link>;"),
        ("a.ts", 'router.push("/rides/all");'),
        ("a.dart", "void a() { Navigator.pushNamed(context, '/rides/all'); }"),
    ],
)
def test_a_screen_of_an_app_is_no_route_of_the_server(name: str, source: str) -> None:
    server = {"app.py": '@app.get("/rides/all")\ndef f(): ...'}
    assert rows(api=server, app={name: source}) == []
    assert rows(api=server, app={"b.ts": 'fetch("/rides/all")'}) == [("route", "/rides/all", "api provides, app uses")]


def test_a_route_of_nothing_but_placeholders_proves_little() -> None:
    served, called = (Mention(Kind.ROUTE, "/{}", "/{}", 1, role) for role in (Role.PROVIDES, Role.USES))
    (row,) = links([Occurrence("", "api", "a.py", False, served), Occurrence("", "web", "a.ts", False, called)])
    assert row.score == pytest.approx(
        WEIGHTS["route"] * WEIGHTS["common route"] * WEIGHTS["a provider and a user"], abs=0.001
    )


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("cpp", 'void f() { root[F("maxpwr")] = 1; }', ("key", "maxpwr", "")),
        ("cpp", 'void f() { o[QStringLiteral("maxpwr")] = 1; }', ("key", "maxpwr", "")),
        ("cpp", 'void f() { doc["leds"]["maxpwr"] = 1; }', ("key", "maxpwr", "")),
        ("python", 'x = r.json()["maxpwr"]', ("key", "maxpwr", "")),
        ("typescript", 'const x = data?.["leds"]?.["maxpwr"];', ("key", "maxpwr", "")),
        ("kotlin", 'class A(@Json(name = "maxpwr") val power: Int)', ("key", "maxpwr", "wire")),
        ("java", 'class A { @Json(name = "maxpwr") int power; }', ("key", "maxpwr", "wire")),
    ],
)
def test_a_field_is_read_wherever_it_stands(language: str, source: str, expected: Found) -> None:
    assert expected in mentioned(language, source)


def test_a_route_in_a_macro_is_served() -> None:
    source = 'void f() { server.on(F("/leds/all"), HTTP_POST, [](R* r) {}); }'
    assert mentioned("cpp", source) == [("route", "/leds/all", "")]


def test_a_name_of_common_words_is_hardly_a_link_unless_it_is_sent() -> None:
    model = "class Page(BaseModel):\n    {}: int\n"
    api, app = {"a.py": 'x["error_message"]'}, {"a.ts": 'x["errorMessage"]'}
    specific = {"a.py": 'x["rotor_speed"]'}, {"a.ts": 'x["rotorSpeed"]'}
    (chance,), (link,) = linked(api=api, app=app), linked(api=specific[0], app=specific[1])
    assert chance.score == pytest.approx(link.score * WEIGHTS["made of common words"], abs=0.01)
    (sent,) = linked(api={"a.py": model.format("error_message")}, app=app)
    (other,) = linked(api={"a.py": model.format("rotor_speed")}, app=specific[1])
    assert sent.score == other.score


@pytest.mark.parametrize("file", ["db/migrate/1_rides.rb", "app/schemas/a.RideDatabase/1.json"])
def test_a_migration_of_a_database_proves_less_than_a_source(file: str) -> None:
    source = 'x["rotor_speed"] = 1' if file.endswith(".rb") else '{"properties": {"rotor_speed": {}}}'
    other = {"a.ts": 'x["rotorSpeed"]'}
    (apart,) = linked(api={file: source}, web=other)
    (usual,) = linked(api={f"lib/{file.rpartition('/')[2]}": source}, web=other)
    assert (apart.kind, usual.kind) == (Kind.KEY, Kind.KEY)
    assert apart.score == pytest.approx(usual.score * WEIGHTS["library only"], abs=0.01)


def test_what_only_tools_name_is_no_link() -> None:
    event = "when:\n  event: [ pull_request, nightly_build ]\n  branch_name: release_train\n"
    assert rows(api={".woodpecker.yml": event}, app={".woodpecker.yml": event}) == []


def test_a_path_of_many_parts_is_read_once_and_whole() -> None:
    called = {
        "java": 'class A { String a() { return url("/rides/" + id + "/seats/" + seat + "/book"); } }',
        "typescript": 'fetch("/rides/" + id + "/seats/" + seat + "/book")',
    }
    for language, source in called.items():
        found = mentions(literals(language, source.encode()), language)
        assert [one.name for one in found] == ["/rides/{}/seats/{}/book"]


def test_a_group_with_a_function_is_no_prefix_of_what_stands_beside_it() -> None:
    source = """<?php
    $app->group('', function (Proxy $group): void { $group->get('/planned', [A::class, 'b']); });
    $app->group('/api', function (Proxy $group): void { $group->get('/rides/all', [A::class, 'b']); });
    """
    server = {"routes.php": source}
    assert rows(api=server, app={"a.kt": 'val a = client.get("$base/planned")'}) == [
        ("route", "/planned", "api provides, app uses")
    ]
    assert rows(api=server, app={"a.kt": 'val a = client.get("$base/rides/all")'}) == [
        ("route", "/api/rides/all", "api provides, app uses")
    ]


def test_a_package_of_python_is_none_of_another_language() -> None:
    server = {"hydra/config/__init__.py": "", "config/__init__.py": "", "config/a.py": ""}
    app = {"pubspec.yaml": "name: app\ndependencies:\n  config: ^1.0.0\n"}
    assert rows(server=server, app=app) == []
    tool = {"requirements.txt": "config==1.0\n"}
    assert rows(server=server, tool=tool) == [("package", "config", "server provides, tool uses")]


def test_a_specification_names_the_routes_of_the_code() -> None:
    code = (
        "<?php\n$app->group('/api', function (P $group): void { $group->get('/rides/{id}/seats', [A::class, 'b']); });"
    )
    spec = '{"paths": {"/rides/{id}/seats": {"get": {}}}}'
    (row,) = linked(server={"spec.json": spec, "routes.php": code}, app={"a.ts": "fetch(`${base}/rides/${id}/seats`)"})
    assert (row.name, [(one.child, one.file) for one in row.places]) == (
        "/api/rides/{}/seats",
        [("app", "a.ts"), ("server", "routes.php"), ("server", "spec.json")],
    )


def test_callers_of_the_whole_route_and_of_its_end_are_one_link() -> None:
    server = {
        "a.py": 'app.include_router(rides, prefix="/v1")\napp.include_router(users, prefix="/v2")',
        "rides.py": '@rides.get("/seat-plans")\ndef f(): ...',
    }
    app = {"a.ts": 'fetch("/v1/seat-plans")', "b.ts": 'fetch("/seat-plans")'}
    (row,) = linked(server=server, app=app)
    assert (row.name, [one.file for one in row.places if one.child == "app"]) == ("/v1/seat-plans", ["a.ts", "b.ts"])


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("convert.rs", "fn limits() -> Limits { Limits { import_user_settings: 0, report_days: 7 } }"),
        ("gps.cpp", "void f() { val.day_of_year = 0; }"),
        ("Limits.kt", "val limits = Limits(\n    import_user_settings = 2,\n)"),
    ],
)
def test_a_number_that_a_field_gets_is_no_constant_and_no_port(file: str, source: str) -> None:
    language = language_of(file)
    assert language is not None
    found = mentions(literals(language, source.encode()), language, file)
    assert [one for one in found if one.kind in ("constant", "port")] == []


@pytest.mark.parametrize(
    ("file", "source"),
    [("a.py", "http_port = 8123"), ("a.js", "const httpPort = 8123;"), ("a.c", "#define HTTP_PORT 8123\n")],
)
def test_the_number_of_a_port_is_one(file: str, source: str) -> None:
    language = language_of(file)
    assert language is not None
    found = mentions(literals(language, source.encode()), language, file)
    assert [one.name for one in found if one.kind == "port"] == ["8123"]
