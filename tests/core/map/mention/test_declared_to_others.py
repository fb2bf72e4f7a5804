"""What a program declares for others besides its routes: links that open it, structs that it sends byte by byte, and
the functions of its own that put an address before a path."""

from __future__ import annotations

import pytest

from supervisor.core.map.mention.mentions import mentions
from supervisor.wire.source import language_of
from supervisor.wire.source.read import literals
from tests.core.map.sources import linked, rows

ANDROID = """<manifest>
  <!-- <data android:scheme="old" /> -->
  <activity><intent-filter>
    <action android:name="android.intent.action.VIEW" />
    <data android:scheme="hydra" android:host="claim" />
    <data android:scheme="https" android:host="hydra.test" />
  </intent-filter></activity>
  <receiver><intent-filter><action android:name="org.hydra.CLAIMED" /></intent-filter></receiver>
</manifest>
"""
APPLE = """<plist><dict>
  <key>CFBundleURLTypes</key>
  <array><dict><key>CFBundleURLSchemes</key>
    <array>
      <string>hydra</string>
    </array></dict></array>
</dict></plist>
"""
SERVED = [
    ("app/src/main/AndroidManifest.xml", ANDROID, 5),
    ("ios/Info.plist", APPLE, 5),
    ("main.js", 'const { app } = require("electron");\napp.setAsDefaultProtocolClient("hydra");\n', 2),
]
OPENED = [
    ("claims.py", 'redirect(f"hydra://claim/{code}")'),
    ("claims.rb", "redirect_to 'hydra://claim'"),
    ("Mail.vue", '<script>\nconst link = "hydra://claim";\n</script>'),
]


@pytest.mark.parametrize(("file", "source", "line"), SERVED)
@pytest.mark.parametrize(("other", "opens"), OPENED)
def test_an_address_that_opens_an_app_ties_it_to_the_server(
    file: str, source: str, line: int, other: str, opens: str
) -> None:
    (row,) = linked(app={file: source}, server={other: opens})
    assert (row.kind, row.name, row.note, row.places[0].line) == ("route", "hydra://", "deep link", line)
    assert [(place.child, place.role) for place in row.places] == [("app", "provides"), ("server", "uses")]


def test_an_address_that_opens_no_app_of_the_repos_is_no_link() -> None:
    assert rows(a={"a.py": 'open("hydra://claim")'}, b={"b.js": 'open("hydra://claim")'}) == []
    assert rows(a={"Info.plist": APPLE}, b={"Info.plist": APPLE}) == []
    assert rows(a={"AndroidManifest.xml": ANDROID.replace("hydra", "mailto")}, b={"b.js": 'go("mailto://a")'}) == []


def test_an_action_of_an_app_is_read() -> None:
    assert [
        (one.shown, one.line)
        for one in mentions(literals(language_of("AndroidManifest.xml") or "", ANDROID.encode()), "app")
        if str(one.kind) == "topic"
    ] == [("org.hydra.CLAIMED", 8)]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("a.dart", "final a = makeUrl('ride-notes');"),
        ("a.kt", 'val a = api.buildUrl("ride-notes")'),
        ("a.ts", 'const a = apiUrl("ride-notes");'),
        ("a.py", 'a = self._get_endpoint("ride-notes")'),
        ("a.dart", "const _notesUrlPath = 'v1/ride-notes';"),
        ("a.ts", 'const NOTES_URL_PATH = "ride-notes";'),
    ],
)
def test_a_function_of_an_app_puts_the_address_before_a_path(file: str, source: str) -> None:
    server = {"app.py": '@app.get("/v1/ride-notes")\ndef f(): ...'}
    (row,) = rows(app={file: source}, server=server)
    assert row[:2] == ("route", "/v1/ride-notes")


STRUCTS = {
    "wire.h": "#include <a.h>\nstruct __attribute__((packed)) Frame {\n"
    "  uint8_t seq; // id\n  uint16_t rotor_rpm[2];\n};",
    "typed.h": "typedef struct {\n  uint8_t seq;\n  uint16_t rotor_rpm : 4;\n} __attribute__((packed)) frame_t;",
    "pragma.hpp": "#pragma pack(push, 1)\nstruct Frame { int a;\n uint16_t rotor_rpm; };\n#pragma pack(pop)\n"
    "struct B { int battery_mv; };",
    "frame.rs": "#[repr(C, packed)]\nstruct Frame {\n    seq: u8,\n    rotor_rpm: u16,\n}",
    "frame.py": "class Frame(Structure):\n    _fields_ = [\n"
    '        ("seq", c_uint8),\n        ("rotor_rpm", c_uint16),\n    ]\n',
}


@pytest.mark.parametrize("file", STRUCTS)
def test_members_of_a_packed_struct_are_declared_for_the_wire(file: str) -> None:
    language = language_of(file) or ""
    found = mentions(literals(language, STRUCTS[file].encode()), language, file)
    sent = [one.shown for one in found if one.detail == "wire"]
    assert "rotor_rpm" in sent
    assert "battery_mv" not in sent


def test_both_sides_of_a_packed_struct_are_one_link() -> None:
    assert rows(firmware={"wire.h": STRUCTS["wire.h"]}, tool={"frame.py": STRUCTS["frame.py"]}) == [
        ("key", "rotor_rpm", "firmware names, tool provides"),
        ("key", "seq", "firmware names, tool provides"),
    ]
    assert rows(firmware={"typed.h": STRUCTS["typed.h"]}, gateway={"frame.rs": STRUCTS["frame.rs"]}) == [
        ("key", "rotor_rpm", "firmware names, gateway names"),
    ]
