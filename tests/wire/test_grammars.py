"""Every language is read by the installed grammar or parser: all literals of a sample, and nothing else."""

from __future__ import annotations

import pickle
import sys
from types import ModuleType

import pytest
import tree_sitter_json

from supervisor.domain.link import Form, Literal
from supervisor.errors import GrammarError
from supervisor.wire.source import grammar
from supervisor.wire.source.read import literals
from tests.wire.samples import READ, SOURCES

PARSERS = {"proto": "antlr4", "graphql": "graphql"}


def line_for(language: str, literal: Literal) -> str:
    text = literal.text.replace("\n", "\\n")
    around = f" ({literal.call})" if literal.call not in ("", language) else f" = {literal.key}" if literal.key else ""
    return f"{literal.line} {literal.form.name} {text}{around}"


def read(language: str, source: str) -> list[tuple[int, str]]:
    return [(literal.line, literal.text) for literal in literals(language, source.encode())]


def test_there_is_a_sample_of_every_language() -> None:
    assert SOURCES.keys() == READ.keys() == grammar.languages() | PARSERS.keys()


@pytest.mark.parametrize("language", SOURCES)
def test_every_literal_of_a_sample_is_read_with_its_line(language: str) -> None:
    found = [line_for(language, literal) for literal in literals(language, SOURCES[language].encode())]
    assert found == READ[language].strip().splitlines()


def test_a_broken_proto_definition_does_not_affect_the_others() -> None:
    source = """stray words // here
        message Begun { string ride_id = 1; broken; string "?" }
        message Ended { string place = 1; Ended inner = }
    } }
message Open { string kept = 1;
service Rides { rpc Get (A) // where it ends
    returns (B); }
message Last { string last_one = 1; }"""
    found = read("proto", source)
    assert set(found) >= {(2, "Begun"), (2, "ride_id"), (3, "Ended"), (3, "place"), (5, "Open"), (5, "kept")}
    assert found[-4:] == [(6, "Rides"), (6, "Get"), (8, "Last"), (8, "last_one")]


def test_a_broken_graphql_definition_does_not_affect_the_others() -> None:
    source = '''"""What it { is."""
type Ride implements Node, Priced { rideId: ID! }
type Wrong { a b c d e f g h }
type Open { kept: String
enum Order { BY_TIME }
type Nothing {}
query Last { ride(at: 3 !) { endedAt } }'''
    assert read("graphql", source) == [
        *((2, "Ride"), (2, "rideId")),
        *((4, "Open"), (4, "kept")),
        *((5, "Order"), (5, "BY_TIME")),
        *((7, "Last"), (7, "ride"), (7, "endedAt")),
    ]


@pytest.mark.parametrize("language", PARSERS)
@pytest.mark.parametrize("unit", ["message a {", "type A { b(c: {", "{", "query a { ", "${", '"', "a: [", "extend "])
def test_an_absurdly_nested_schema_is_read_without_an_error(language: str, unit: str) -> None:
    assert all(literal.line == 1 for literal in literals(language, (unit * 2_000).encode()))


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "const q = gql`\n  query Ride($id: ID!) { ride(id: $id) { ...Parts } ${more} }\n  ${PARTS}\n`"),
        ("javascript", "const q = `\nquery Ride(${head}) {\\n ride(id: ${ask({ id })}) { ${parts.join('\\n')} } }`"),
        ("python", 'q = f"""\nquery Ride {{ ride(id: {id}) {{ ...{parts} }} }}"""'),
        ("python", 'q = """\nquery Ride { ride(id: %s, at: %(at)s) { ...Parts } }"""'),
        ("ruby", 'Q = "\nquery Ride { ride(id: #{id}) { ...Parts } }"'),
        ("swift", 'let q = """\nquery Ride { ride(id: \\(id(of: x))) { ...Parts } }\n"""'),
        ("kotlin", 'val q = """\nquery Ride(\\$id: ID!) { ride(id: \\$id) { ...Parts } }"""'),
        ("java", 'String q = """\nquery Ride { ride(id: \\"7\\") { ...Parts } }""";'),
    ],
)
def test_an_operation_in_a_string_is_read_without_inserted_values(language: str, source: str) -> None:
    assert [literal for literal in literals(language, source.encode()) if literal.call == "graphql"] == [
        Literal("Ride", 2, Form.TYPE, key="type", call="graphql"),
        Literal("ride", 2, Form.MEMBER, key="member", call="graphql"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        'fun f() {\n  val a = b\n  get("/v1/rides") { c() }\n}',
        'fun f() {\n  val a = b\n  open = true\n  set("k", 1)\n  in1.close()\n  get("/v1/rides")\n}',
        'val ride = client.get<Ride>("/v1/rides")',
    ],
)
def test_a_call_that_kotlins_grammar_misreads_is_a_call(source: str) -> None:
    (route,) = (literal for literal in literals("kotlin", source.encode()) if literal.text == "/v1/rides")
    assert route.call.endswith("get")


def test_the_error_for_a_missing_grammar_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar.tools.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_lua", None)
    with pytest.raises(GrammarError, match=r"lua sources cannot be read: tree_sitter_lua .*: reinstall orch"):
        literals("lua", b'x = "text"')
    assert literals("json", b'["text"]') != ()


@pytest.mark.parametrize("language", PARSERS)
def test_the_error_for_a_missing_parser_says_what_to_do(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PARSERS[language], None)
    with pytest.raises(
        GrammarError, match=rf"{language} sources cannot be read: {PARSERS[language]} .*: reinstall orch"
    ):
        literals(language, SOURCES[language].encode())


def test_the_error_for_a_grammar_of_another_version_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("tree_sitter_lua")
    for other.language in (tree_sitter_json.language, lambda: 0):
        grammar.tools.cache_clear()
        monkeypatch.setitem(sys.modules, "tree_sitter_lua", other)
        with pytest.raises(GrammarError, match=r"tree_sitter_lua has an incompatible version"):
            literals("lua", b'x = "text"')


def test_the_error_crosses_from_the_process_that_reads() -> None:
    error = GrammarError("lua", "tree_sitter_lua cannot be imported")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
