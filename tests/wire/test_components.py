"""A component of Vue, Svelte or Astro is a page around a script, which is read as TypeScript."""

from __future__ import annotations

import pytest

from supervisor.domain.link import Form
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


@pytest.mark.parametrize(
    ("name", "page"),
    [
        (
            "A.vue",
            '<b :key="device.serial_id" @click="send(\'rides/all\')" v-if="device.isOn()">{{ ride.farePaid }}</b>',
        ),
        (
            "a.html",
            '<b [key]="device.serial_id" (click)="send(\'rides/all\')" *ngIf="x.isOn()">{{ ride.farePaid }}</b>',
        ),
        ("b.html", '<b x-bind:key="device.serial_id" @click="send(\'rides/all\')">{{ ride.farePaid }}</b>'),
    ],
)
def test_a_bound_attribute_is_code_whose_names_are_fields_and_no_texts(name: str, page: str) -> None:
    found = literals(language_of(name) or "", page.encode())

    assert {word.text for word in found if word.form is Form.MEMBER} == {"serial_id", "farePaid"}
    assert {(word.text, word.call) for word in found if word.form is Form.STRING} == {("rides/all", "send")}
    assert [word.text for word in literals("plain", b'<a href="a.serial_id" class="b.c">')] == ["a.serial_id", "b.c"]


@pytest.mark.parametrize(
    "template",
    [
        "{% for ride in rides %}{{ ride.fare_paid }}",
        "{{#each rides}}{{ ride.fare_paid }}",
        "{{ range .Rides }}{{ .FarePaid }}",
    ],
)
def test_a_template_that_the_server_fills_in_names_its_own_variables(template: str) -> None:
    assert literals("plain", template.encode()) == ()


def test_what_a_page_calls_is_no_topic_of_the_server() -> None:
    page = '<template>\n<v-dialog @submit="handle_login" :key="service.name" />\n</template>\n'
    server = {"a.py": 'register("service_name", handle_login)\non("service.name", 1)\nemit("handle_login")\n'}
    assert linked(api=server, app={"Login.vue": page}) == ()
