"""Find the literals in a source that name something which two repos may share."""

from __future__ import annotations

import pytest

from supervisor.core.map.mention.mentions import mentions, untold
from supervisor.core.map.mention.normalize import imported, package_name, plain_name, repo_name, route_name, topic_name
from supervisor.wire.source.read import literals
from tests.core.map.mention.mentioned import Row, mentioned


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", '@app.post("/v1/devices/{id}")\ndef f(): ...', ("route", "/v1/devices/{}", "provides", "POST")),
        ("python", 'requests.get(f"{BASE}/v1/devices/{id}?x=1")', ("route", "/v1/devices/{}", "uses", "GET")),
        ("python", 'path("v1/devices/<int:id>/", view)', ("route", "/v1/devices/{}", "provides", "")),
        ("python", 'if request.path == "/v1/devices": pass', ("route", "/v1/devices", "provides", "")),
        ("python", 'self._request("POST", "/v1/devices")', ("route", "/v1/devices", "uses", "POST")),
        (
            "typescript",
            'router.put("/v1/rides/:id", async (q, s) => {});',
            ("route", "/v1/rides/{}", "provides", "PUT"),
        ),
        ("typescript", "await fetch(`${base}/v1/rides/${id}`);", ("route", "/v1/rides/{}", "uses", "")),
        ("typescript", 'await fetch(BASE + "/v1/rides/" + id + "/b");', ("route", "/v1/rides/{}/b", "uses", "")),
        ("go", 'package a\nfunc f() { r.Post("/v1/rides", h.New) }', ("route", "/v1/rides", "provides", "POST")),
        (
            "go",
            'package a\nfunc f() { http.HandleFunc("GET /v1/rides", h) }',
            ("route", "/v1/rides", "provides", "GET"),
        ),
        (
            "rust",
            'fn f() { Router::new().route("/v1/rides/:id", get(h)); }',
            ("route", "/v1/rides/{}", "provides", "GET"),
        ),
        (
            "rust",
            'fn f() { Router::new().route("/v1/rides", post(h).get(l)); }',
            ("route", "/v1/rides", "provides", "GET, POST"),
        ),
        ("typescript", "fetch(`${b}/v1/rides`, { method: 'POST' });", ("route", "/v1/rides", "uses", "POST")),
        ("python", '@app.route("/v1/rides", methods=["PUT"])\ndef f(): ...', ("route", "/v1/rides", "provides", "PUT")),
        (
            "go",
            'package a\nfunc f() { r.HandleFunc("/v1/rides", h).Methods("PATCH") }',
            ("route", "/v1/rides", "provides", "PATCH"),
        ),
        ("c", 'const u x = {.uri = "/v1/rides", .method = HTTP_POST};', ("route", "/v1/rides", "provides", "POST")),
        ("ruby", 'Net::HTTP::Put.new("/v1/rides/#{id}")', ("route", "/v1/rides/{}", "uses", "PUT")),
        ("bash", 'curl -fsS -X DELETE "http://${host}:7901/v1/rides"', ("route", "/v1/rides", "uses", "DELETE")),
        ("java", 'class A { @GetMapping("/v1/rides") void f() {} }', ("route", "/v1/rides", "provides", "GET")),
        ("kotlin", 'interface A { @GET("v1/rides/{id}") fun f() }', ("route", "/v1/rides/{}", "uses", "GET")),
        ("kotlin", 'interface A { @GET("rides") fun f() }', ("route", "/rides", "uses", "GET")),
        ("java", 'interface A { @DELETE("ride") Call f(); }', ("route", "/ride", "uses", "DELETE")),
        (
            "go",
            "package a\nvar p = regexp.MustCompile(`^/v1/rides/([-_A-Za-z0-9]{1,64})(?:\\.[a-z]+)?$`)",
            ("route", "/v1/rides/{}", "provides", ""),
        ),
        ("cpp", 'void f() { server.on("/rides/add$", handleRides); }', ("route", "/rides/add", "provides", "")),
        ("javascript", 'app.get("/rides/add$", (req, res) => res.end());', ("route", "/rides/add", "provides", "GET")),
        ("python", 're_path(r"^v1/rides/(?P<id>\\d+)/$", view)', ("route", "/v1/rides/{}", "provides", "")),
        ("python", 'requests.get(f"{BASE}/v1/rides?since={s}&poll=1")', ("key", "poll", "uses", "wire")),
        ("kotlin", 'fun f() { url.addQueryParameter("poll", "1") }', ("key", "poll", "uses", "wire")),
        ("java", 'interface A { @GET("rides") Call f(@Query("since") int s); }', ("key", "since", "uses", "wire")),
        ("typescript", 'url.searchParams.set("since", s);', ("key", "since", "uses", "wire")),
        ("go", 'package a\nfunc f() { r.URL.Query().Get("since") }', ("key", "since", "provides", "wire")),
        ("go", 'package a\nfunc f(c C) { c.Query("since") }', ("key", "since", "provides", "wire")),
        ("python", 'request.args.get("since")', ("key", "since", "provides", "wire")),
        ("java", 'class A { void f(@RequestParam("since") int s) {} }', ("key", "since", "provides", "wire")),
        ("kotlin", '@Entity(tableName = "rides")\nclass A', ("table", "rides", "provides", "")),
        (
            "csharp",
            'class A { void f() { http.GetAsync($"/v1/rides/{id}"); } }',
            ("route", "/v1/rides/{}", "uses", "GET"),
        ),
        ("ruby", 'scope "/api" do\n  get "/rides/:id", to: "a#b"\nend', ("route", "/api/rides/{}", "provides", "GET")),
        ("elixir", 'scope "/api", Web do\n  post "/rides", A, :new\nend', ("route", "/api/rides", "provides", "POST")),
        ("php", "<?php Route::get('/v1/rides/{id}', [A::class, 'b']);", ("route", "/v1/rides/{}", "provides", "GET")),
        ("swift", 'let u = URL(string: "\\(base)/v1/rides/\\(id)")', ("route", "/v1/rides/{}", "uses", "")),
        ("dart", "void f() { http.get(Uri.parse('$base/v1/rides/$id')); }", ("route", "/v1/rides/{}", "uses", "")),
        ("yaml", "paths:\n  /v1/rides/{id}:\n    get: {}\n", ("route", "/v1/rides/{}", "provides", "")),
        ("python", 'client.publish("devices/%s/cmd" % x)', ("topic", "devices/{}/cmd", "provides", "")),
        ("c", '#define T "devices/%s/status"', ("topic", "devices/{}/status", "names", "")),
        ("typescript", 'client.subscribe("devices/+/cmd");', ("topic", "devices/{}/cmd", "uses", "")),
        ("python", 'if event["type"] == "player_joined": pass', ("topic", "player_joined", "names", "")),
        ("go", 'package a\nfunc f() { w.Header().Set("X-Tok", t) }', ("header", "x-tok", "names", "")),
        ("python", "def f(x_tok: str = Header(None)): ...", ("header", "x-tok", "provides", "")),
        ("c", 'void f() { set(c, "X-Tok: 1"); }', ("header", "x-tok", "names", "")),
        ("typescript", 'const h = { headers: { "Retry-After": 1 } };', ("header", "retry-after", "names", "")),
        ("python", 'r.set_cookie("shop_sid", v)', ("cookie", "shop_sid", "provides", "")),
        ("python", 'os.environ["SHOP_TOKEN"]', ("env", "SHOP_TOKEN", "uses", "")),
        ("typescript", "const a = process.env.SHOP_TOKEN;", ("env", "SHOP_TOKEN", "uses", "")),
        ("rust", 'fn f() { std::env::var("SHOP_TOKEN"); }', ("env", "SHOP_TOKEN", "uses", "")),
        ("yaml", "services:\n  a:\n    environment:\n      SHOP_TOKEN: x\n", ("env", "SHOP_TOKEN", "provides", "")),
        ("dockerfile", "FROM a\nENV SHOP_TOKEN=x\n", ("env", "SHOP_TOKEN", "provides", "")),
        ("python", 'd = {"retry_after": 1}', ("key", "retryafter", "names", "")),
        ("c", 'void f() { cJSON_GetObjectItem(r, "retryAfter"); }', ("key", "retryafter", "names", "")),
        (
            "go",
            'package a\ntype A struct { B int `json:"retry_after,omitempty"` }',
            ("key", "retryafter", "names", "wire"),
        ),
        ("proto", 'syntax = "proto3"; message A { int32 retry_after = 1; }', ("key", "retryafter", "provides", "wire")),
        ("python", 'raise ApiError("device_offline")', ("error", "device_offline", "names", "")),
        ("typescript", 'if (e.code === "E1042") {}', ("error", "E1042", "names", "")),
        ("python", 'flags.is_enabled("new-onboarding")', ("flag", "newonboarding", "uses", "")),
        ("python", 'C = {A: ("POST", "/v1/rides/$id")}', ("route", "/v1/rides/{}", "uses", "POST")),
        (
            "typescript",
            "const T = { '/v1/rides/:id': { GET: { command: 'x' } } };",
            ("route", "/v1/rides/{}", "provides", "GET"),
        ),
        ("typescript", 'enum T { Heartbeat = "HEARTBEAT" }', ("topic", "HEARTBEAT", "names", "")),
        ("javascript", 'T["ID_TAKEN"] = "ID-TAKEN";', ("topic", "ID-TAKEN", "names", "")),
        ("javascript", 'send({ type: "HEARTBEAT" });', ("topic", "HEARTBEAT", "provides", "")),
        ("javascript", 'document.cookie.includes("shop_sid=");', ("cookie", "shop_sid", "uses", "")),
        ("c", 'void f() { cJSON_AddStringToObject(r, "kind_of", "QUEEN_LOST"); }', ("word", "QUEEN_LOST", "names", "")),
        ("typescript", "const Q = gql`query A { rideById { driverName } }`;", ("key", "drivername", "uses", "")),
        ("python", 'Q = """\n  mutation Cancel { cancelRide }\n"""', ("key", "cancelride", "uses", "")),
        ("pyproject.toml", 'dependencies = ["a", "my_wire>=1,<2"]\n', ("package", "my-wire", "uses", "")),
        ("setup.py", 'setup(install_requires=["a", "my_wire>=1"])\n', ("package", "my-wire", "uses", "")),
        ("python", "PORT = 8032", ("port", "8032", "names", "")),
        ("yaml", 'services:\n  a:\n    ports: ["7901:7901"]\n', ("port", "7901", "provides", "")),
        (
            "go",
            "package a\nconst c = `BEGIN;\nCREATE TABLE IF NOT EXISTS rides (id INT"
            + ", more_of_it INT" * 40
            + ");\nCOMMIT;`",
            ("table", "rides", "provides", ""),
        ),
        ("python", 'db.execute("SELECT a FROM sales_orders")', ("table", "sales_orders", "uses", "")),
        (
            "sql",
            "-- old: create table gone\nCREATE TABLE sales_orders (id int);",
            ("table", "sales_orders", "provides", ""),
        ),
        ("proto", 'syntax = "proto3"; service DeviceService {}', ("schema", "DeviceService", "provides", "")),
        ("graphql", "type DeviceState { a: Int }", ("schema", "DeviceState", "provides", "")),
        ("package.json", '{"name": "@a/client"}', ("package", "@a/client", "provides", "")),
        ("package.json", '{"dependencies": {"a-client": "1"}}', ("package", "a-client", "uses", "")),
        ("go.mod", "module example.com/a\nrequire example.com/b v1.0.0\n", ("package", "example-com/b", "uses", "")),
        ("requirements.txt", "a_client>=1\n", ("package", "a-client", "uses", "")),
        (".gitmodules", '[submodule "x"]\n\turl = https://h.invalid/o/edge.git\n', ("submodule", "edge", "uses", "")),
        ("python", "MAX_RULES = 250", ("constant", "maxrules", "names", "250")),
        ("c", "#define MAX_RULES 0x10 /* more */", ("constant", "maxrules", "names", "0x10")),
    ],
)
def test_a_line_mentions_what_it_shares(language: str, source: str, expected: Row) -> None:
    assert expected in mentioned(language, source)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", '# requests.get("/v1/gone")\n"""GET /v1/gone"""\n'),
        ("typescript", '// fetch("/v1/gone")\n/* "X-Gone-Header" */'),
        ("c", '/* "X-Gone-Header" */ // "devices/%s/gone"'),
        ("python", 'h = {"headers": {"Content-Type": "application/json", "Accept": "text/html"}}'),
        ("python", 'os.environ["PATH"]; os.environ["HOME"]'),
        ("python", 'open("/etc/passwd", encoding="utf-8")'),
        ("python", 'URL = 1; see("https://github.com/a/b/c")'),
        ("python", 'd = {"id": 1, "name": 2, "status": 3}'),
        ("typescript", 'el.on("click", f);'),
        ("yaml", "# paths:\nname: x\n"),
        ("typescript", 'enum Level { Error = "ERROR", Debug = "DEBUG" }'),
    ],
)
def test_common_words_and_text_about_code_are_not_mentions(language: str, source: str) -> None:
    assert mentioned(language, source) == []


def test_a_manifest_mentions_packages_and_not_its_tools() -> None:
    source = '{"name": "a-web", "scripts": {"type:check": "tsc"}, "devDependencies": {"mock-socket": "9"}}'

    assert {kind for kind, *_ in mentioned("package.json", source)} == {"package"}


def test_a_query_in_a_string_is_mentioned_at_the_lines_of_its_file() -> None:
    found = mentions(
        literals("typescript", b"const A = 1;\nconst Q = gql`\n  query A {\n    rideById\n  }\n`;"), "typescript"
    )

    assert [(one.name, one.line) for one in found] == [("ridebyid", 4)]


def test_a_command_about_cookies_is_not_a_cookie() -> None:
    assert "cookie" not in {kind for kind, *_ in mentioned("python", 'GET_ALL_COOKIES = "getCookies"')}


def test_a_package_of_python_is_named_by_its_folder() -> None:
    assert mentioned("python", "", "src/shop_client/__init__.py") == [("package", "shop-client", "provides", "")]
    assert mentioned("python", "", "tests/__init__.py") == []


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", 'TOKEN_VALUE = "{}"'),
        ("python", 'error("cannot use the token {} here")'),
        ("yaml", "a:\n  environment:\n    SHOP_TOKEN: {}\n"),
        ("json", '{{"events": {{"my_topic": "{}"}}}}'),
        ("env", "SHOP_TOKEN={}\n"),
        ("dockerfile", "FROM a\nENV SHOP_TOKEN={}\n"),
        ("toml", '[a]\nmy_event = "{}"\n'),
    ],
)
@pytest.mark.parametrize(
    "secret",
    [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAABCDEFGHIJKLMNOP",
        "postgres://ada:hunter22@db.invalid:6543/shop",
    ],
)
def test_a_secret_in_a_source_goes_no_further(language: str, source: str, secret: str) -> None:
    found = mentions(literals(language, source.format(secret).encode()), language)

    assert not any("ghp_" in str(one) or "AKIA" in str(one) or "hunter22" in str(one) for one in found)


def test_of_an_env_file_the_names_are_read_and_no_value_but_a_port() -> None:
    source = "SHOP_PASSWORD=correct-horse\nexport SHOP_PORT='6543'\n"

    assert mentioned("env", source) == [
        ("env", "SHOP_PASSWORD", "provides", ""),
        ("env", "SHOP_PORT", "provides", ""),
        ("port", "6543", "provides", ""),
    ]
    assert "correct-horse" not in str(literals("env", source.encode()))


def test_spellings_that_mean_the_same_have_one_name() -> None:
    assert {plain_name(text) for text in ("retry_after", "retryAfter", "RETRY-AFTER")} == {"retryafter"}
    assert {route_name(text) for text in ("/v1/a/{id}/", "/v1/a/:id", "/v1/a/<int:id>?x=1", "/v1/a/[id]")} == {
        "/v1/a/{}"
    }
    assert {topic_name(text) for text in ("a/+/b", "a/{}/b", "/a/*/b")} == {"a/{}/b"}
    assert package_name("My_Pkg") == "my-pkg"
    assert {repo_name(text) for text in ("git@h.invalid:o/Edge.git", "https://h.invalid/o/edge/", "../edge")} == {
        "edge"
    }
    assert [imported("a.b", "python"), imported("@a/b/c", "typescript"), imported("a/b", "typescript")] == [
        "a",
        "@a/b",
        "a",
    ]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", 'SERVICE_TYPE = "_ridelib._tcp.local."'),
        ("python", 'browse(zeroconf, f"{host}._ridelib._tcp.local.")'),
        ("kotlin", 'fun f() { nsdManager.discoverServices("_ridelib._tcp", P, listener) }'),
        ("swift", 'let browser = NWBrowser(for: .bonjour(type: "_ridelib._tcp.", domain: nil), using: p)'),
        ("cpp", 'void f() { service.service_type = "_ridelib"; }'),
        ("c", 'void f() { mdns_service_add(NULL, "_ridelib", "_tcp", 80, NULL, 0); }'),
        ("typescript", 'bonjour.publish({ name: "a", type: "_ridelib._udp" });'),
    ],
)
def test_a_type_of_service_on_the_local_network_is_a_topic(language: str, source: str) -> None:
    assert [row[:2] for row in mentioned(language, source) if row[0] == "topic"] == [("topic", "_ridelib._tcp")]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", 'SERVICE_TYPE = "_http._tcp.local."'),
        ("c", 'void f() { mdns_service_add(NULL, "_http", "_tcp", 80, NULL, 0); }'),
        ("python", 'getattr(self, "_service")'),
        ("python", 'PREFIX = "_ridelib"'),
    ],
)
def test_a_usual_type_of_service_and_a_private_name_are_none(language: str, source: str) -> None:
    assert [row for row in mentioned(language, source) if row[0] == "topic"] == []


def test_an_action_of_argparse_is_no_type_of_message() -> None:
    assert mentioned("python", 'parser.add_argument("--all", action="store_true")') == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('query.push("disable_html_snapshot")', []),
        ('this.errors.push("name_taken")', []),
        ('channel.push("queue:enter", {})', ["queue:enter"]),
        ('this.socket.push("card_played", {})', ["card_played"]),
        ('push("card_played", {})', ["card_played"]),
    ],
)
def test_what_is_added_to_a_list_is_no_topic(line: str, expected: list[str]) -> None:
    assert [name for kind, name, *_ in mentioned("javascript", line) if kind == "topic"] == expected


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("csharp", 'class A { public string ApiSecret { get; set; } = "%"; }'),
        ("java", 'class A { static final String API_SECRET = "%"; }'),
        ("python", 'os.environ.setdefault("API_SECRET", "%")'),
        ("php", '<?php define("API_SECRET", "%");'),
        ("go", 'package a\nfunc f() { os.Setenv("API_SECRET", "%") }'),
        ("cpp", 'class A { std::string apiSecret{"%"}; };'),
        ("ruby", 'ENV["API_SECRET"] ||= "%"'),
    ],
)
def test_a_text_is_no_word_where_its_line_says_that_it_is_a_secret(language: str, source: str) -> None:
    content = source.replace("%", "blue-horse-Battery_9x").encode()
    plain = content.replace(b"Secret", b"Member").replace(b"SECRET", b"MEMBER")
    found = [
        [one.name for one in untold(mentions(literals(language, text), language), text, ()) if "horse" in one.name]
        for text in (content, plain)
    ]
    assert found == [[], ["blue-horse-Battery_9x"]]
