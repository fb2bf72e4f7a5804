"""Routes in the tables, groups and classes of many frameworks have their full path and their method."""

from __future__ import annotations

import pytest

from tests.core.map.mention.mentioned import mentioned
from tests.core.map.sources import linked

RAILS = """
Rails.application.routes.draw do
  namespace :api do
    scope "/v1" do
      resources :rides, only: [:index, :show] do
        resources :stops, only: %i[create]
        member do
          post :end_ride
        end
        get :search, on: :collection
      end
      resource :profile, except: [:destroy]
    end
  end
  scope module: "web" do
    get "/health_check(.:format)", to: "a#b" # resources :gone
  end
  match "/cancel", via: [:post, :put]
end
"""
ROUTES = [
    (
        "ruby",
        RAILS,
        {
            "GET /api/v1/rides",
            "GET /api/v1/rides/{}",
            "POST /api/v1/rides/{}/stops",
            "POST /api/v1/rides/{}/end_ride",
            "GET /api/v1/rides/search",
            "POST /api/v1/profile",
            "GET /api/v1/profile",
            "PATCH /api/v1/profile",
            "GET /health_check",
            "POST /cancel",
            "PUT /cancel",
        },
    ),
    (
        "php",
        "<?php\nreturn ['routes' => [\n  ['name' => 'ride#list', 'url' => '/api/v1/rides', 'verb' => 'GET'],\n"
        "  ['name' => 'ride#end', 'url' => '/api/v1/rides/{id}/end', 'verb' => 'POST'],\n]];",
        {"GET /api/v1/rides", "POST /api/v1/rides/{}/end"},
    ),
    (
        "php",
        "<?php\nRoute::prefix('v1')->middleware('auth')->group(function () {\n"
        "  Route::get('/rides/{id}', [A::class, 'b']);\n  Route::apiResource('stops', B::class);\n});\n"
        "Route::group(['prefix' => 'admin'], function () { Route::post('users', 'X@y'); });",
        {"GET /v1/rides/{}", " /v1/stops", " /v1/stops/{}", "POST /admin/users"},
    ),
    (
        "javascript",
        "server.route({ method: 'GET', path: '/v1/rides', handler: list });",
        {"GET /v1/rides"},
    ),
    (
        "python",
        'router = DefaultRouter()\nrouter.register(r"rides", RideViewSet)',
        {" /rides", " /rides/{}"},
    ),
    (
        "java",
        '@RestController\n@RequestMapping("/v1/rides")\nclass A {\n  @GetMapping("/{id}") void f() {}\n'
        '  @PostMapping void g() {}\n  @PutMapping("/x") void h() {}\n}\n'
        '@RequestMapping(path = "/v2")\nclass B {\n  @GetMapping("/y") void f() {}\n}',
        {" /v1/rides", "GET /v1/rides/{}", "POST /v1/rides", "PUT /v1/rides/x", " /v2", "GET /v2/y"},
    ),
    (
        "typescript",
        "@Controller('rides')\nexport class A {\n  @Get(':id') f() {}\n  @Post() g() {}\n}\n"
        "@Controller('stops')\nexport class B {\n  @Get('near') f() {}\n}",
        {"GET /rides/{}", "POST /rides", " /rides", " /stops", "GET /stops/near"},
    ),
    (
        "csharp",
        '[Route("api/[controller]")]\npublic class RidesController {\n  [HttpGet("{id}")] public void F() {}\n'
        "  [HttpPost] public void G() {}\n}",
        {"GET /api/rides/{}", "POST /api/rides"},
    ),
    (
        "python",
        'router = APIRouter(prefix="/rides")\n\n@router.get("/{id}")\ndef f(): ...\n\n'
        'app.include_router(router, prefix="/v1")',
        {"GET /v1/rides/{}"},
    ),
    (
        "python",
        'bp = Blueprint("x", __name__, url_prefix="/v1")\n\n@bp.route("/rides", methods=["POST"])\ndef f(): ...',
        {"POST /v1/rides"},
    ),
    ("javascript", 'const r = express.Router();\nr.get("/:id", h);\napp.use("/rides", r);', {"GET /rides/{}"}),
    (
        "go",
        'package a\nfunc f() {\n  r.GET("/ready_now", h)\n  v1 := r.Group("/v1")\n  v1.GET("/rides/:id", h)\n'
        '  in := v1.Group("/in")\n  in.POST("/rides", h)\n}',
        {"GET /ready_now", "GET /v1/rides/{}", "POST /v1/in/rides"},
    ),
    ("go", 'package a\nfunc f() { e := echo.New(); e.GET("/rides/:id", h) }', {"GET /rides/{}"}),
    ("kotlin", 'fun Route.f() { route("/v1") {\n get("/rides/{id}") { }\n } }', {"GET /v1/rides/{}"}),
]


@pytest.mark.parametrize(("language", "source", "expected"), ROUTES)
def test_routes_have_their_full_path_and_their_method(language: str, source: str, expected: set[str]) -> None:
    found = {
        f"{detail} {name}"
        for kind, name, role, detail in mentioned(language, source)
        if (kind, role) == ("route", "provides") and detail != "mount"
    }
    assert found == expected


@pytest.mark.parametrize(
    "source", ["axios({ method: 'post', url: '/v1/rides' });", "$.ajax({ url: '/v1/rides', type: 'POST' });"]
)
def test_the_options_of_a_request_are_no_table(source: str) -> None:
    assert ("route", "/v1/rides", "uses", "POST") in mentioned("javascript", source)


def test_the_urls_of_an_app_are_mounted_where_another_file_includes_them() -> None:
    (row,) = linked(
        api={
            "site/urls.py": 'urlpatterns = [path("api/", include("rides.urls"))]',
            "rides/urls.py": 'urlpatterns = [path("rides/<int:id>/stops/", view)]',
        },
        app={"a.ts": "await fetch(`${base}/api/rides/${id}/stops`);"},
    )
    assert (row.kind, row.name) == ("route", "/api/rides/{}/stops")
    assert {place.file for place in row.places} == {"rides/urls.py", "a.ts"}


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (
            {"urls.py": 'urlpatterns = [path("api/rides/", include(api.ride_router.urls))]'},
            {"a.ts": "await fetch(`${base}/api/rides/check/?id=${id}`);"},
        ),
        (
            {"app.js": 'app.use("/api/rides", require("./rides"));'},
            {"Api.kt": 'interface Api {\n  @GET("api/rides/check")\n  fun check(): Call<Ride>\n}'},
        ),
    ],
    ids=["django", "express"],
)
def test_a_route_below_a_mount_is_tied_to_it_where_no_path_shows_what_is_there(
    server: dict[str, str], client: dict[str, str]
) -> None:
    row = next(one for one in linked(api=server, app=client) if one.kind == "route")

    assert (row.name, row.children) == ("/api/rides/check", ("api", "app"))
    assert {place.file for place in row.places} == {*server, *client}


def test_below_a_mount_of_one_word_anybody_has_routes() -> None:
    server = {"app.js": 'app.use("/api", require("./rides"));'}

    assert linked(api=server, app={"a.ts": "await fetch(`${base}/api/rides/check`);"}) == ()


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (
            {"Rides.php": "<?php class A { #[Route('/api/rides/{id}.{_format}', methods: ['GET'])] function f() {} }"},
            {"a.js": "const url = `${this.data.base}/api/rides/${id}.json`; fetch(url);"},
        ),
        (
            {"routes.rb": 'get "/api/rides/:id(.:format)", to: "rides#show"'},
            {"a.py": 'import requests\nrequests.get(f"{BASE}/api/rides/{ride}.json")\n'},
        ),
    ],
    ids=["symfony", "rails"],
)
def test_the_format_at_the_end_of_a_route_does_not_count(server: dict[str, str], client: dict[str, str]) -> None:
    assert [(one.kind, one.name) for one in linked(api=server, app=client)] == [("route", "/api/rides/{}")]


def test_a_file_of_json_that_nobody_asks_for_is_no_route() -> None:
    assert mentioned("javascript", 'const file = "/data/rides.json";') == []


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("typescript", "const RIDES_SERVICE_URL = 'api/rides';"),
        ("python", 'RIDES_URL = "api/rides"'),
        ("kotlin", 'private const val RIDES_ENDPOINT = "api/rides"'),
    ],
)
def test_a_relative_path_is_a_route_where_it_is_completed_to_a_url(language: str, source: str) -> None:
    assert ("route", "/api/rides", "names", "") in mentioned(language, source)


@pytest.mark.parametrize("source", ["const FOLDER = 'api/rides';", "const p = path.join(root, 'api/rides');"])
def test_a_relative_path_elsewhere_is_a_file(source: str) -> None:
    assert not [one for one in mentioned("typescript", source) if one[0] == "route"]


def test_a_pattern_in_a_configuration_serves_nothing() -> None:
    source = "security:\n  firewalls:\n    token:\n      pattern: ^/oauth/v2/token\n"

    assert not [one for one in mentioned("yaml", source) if one[0] == "route"]
