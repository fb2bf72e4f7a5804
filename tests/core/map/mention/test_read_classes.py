"""Fields of classes that are read from data are declared for the wire, so that even common names count."""

from __future__ import annotations

import pytest

from supervisor.wire.source import language_of
from supervisor.wire.source.read import literals
from tests.core.map.sources import rows

KOTLIN = "class Ride(val seats: Int, val title: String, val fare: Int)\n"
JAVA = "class Ride {\n  int seats;\n  String title;\n  int fare;\n}\n"
SHARP = (
    "class Ride {\n  public int Seats { get; set; }\n  public string Title { get; set; }\n"
    "  public int Fare { get; }\n}\n"
)
PYTHON = "@dataclass\nclass Ride:\n    seats: int\n    title: str\n    fare: int\n\n"
READ = {
    "A.kt": f"data {KOTLIN}val ride = gson.fromJson(text, Ride::class.java)\n",
    "B.kt": f"{KOTLIN}val t = object : TypeToken<List<Ride>>() {{}}.type\n",
    "A.java": JAVA + "class B { Ride f() { return mapper.readValue(t, Ride.class); } }\n",
    "A.cs": SHARP + "class B { Ride F() { return JsonSerializer.Deserialize<Ride>(text); } }\n",
    "a.py": f"{PYTHON}ride = from_dict(data_class=Ride, data=text)\n",
}
GO = """type Ride struct {
\tSeats int `json:"seats"`
\tTitle string `json:"title"`
\tFare int `json:"fare"`
}
"""


@pytest.mark.parametrize("name", READ)
def test_a_class_that_is_read_from_data_declares_its_fields_for_the_wire(name: str) -> None:
    language = language_of(name)
    assert language is not None
    assert {word.text.lower() for word in literals(language, READ[name].encode()) if word.sent} == {
        "seats",
        "title",
        "fare",
    }
    assert {row[1].lower() for row in rows(app={name: READ[name]}, api={"ride.go": GO})} == {"seats", "title", "fare"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("A.kt", f"{KOTLIN}val i = Intent(this, Ride::class.java)\ngson.fromJson(t, Other::class.java)\n"),
        ("A.java", JAVA + "class B { Logger l = Logger.get(Ride.class); }\n"),
        ("A.cs", SHARP + "class B { Other F() { return JsonSerializer.Deserialize<Other>(t); } }\n"),
        ("a.py", f"{PYTHON}other = from_dict(Other, text)\n"),
    ],
)
def test_any_other_class_does_not(name: str, source: str) -> None:
    assert not any(word.sent for word in literals(language_of(name) or "", source.encode()))


EXPOSED = {
    "A.java": 'class Ride {\n  @Expose\n  private String title = "";\n'
    "  @Expose(serialize = false) int own;\n  int kept;\n}\n",
    "A.kt": "class Ride(\n  @field:Expose val title: String,\n"
    "  @Expose(serialize = false) val own: Int,\n  val kept: Int,\n)\n",
}


@pytest.mark.parametrize(("name", "source"), EXPOSED.items())
def test_a_field_that_is_exposed_is_declared_for_the_wire(name: str, source: str) -> None:
    assert [word.text for word in literals(language_of(name) or "", source.encode()) if word.sent] == ["title"]


CONTROLLER = """<?php
class RidesController {
  public function index(?string $category = null, int $since = 0, Logger $log) {}
  private function own(string $title) {}
}
class Rides {
  public function find(string $content) {}
}
"""


def test_a_parameter_of_a_controller_is_one_of_its_requests() -> None:
    """The framework fills it: its class says so by its name, and a type of data."""
    client = 'interface Api { @GET("rides") fun list(@Query("since") since: Long, @Query("content") c: String): Rides }'
    assert rows(api={"lib/RidesController.php": CONTROLLER}, app={"Api.kt": client}) == [
        ("key", "since", "api provides, app uses")
    ]
