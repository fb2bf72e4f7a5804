"""Routes that builders of URLs make of several parts, and those that the methods of a view set serve."""

from __future__ import annotations

import pytest

from tests.core.map.mention.mentioned import mentioned
from tests.core.map.sources import linked

BUILT = {
    "A.java": 'Uri u = Uri.parse(base).buildUpon().appendPath("api").appendPath("rides").appendPath(id).build();',
    "B.java": 'HttpUrl u = base.newBuilder()\n  .addPathSegments("api/rides")\n  .addPathSegment(ride.getId());',
    "A.kt": 'val u = base.toHttpUrl().newBuilder().addPathSegment("api").addPathSegments("rides/$id").build()',
    "B.kt": 'val u = url { appendPathSegments("api", "rides", id) }.also { it.appendPathSegments("api", "rides", id) }',
    "A.swift": 'let u = base.appendingPathComponent("api").appendingPathComponent("rides/\\(id)", isDirectory: false)',
    "B.swift": 'let u = base.appending(path: "api/rides").appending(path: id)',
    "a.go": 'func f() {\n u, err := url.JoinPath(base, "api", "rides", id)\n}',
}


@pytest.mark.parametrize("name", BUILT)
def test_a_route_of_several_parts_is_called(name: str) -> None:
    server = {"a.py": '@app.get("/api/rides/{ride}")\ndef f(): ...'}
    (row,) = (row for row in linked(api=server, app={name: BUILT[name]}) if row.kind == "route")

    assert (row.name, {(place.child, place.role) for place in row.places}) == (
        "/api/rides/{}",
        {("api", "provides"), ("app", "uses")},
    )


def test_a_path_of_one_part_or_of_files_is_no_route() -> None:
    sources = (
        ("kotlin", 'val u = base.addPathSegment("rides")'),
        ("swift", 'let f = folder.appendingPathComponent(name).appendingPathComponent("photo.jpg")'),
        ("go", "func f() { u, err := url.JoinPath(base, id) }"),
    )
    for language, source in sources:
        assert [one for one in mentioned(language, source) if one[0] == "route"] == []


VIEWS = """
class RideViewSet(viewsets.GenericViewSet):
    @action(methods=["get"], detail=False)
    def check(self, request): ...

    @action(detail=True, methods=["post", "delete"], url_path="keep", permission_classes=[IsOwner | make(IsAdmin)])
    @extend_schema(responses={200: None})
    def keep_it(self, request, pk): ...

router = SimpleRouter()
router.register("", RideViewSet)
"""


def test_the_methods_of_a_view_set_serve_routes_below_where_it_is_mounted() -> None:
    api = {"views.py": VIEWS, "urls.py": 'urlpatterns = [path("api/rides/", include(router.urls))]'}
    app = {
        "a.js": "fetch(`${base}/api/rides/check/?url=${url}`); fetch(`${base}/api/rides/${id}/keep/`, {method: 'POST'})"
    }

    found = {
        row.name: [(place.file, place.line, place.detail) for place in row.places if place.child == "api"]
        for row in linked(api=api, app=app)
        if row.kind == "route"
    }

    assert found == {
        "/api/rides/check": [("views.py", 4, "GET")],
        "/api/rides/{}/keep": [("views.py", 6, "DELETE"), ("views.py", 6, "POST")],
    }
