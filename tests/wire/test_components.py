"""A component of Vue, Svelte or Astro is a page around a script, which is read as TypeScript."""

from __future__ import annotations

import pytest

from supervisor.wire.source import language_of
from supervisor.wire.source.read import literals
from tests.core.map.sources import linked

PAGE = '<template>\n  <a href="/rides/all">{{ ride.fare }}</a>\n</template>\n\n'
SCRIPT = 'const ride = { driver, fare: 1, seats };\nfetch(`${base}/api/rides/${id}`, { method: "PUT" });\n'
COMPONENTS = {
    "A.vue": (f'{PAGE}<script setup lang="ts">\n{SCRIPT}</script>\n<style>a {{ content: "x-y" }}</style>\n', 6),
    "A.svelte": (f"<script>\n{SCRIPT}</script>\n{PAGE}", 2),
    "A.astro": (f"---\n{SCRIPT}---\n{PAGE}", 2),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_script_of_a_component_is_read_with_its_lines(name: str) -> None:
    source, line = COMPONENTS[name]
    api = {"a.py": 'fields = ["driver", "fare", "seats"]\n@app.put("/api/rides/{ride}")\ndef f(): ...'}
    found = {row.name: row.places for row in linked(api=api, app={name: source})}

    assert found.keys() == {"driver", "fare", "seats", "/api/rides/{}"}
    (called,) = (place for place in found["/api/rides/{}"] if place.child == "app")
    assert (called.line, called.role, called.detail) == (line + 1, "uses", "PUT")
    assert {place.line for place in found["seats"] if place.child == "app"} == {line}


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_page_of_a_component_is_read_too(name: str) -> None:
    source, _ = COMPONENTS[name]
    language = language_of(name)
    assert language is not None
    found = {word.text: word.line for word in literals(language, source.encode())}

    assert found["/rides/all"] == source[: source.index('"/rides')].count("\n") + 1


@pytest.mark.parametrize("source", ["<script>", "</script><script></script", "---\n", "<script>\nconst a = 'b_c';", ""])
def test_a_broken_component_is_read_without_an_error(source: str) -> None:
    assert all(word.line > 0 for word in literals("component", source.encode()))
