"""Types of declared fields, read and normalized."""

from __future__ import annotations

import pytest

from supervisor.core.map.mention.mentions import mentions
from supervisor.core.map.mention.types import type_name
from supervisor.domain.link import Kind
from supervisor.wire.source.read import literals


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ""),
        ("str", "string"),
        ("string | null", "string"),
        ("'on' | 'off'", "string"),
        ("&'static str", "string"),
        ("Optional[int]", "integer"),
        ("Option<Vec<u8>>", "list of integer"),
        ("int | None", "integer"),
        ("*int64", "integer"),
        ("number", "number"),
        ("BigDecimal", "number"),
        ("Bool!", "boolean"),
        ("[]string", "list of string"),
        ("string[]", "list of string"),
        ("[Scooter!]!", "list of other"),
        ("repeated uint32", "list of integer"),
        ("list", "list"),
        ("[String: Int]", "object"),
        ("map[string]any", "object"),
        ("Record<string, boolean>", "object"),
        ("{", "object"),
        ("datetime.datetime", "other"),
        ("int | str", "other"),
        ("[" * 50, "other"),
    ],
)
def test_types_of_all_languages_have_the_same_names(written: str, expected: str) -> None:
    assert type_name(written) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("go", 'package a\ntype A struct {\n\tRetryAfter *int64 `json:"retry_after"`\n}\n', "integer"),
        ("typescript", "interface A { retry_after?: string | null; }", "string"),
        ("typescript", "class A { retryAfter: number = 3; }", "number"),
        ("python", "class A(BaseModel):\n    retry_after: int | None = Field(ge=0)\n", "integer"),
        ("python", "@dataclass\nclass A:\n    retry_after: list[str]\n", "list of string"),
        ("kotlin", "data class A(val retryAfter: Long?, val b: Int)", "integer"),
        ("swift", "struct A: Codable {\n  let retryAfter: [String]\n}", "list of string"),
        ("rust", "#[derive(Serialize)]\npub struct A {\n    pub retry_after: Option<u32>,\n}", "integer"),
        ("java", "class A { private final List<String> retryAfter; }", "list of string"),
        ("java", "record A(boolean retryAfter) {}", "boolean"),
        ("csharp", "class A { public required int? RetryAfter { get; set; } }", "integer"),
        ("proto", 'syntax = "proto3";\nmessage A {\n  repeated string retry_after = 1;\n}', "list of string"),
        ("graphql", "type A {\n  retryAfter(unit: String): [Int!]!\n}", "list of integer"),
        ("json", '{"properties": {"retry_after": {"type": "integer"}}}', "integer"),
        (
            "yaml",
            "properties:\n  retry_after:\n    description: when\n    type: string\n  b:\n    type: integer\n",
            "string",
        ),
        ("yaml", "properties:\n  retry_after:\n    $ref: x\n  b:\n    type: integer\n", ""),
        ("typescript", "const a = { retry_after: limit };", ""),
    ],
)
def test_a_field_has_the_type_of_its_declaration(language: str, source: str, expected: str) -> None:
    found = mentions(literals(language, source.encode()), language)

    assert [one.type for one in found if one.kind is Kind.KEY and one.name == "retryafter"] == [expected]
