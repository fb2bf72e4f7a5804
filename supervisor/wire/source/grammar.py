"""Tree-sitter's grammars, and for each language a query that finds the nodes with literals and names of data.

Each grammar is a package of its own. It is loaded when its language is first read.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from types import ModuleType

from tree_sitter import Language, Node, Parser, Query, QueryCursor

from supervisor.errors import GrammarError
from supervisor.regex import regex

_PACKAGES = {
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "php": ("tree_sitter_php", "language_php"),
}
"""Package and function of a grammar, if they are not `tree_sitter_LANGUAGE` and `language`."""

_JS = """
(string) @string (template_string) @string (number) @number
(pair key: (property_identifier) @field)
(shorthand_property_identifier) @field (shorthand_property_identifier_pattern) @member
(member_expression property: (property_identifier) @member)
(import_specifier name: (identifier) @type) (import_statement source: (string) @import)
(export_statement source: (string) @import)
(call_expression function: (identifier) @_require arguments: (arguments . (string) @import) (#eq? @_require "require"))
"""
_TS = (
    _JS
    + """
(enum_body (property_identifier) @enum) (enum_assignment name: (property_identifier) @enum)
(property_signature name: (property_identifier) @field) (public_field_definition name: (property_identifier) @field)
(type_identifier) @type
"""
)
_C = """
(string_literal) @string (concatenated_string) @string (number_literal) @number
(enumerator name: (identifier) @enum) (preproc_def) @define ((type_identifier) @type (#match? @type "[A-Z]"))
"""

_QUERIES = {
    "python": """
(string) @string (integer) @number (float) @number
(class_definition body: (block (expression_statement (assignment left: (identifier) @field type: (_)))))
(class_definition superclasses: (argument_list [(identifier) (attribute)] @_enum)
  body: (block (expression_statement (assignment left: (identifier) @enum))) (#match? @_enum "(Enum|Flag)$"))
(attribute attribute: (identifier) @member)
(typed_default_parameter name: (identifier) @parameter value: (call))
(import_from_statement name: (dotted_name) @type) (class_definition name: (identifier) @type)
(import_statement name: (dotted_name) @import) (import_from_statement module_name: (dotted_name) @import)
""",
    "javascript": _JS,
    "typescript": _TS,
    "tsx": _TS,
    "go": """
(interpreted_string_literal) @string (raw_string_literal) @string (int_literal) @number
(field_declaration tag: (raw_string_literal) @tag)
(qualified_type name: (type_identifier) @type) (type_spec name: (type_identifier) @type)
(import_spec path: (interpreted_string_literal) @import)
""",
    "rust": """
(string_literal) @string (raw_string_literal) @string (integer_literal) @number
(struct_item body: (field_declaration_list (field_declaration name: (field_identifier) @field)))
(enum_variant name: (identifier) @enum) (type_identifier) @type
""",
    "java": """
(enum_constant name: (identifier) @enum)
(string_literal) @string (decimal_integer_literal) @number
(field_declaration declarator: (variable_declarator name: (identifier) @field))
(record_declaration parameters: (formal_parameters (formal_parameter name: (identifier) @field)))
(import_declaration (scoped_identifier name: (identifier) @type)) (type_identifier) @type
""",
    "kotlin": """
(string_literal) @string (multiline_string_literal) @string
((number_literal) @number (#match? @number "^[0-9_]+[uUL]*$"))
(class_parameter (identifier) @field . ":") (enum_entry . (identifier) @enum)
(user_type (identifier) @type) (class_declaration name: (identifier) @type)
(object_declaration name: (identifier) @type) (type_alias type: (identifier) @type)
(navigation_expression . (identifier) @type . "::")
(binary_expression left: (binary_expression "<" right: (identifier) @type) ">"
  right: [(parenthesized_expression) (lambda_literal)])
""",
    "swift": """
(line_string_literal) @string (multi_line_string_literal) @string (integer_literal) @number
(class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @field)))
(enum_entry (simple_identifier) @enum) (type_identifier) @type
""",
    "c": _C,
    "cpp": _C + "(raw_string_literal) @string",
    "csharp": """
(string_literal) @string (interpolated_string_expression) @string (verbatim_string_literal) @string
(integer_literal) @number (property_declaration name: (identifier) @field)
(record_declaration (parameter_list (parameter name: (identifier) @field)))
(class_declaration name: (identifier) @type) (record_declaration name: (identifier) @type)
(enum_member_declaration name: (identifier) @enum)
""",
    "ruby": """
(string) @string (simple_symbol) @string (hash_key_symbol) @field (integer) @number
(constant) @type
""",
    "php": """
(encapsed_string) @string (string) @string (integer) @number (property_element (variable_name (name) @field))
((class_declaration name: (name) @_parameter body: (declaration_list (method_declaration
  (visibility_modifier) @_public parameters: (formal_parameters (simple_parameter
    type: [(primitive_type) (optional_type (primitive_type))] name: (variable_name (name) @parameter))))))
  (#match? @_parameter "Controller$") (#eq? @_public "public"))
""",
    "dart": """
(string_literal) @string (decimal_integer_literal) @number
""",
    "elixir": """
(string) @string (integer) @number (atom) @string (pair key: (keyword) @field) (alias) @type
""",
    "scala": "(string) @string (interpolated_string) @string (integer_literal) @number",
    "lua": "(string) @string (number) @number (field name: (identifier) @field)",
    "bash": """
(string) @string (raw_string) @string (variable_assignment name: (variable_name) @env)
(simple_expansion (variable_name) @env) (expansion (variable_name) @env) (word) @string
""",
    "hcl": """
(string_lit) @string (quoted_template) @string (numeric_lit) @number
(object_elem key: (expression (variable_expr (identifier) @env)))
""",
    "yaml": """
(block_mapping_pair key: (flow_node) @key) (flow_pair key: (flow_node) @key)
(plain_scalar) @scalar (double_quote_scalar) @scalar (single_quote_scalar) @scalar
(block_mapping_pair) @pair (flow_pair) @pair
""",
    "json": "(pair key: (string) @key) (string) @scalar (number) @scalar (pair) @pair",
}


_NOT_KEYWORDS = {
    "kotlin": regex(
        rb"""^([ \t]*)(in(?=\d)|open(?=\s*[=.(])|get(?=\s*[<{]|\(\s*[^\s)])|set(?=\s*=|\(\s*["'\d]))""", re.M
    ),
}
"""Names at the start of a line that a grammar mistakes for keywords, such as `get("/rides") {` below a property."""


def languages() -> frozenset[str]:
    """The languages that have a grammar. Others are read by `plain`."""
    return frozenset(_QUERIES)


def imported(package: str, language: str) -> ModuleType:
    """Import the package that reads a language. Raises GrammarError if it is missing or broken."""
    try:
        return import_module(package)
    except ImportError as error:
        raise GrammarError(language, f"{package} cannot be imported ({error})") from error


@cache
def tools(language: str) -> tuple[Parser, Query]:
    """The parser of a language and the query for its nodes of interest, made once. Raises GrammarError."""
    package, function = _PACKAGES.get(language, (f"tree_sitter_{language}", "language"))
    module = imported(package, language)
    try:
        grammar = Language(getattr(module, function)())
        return Parser(grammar), Query(grammar, _QUERIES[language])
    except (AttributeError, ValueError) as error:  # another version, with another function, ABI or node
        raise GrammarError(language, f"{package} has an incompatible version ({error})") from error


def captures(language: str, source: bytes) -> dict[str, list[Node]]:
    """Find the nodes of interest, by capture name, in the order of the source. Raises GrammarError."""
    parser, query = tools(language)
    if not_keywords := _NOT_KEYWORDS.get(language):
        source = not_keywords.sub(lambda name: name[1] + b"_" + name[2][1:], source)  # keeps all positions
    found = QueryCursor(query).captures(parser.parse(source).root_node)
    for nodes in found.values():
        nodes.sort(key=_start)
    return found


def _start(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte  # of two nodes that begin together, the outer one comes first
