"""Find what the routes of a file are below: the annotation of their class, the group that they are added to, or the
prefix of the call around them. Also routes that an entry of a table declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from supervisor.domain.link import Literal
from supervisor.regex import regex
from supervisor.wire.source.context import Surroundings

ABOVE = 400  # bytes above a class that may hold its annotations
AROUND = 240  # bytes around an entry of a table
DEEP = 40

_MARKS = (b"@RequestMapping", b"@Controller(", b"[Route(", b"@Path(", b"Route::", b"@JsonController(", b"$routes->")
_GROUPED = (
    b"roup(",
    b"ubrouter(",
    b"APIRouter(",
    b"Blueprint(",
    b"basePath(",
    b"PathPrefix(",
    b".use(",
    b"include_router(",
)
_CLASSES = ("class_declaration", "class_definition", "interface_declaration", "object_declaration", "class")
_ANNOTATED = regex(
    rb"""(?:@RequestMapping|@Controller|@JsonController|@Path|\[Route)\(\s*(?:(?:value|path)\s*[=:]\s*)?[\[{]?\s*["']([^"'\n]{0,120})["']"""
)
_BARE = regex(
    rb"""@(Get|Post|Put|Patch|Delete)(?:Mapping)?(?:\(\s*\)|(?!\w|\s*\())
      | \[Http(Get|Post|Put|Patch|Delete)\]""",
    re.X | re.M,
)
_CLASS = regex(rb"\bclass\s+(\w+)")
_GROUP = regex(
    rb"""\b(\w+)\s*(?::=|=)\s*(?:await\s+)?(\w+)\.(?:Group|group|Route|route|MapGroup|basePath|PathPrefix)\(\s*["'`](/[^"'`\n]{0,120})["'`]"""
)
_MADE = regex(
    rb"""\b(\w+)\s*=\s*(?:\w+\.)?(?:APIRouter|Blueprint|Router)\([^()]{0,120}\b(?:url_)?prefix\s*[=:]\s*["'](/[^"'\n]{0,120})["']"""
)
_MOUNTED = regex(
    rb"""\.(?:use|route|mount|Mount|register)\(\s*["'`](/[^"'`\n]{1,120})["'`]\s*,\s*(\w+)\s*\)"""
    rb"""|\.(?:include_router|register_blueprint)\(\s*(\w+)\s*,[^()]{0,80}prefix\s*=\s*["'](/[^"'\n]{1,120})["']"""
)
_GROUPS = regex(r"(?:group|route|prefix|basepath)$", re.I)
_INCLUDED = regex(rb"\s*,\s*include\(")
_BLOCK = regex(rb"""\broute\(\s*"(/[^"\n]{1,120})"\s*\)\s*$""")
_PREFIXED = regex(rb"""(?:\bprefix\(\s*|["']prefix["']\s*=>\s*)["']([^"'\n]{0,120})["']""")
_VERB = regex(rb"""\b(?:verb|methods?|type)["']?\s*(?:=>|:|=)\s*[\[(]?\s*["']?(GET|POST|PUT|PATCH|DELETE)\b""", re.I)
_HANDLER = regex(
    rb"""\b(?:verb|handler|handle|controller|action|name|component|operation|uses|fn|func|view)["']?\s*(?:=>|:|=)""",
    re.I,
)
_ENTRY = regex(rb"""\b(?:url|path|uri|route|pattern)["']?\s*(?:=>|:)\s*$""", re.I)


class Scopes:
    """The scopes of the routes of one file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self.everywhere = any(mark in source for mark in _MARKS)
        """Whether a string that does not look like a path may be a route: `@Get("rides")`."""
        self._blocks = b'route("/' in source
        self._groups, self._roots = self._variables() if any(mark in source for mark in _GROUPED) else ({}, set())

    def add(self, node: Node, found: Surroundings) -> None:
        """Add to the surroundings of a literal what its route is below, or that it is an entry of a table."""
        if (self.everywhere or self._blocks) and (above := self._above(node)):
            found.within = above + found.within
        if found.call.endswith("path") and _INCLUDED.match(self._source, node.end_byte):
            found.call = "include_router"  # Django's way to mount
        receiver = found.call.rpartition(".")[0].rpartition(".")[2]
        if receiver in self._groups:
            found.within = self._groups[receiver] + found.within
        elif receiver in self._roots and not found.within and not _GROUPS.search(found.call):
            found.within = "/"
        if not found.method:
            self._in_entry(node, found)

    def bare(self) -> Iterator[Literal]:
        """Yield the routes of methods whose annotation has no path: theirs is the path of the class."""
        if not self.everywhere:
            return
        classes = list(_ANNOTATED.finditer(self._source))
        for number, match in enumerate(classes):
            end = classes[number + 1].start() if number + 1 < len(classes) else len(self._source)
            declared = _CLASS.search(self._source, match.end(), match.end() + ABOVE)
            if declared is None:
                continue  # the annotation of a method
            line = self._source.count(b"\n", 0, match.start(1)) + 1
            path = _path(match[1], declared[1])
            for verb in {
                (one[1] or one[2]).decode().upper() for one in _BARE.finditer(self._source, declared.end(), end)
            }:
                yield Literal(path, line, call=f"routes.{verb.lower()}", handled=True, method=verb, within="/")

    def _above(self, node: Node) -> str:
        child, parent = node, node.parent
        above = ""
        for _ in range(DEEP):
            if parent is None:
                break
            if parent.type in _CLASSES and child.type.endswith(("body", "declaration_list")):
                start = max(0, parent.start_byte - ABOVE)
                head = self._source[start : child.start_byte]
                before = max(
                    head.rfind(b";", 0, parent.start_byte - start), head.rfind(b"\n}", 0, parent.start_byte - start)
                )
                if found := _ANNOTATED.search(head, before + 1):
                    declared = _CLASS.search(head, found.end())
                    above = _path(found[1], declared[1] if declared else b"")
                break
            if parent.type in ("arguments", "argument_list") and child.type == "argument":
                above = self._prefix(parent, child) + above
            if parent.type == "call_expression" and child.type in ("annotated_lambda", "call_suffix"):
                block = _BLOCK.search(self._source[max(parent.start_byte, child.start_byte - ABOVE) : child.start_byte])
                above = (_path(block[1], b"") if block else "") + above
            child, parent = parent, parent.parent
        return above

    def _prefix(self, arguments: Node, child: Node) -> str:
        """The prefix of a group of Laravel: `Route::prefix("v1")->group(`, `Route::group(["prefix" => "v1"], `."""
        call = arguments.parent
        if call is None or not self._source[call.start_byte : arguments.start_byte].rstrip().endswith(b"group"):
            return ""
        found = _PREFIXED.search(self._source, call.start_byte, min(child.start_byte, call.start_byte + ABOVE))
        return _path(found[1], b"") if found else ""

    def _variables(self) -> tuple[dict[str, str], set[str]]:
        groups: dict[str, str] = {}
        roots: set[str] = set()
        for match in _GROUP.finditer(self._source):
            name, on, path = (one.decode("utf-8", "replace") for one in match.groups())
            if on not in groups:
                roots.add(on)
            groups[name] = groups.get(on, "") + path.rstrip("/")
        for match in _MADE.finditer(self._source):
            groups[match[1].decode("utf-8", "replace")] = match[2].decode("utf-8", "replace")
        for match in _MOUNTED.finditer(self._source):
            name = (match[2] or match[3]).decode("utf-8", "replace")
            groups[name] = (match[1] or match[4]).decode("utf-8", "replace") + groups.get(name, "")
        return groups, roots - groups.keys()

    def _in_entry(self, node: Node, found: Surroundings) -> None:
        """Recognise `{method: "GET", path: "/v1/rides", handler: h}`; without a handler it is a request."""
        start, end = node.start_byte, node.end_byte
        if not _ENTRY.search(self._source, max(0, start - 40), start):
            return
        before = self._source[max(0, start - AROUND) : start]
        opens = max(before.rfind(b"["), before.rfind(b"{"), before.rfind(b"("))
        behind = self._source[end : end + AROUND]
        shuts = min(
            (at for at in (behind.find(b"]"), behind.find(b"}"), behind.find(b")")) if at >= 0), default=len(behind)
        )
        entry = before[opens + 1 :] + behind[: shuts + 1]
        if verb := _VERB.search(entry):
            found.method, found.handled = verb[1].decode().upper(), _HANDLER.search(entry) is not None
            found.at = max(1, found.at)


def _path(path: bytes, name: bytes) -> str:
    text = path.decode("utf-8", "replace").strip("/")
    own = name.decode("utf-8", "replace")
    text = text.replace("[controller]", own.removesuffix("Controller").lower())
    return f"/{text}" if text else ""
