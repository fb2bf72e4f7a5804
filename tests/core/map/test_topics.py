"""A topic with a wildcard and the topics that it stands for are one link; so are a UUID's long and short form."""

from __future__ import annotations

import pytest

from supervisor.core.map.topics import absorbed
from tests.core.map.sources import linked, rows


@pytest.mark.parametrize(
    ("pattern", "topic"),
    [
        ("rides/+/ended", "rides/7/ended"),
        ("rides/+/ended", "rides/%s/ended"),
        ("rides/#", "rides/7/ended"),
        ("rides/#", "rides/ended"),
        ("$share/desk/rides/+/ended", "rides/7/ended"),
        ("fleet/+/rides/#", "fleet/berlin/rides/7/ended"),
    ],
)
def test_a_subscription_is_tied_to_the_topics_that_it_gets(pattern: str, topic: str) -> None:
    (row,) = linked(
        api={"a.py": f'client.subscribe("{pattern}")'},
        box={"main.c": f'void f() {{ esp_mqtt_client_publish(c, "{topic}", d, 0, 1, 0); }}'},
    )

    assert (row.kind, row.children) == ("topic", ("api", "box"))
    assert {(place.child, place.role) for place in row.places} == {("api", "uses"), ("box", "provides")}


@pytest.mark.parametrize(
    ("pattern", "topic"),
    [
        ("rides/+/ended", "rides/7/begun"),
        ("rides/+/ended", "rides/7/8/ended"),
        ("rides/#", "stops/7/ended"),
        ("+/+", "rides/ended"),
        ("#", "rides/ended"),
    ],
)
def test_a_topic_that_a_pattern_does_not_cover_is_another_one(pattern: str, topic: str) -> None:
    assert rows(api={"a.js": f'client.subscribe("{pattern}");'}, box={"b.js": f'client.publish("{topic}", x);'}) == []


def test_a_topic_belongs_to_the_narrowest_pattern_of_another_repo() -> None:
    children = {
        "path rides/#": frozenset({"api"}),
        "path rides/{}/ended": frozenset({"api"}),
        "path rides/7/ended": frozenset({"box"}),
        "path rides/{}/begun": frozenset({"box"}),
    }
    assert absorbed(children) == {"path rides/7/ended": "path rides/{}/ended", "path rides/{}/begun": "path rides/#"}


LONG = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
UUIDS = {
    "a.ino": f'BLEService service("{LONG}");',
    "a.c": "static const uint8_t SERVICE_UUID[] = {0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0,\n"
    "  0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e};",
    "b.c": "#define SERVICE_UUID BT_UUID_128_ENCODE(0x6e400001, 0xb5a3, 0xf393, 0xe0a9, 0xe50e24dcca9e)",
    "a.swift": f'let service = CBUUID(string: "{LONG.upper()}")',
    "a.kt": f'val SERVICE: UUID = UUID.fromString("{LONG}")',
    "a.dart": f"final service = Guid('{LONG}');",
    "a.py": f'SERVICE_UUID = "{LONG}"',
}
SHORT = {
    "a.ino": "void f() { BLEService service(BLEUUID((uint16_t)0x180A)); }",
    "a.c": "#define SERVICE_UUID 0x180A",
    "a.swift": 'let service = CBUUID(string: "180A")',
    "a.kt": 'val SERVICE: UUID = UUID.fromString("0000180a-0000-1000-8000-00805f9b34fb")',
    "a.dart": "final service = Guid('180a');",
    "a.py": "service = normalize_uuid_16(0x180A)",
    "b.py": 'SERVICE_UUID = "180A"',
}


@pytest.mark.parametrize("name", UUIDS)
def test_a_uuid_is_one_in_all_languages(name: str) -> None:
    found = linked(app={"app.js": f'device.getPrimaryService("{LONG}");'}, box={name: UUIDS[name]})

    assert [(row.name.lower(), row.score > 0.5) for row in found if row.kind == "word"] == [(LONG, True)]


@pytest.mark.parametrize("name", SHORT)
def test_the_short_and_the_long_form_of_a_uuid_are_one(name: str) -> None:
    long = 'val SERVICE: UUID = UUID.fromString("0000180a-0000-1000-8000-00805f9b34fb")'
    found = linked(app={"App.kt": long}, box={name: SHORT[name]})

    assert len([row for row in found if row.kind == "word"]) == 1


def test_four_digits_that_are_no_uuid_are_none() -> None:
    assert linked(app={"a.py": 'x = f("180a")\nMAX_OF_IT = 0x180A'}, box={"a.c": "#define SERVICE_UUID 0x180A"}) == ()


@pytest.mark.parametrize(
    ("own", "carried"), [("src/hr.c", "src/libs/stack/ble/host/gatt.c"), ("hr.c", "libs/a/b/c/hr.h")]
)
def test_a_uuid_that_only_a_carried_library_has_proves_less(own: str, carried: str) -> None:
    app = {"app.js": f'device.getPrimaryService("{LONG}");'}
    (mine,), (theirs,) = (linked(app=app, box={file: UUIDS["a.c"]}) for file in (own, carried))

    assert (mine.score > 0.5, theirs.score < mine.score / 2) == (True, True)
