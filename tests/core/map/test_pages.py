"""A name that a server has only in its own pages is nothing that it sends to another repo."""

from __future__ import annotations

import pytest

from supervisor.domain.link import Link
from tests.core.map.sources import linked

SERVER = {
    "routes.py": '@app.get("/v1/rides")\n@app.get("/v1/zones")\n@app.get("/v1/riders")\ndef get():\n    return {}\n'
}
CLIENT = {"Rides.kt": 'val rides = client.get("/v1/rides")\nval shown = prefs["selectedZone"]\n'}
PAGE = 'localStorage["selectedZone"] = 1;\n'
CALLS = "".join(f'fetch("/v1/{name}");\n' for name in ("rides", "zones", "riders"))


def score(rows: tuple[Link, ...], name: str) -> float:
    return next((row.score for row in rows if row.name == name), 0.0)


@pytest.mark.parametrize("page", ["src/store.js", "src/App.vue", "templates/index.html"])
def test_a_page_of_a_server_in_another_language_proves_less(page: str) -> None:
    text = f"<script>\n{PAGE}</script>\n" if page.endswith((".vue", ".html")) else PAGE
    beside = linked(api={**SERVER, "zones.py": 'state["selectedZone"] = 1\n'}, app=CLIENT)
    only = linked(api={**SERVER, page: text}, app=CLIENT)

    assert score(only, "selectedZone") < 0.6 * score(beside, "selectedZone")
    assert score(only, "/v1/rides") == score(beside, "/v1/rides")


def test_a_client_in_a_folder_of_its_own_is_a_page_too() -> None:
    node = {"server/app.js": 'app.get("/v1/rides", a);\napp.get("/v1/zones", a);\napp.get("/v1/riders", a);\n'}
    beside = linked(api={**node, "client/api.js": CALLS, "server/zones.js": PAGE}, app=CLIENT)
    only = linked(api={**node, "client/api.js": CALLS, "client/zones.js": PAGE}, app=CLIENT)

    assert score(only, "selectedZone") < 0.6 * score(beside, "selectedZone")


def test_a_repo_that_serves_nothing_has_no_pages() -> None:
    alike = {"src/zones.js": PAGE}
    assert score(linked(web=alike, app=CLIENT), "selectedZone") == score(
        linked(web={"src/zones.ts": PAGE}, app=CLIENT), "selectedZone"
    )
