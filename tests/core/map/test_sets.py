"""Plain words tie two repos if several of one class, enum or list are together on the other side, too."""

from __future__ import annotations

import pytest

from supervisor.core.map.links import DECLARED_FROM, SHOWN_FROM
from tests.core.map.sources import linked

USES = 8  # files in which a word stands that make it a common one

SERIALIZERS = {
    "a.py": """
class RideSerializer(serializers.ModelSerializer):
    class Meta:
        model = Ride
        fields = [
            "id",
            "driver",
            "fare",
            "seats",
            "pickup",
            "ended_at",
        ]
""",
    "b.py": 'class RideSchema(Schema):\n    class Meta:\n        fields = ("driver", "fare", "seats", "pickup")\n',
    "a.php": "<?php class Ride extends Model { protected $fillable = ['driver', 'fare', 'seats', 'pickup']; }",
    "a.rb": "class RideSerializer < ActiveModel::Serializer\n  attributes :driver, :fare, :seats, :pickup\nend",
    "a.go": 'type Ride struct {\n Driver string `json:"driver"`\n Fare int `json:"fare"`\n Seats int `json:"seats"`\n}',
    "c.py": "def f(ride):\n    return {'driver': ride.a, 'fare': ride.b, 'seats': ride.c, 'pickup': ride.d}\n",
    "a.rs": "#[derive(Serialize)]\nstruct Ride {\n driver: String,\n fare: u32,\n seats: u8,\n}\n",
}
CLIENTS = {
    "a.js": "async function f() { await api.save({ driver: x, fare: 1, seats: 2, pickup: here }); }",
    "b.ts": "interface Ride {\n  driver: string;\n  fare: number;\n  seats: number;\n  pickup: string;\n}",
    "c.js": "const ride = {\n  driver,\n  fare,\n  seats,\n};",
    "A.java": "class Ride {\n  private String driver;\n  private int fare;\n  private int seats;\n}",
    "A.kt": "data class Ride(val driver: String, val fare: Int, val seats: Int)",
    "A.swift": "class Ride {\n  var driver: String\n  var fare: Int\n  var seats: Int\n}",
    "A.cs": "class Ride {\n public string driver { get; set; }\n public int fare { get; set; }\n"
    " public int seats { get; set; }\n}",
}


@pytest.mark.parametrize("server", SERIALIZERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_fields_of_one_word_are_tied_where_several_are_together(server: str, client: str) -> None:
    found = linked(api={server: SERIALIZERS[server]}, app={client: CLIENTS[client]})

    assert {"driver", "fare", "seats"} <= {row.name for row in found if row.kind == "key"}


@pytest.mark.parametrize("server", ["a.py", "a.rb", "a.php"])
def test_fields_of_two_words_prove_those_of_one_beside_them(server: str) -> None:
    source = SERIALIZERS[server].replace("driver", "driver_name")
    found = linked(api={server: source}, app={"a.js": "const ride = { driver_name: x, fare, seats };"})

    assert {"fare", "seats"} <= {row.name for row in found if row.score > 0.25}


@pytest.mark.parametrize(
    "client",
    [
        "const a = { driver: 1, b: 2, c: 3 };",
        "f({ driver: 1, x: { fare: 2 } });",
        "const a = { driver: 1, b: 2, c: 3 };" + "\n" * 40 + "const d = { fare: 1, e: 2, f: 3 };" + "\n" * 40
        + "const g = { seats: 1, h: 2, i: 3 };",
    ],
)  # fmt: skip
def test_one_or_two_words_or_words_far_apart_prove_nothing(client: str) -> None:
    assert linked(api={"a.py": SERIALIZERS["a.py"]}, app={"a.js": client}) == ()


ENUMS = {
    "a.py": "names = ['NOOP', 'PROBE', 'UPGRADED']",
    "b.py": "class Packet(IntEnum):\n    NOOP = 0\n    PROBE = 1\n    UPGRADED = 2\n",
    "a.ts": "enum Packet { NOOP, PROBE, UPGRADED = 2 }",
    "A.java": "enum Packet { NOOP, PROBE(1), UPGRADED }",
    "A.kt": "enum class Packet { NOOP, PROBE(1), UPGRADED }",
    "A.swift": "enum Packet: String { case noop, probe\n case upgraded }",
    "a.rs": "enum Packet { Noop, Probe(u8), Upgraded }",
    "a.c": "enum packet { NOOP, PROBE = 1, UPGRADED };",
    "A.cs": "enum Packet { Noop, Probe = 1, Upgraded }",
}


@pytest.mark.parametrize("name", ENUMS)
@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("b.js", 'TYPES["noop"] = "0";\nTYPES["probe"] = "1";\nTYPES["upgraded"] = "2";'),
        ("b.py", 'TYPES = {"noop": 0, "probe": 1, "upgraded": 2}'),
    ],
)
def test_members_of_an_enum_are_tied_to_a_table_with_the_same(name: str, file: str, table: str) -> None:
    found = linked(api={name: ENUMS[name]}, app={file: table})

    assert {"noop", "probe", "upgraded"} <= {row.name.lower() for row in found}


@pytest.mark.parametrize("server", ["a.go", "b.py"])
@pytest.mark.parametrize(
    ("client", "source"),
    [
        ("A.java", 'class Bill {\n  @SerializedName("fare")\n  private int fare;\n}\n'),
        ("a.rs", "#[derive(Deserialize)]\nstruct Bill {\n fare: u32,\n tip: u32,\n toll: u32,\n}\n"),
    ],
)
def test_a_plain_word_that_many_files_use_is_a_row_if_both_sides_declare_it(
    server: str, client: str, source: str
) -> None:
    uses = {f"use{number}.py": "x = {'fare': 1}\n" for number in range(USES)}
    api = {server: SERIALIZERS[server], **uses}
    assert [(row.name, DECLARED_FROM < row.score < SHOWN_FROM) for row in linked(api=api, app={client: source})] == [
        ("fare", True)
    ]
    assert linked(api=uses, app={client: source}) == ()
