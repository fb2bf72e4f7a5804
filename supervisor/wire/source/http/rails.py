"""Read the routes of Rails: those that `resources`, `namespace`, `scope`, `member` and `collection` make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from supervisor.domain.link import Literal
from supervisor.regex import regex

MARK = b".routes.draw"
DEEPEST = 30  # nested blocks

_CALL = regex(
    r"^\s*(resources|resource|namespace|scope|member|collection|get|post|put|patch|delete|match)\b[ (]*"
    r"(?:[\"'](?P<text>[^\"']*)[\"']|:(?P<symbol>\w+)\b(?!:))?(?P<rest>.*)$"
)
_OPENS = regex(r"(?:\bdo\b(?:\s*\|[^|]*\|)?|\{)\s*$|^\s*(?:if|unless|case|begin)\b")
_ENDS = regex(r"^\s*(?:end\b|\})")
_NAMES = regex(r":(\w+)|\b(\w+)(?=[\s\]])")
_OPTION = r"\b{}:\s*[:\"']?([\w/:\-]*)"
_LISTED = r"\b{}:\s*(?:%i)?(\[[^\]]*\]|:\w+)"
_ACTIONS = {
    "index": ("GET", ""),
    "create": ("POST", ""),
    "show": ("GET", "/:id"),
    "update": ("PATCH", "/:id"),
    "destroy": ("DELETE", "/:id"),
}


class _Block(NamedTuple):
    """A block that is open."""

    path: str  # before each route in it
    member: str = ""  # the path of one resource, if it is a block of resources
    collection: str = ""  # and of all


def literals(source: bytes) -> Iterator[Literal]:
    """Yield the routes of a file, each at the line that declares it."""
    blocks = [_Block("")]
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        line = line.partition(" #")[0]
        if _ENDS.match(line):
            blocks = blocks[:-1] or [_Block("")]
            continue
        inner = blocks[-1]
        if match := _CALL.match(line):
            for verb, path in _routes(match, inner):
                yield Literal(_clean(path), number, call=f"routes.{verb.lower()}", handled=True, method=verb)
            inner = _inner(match, inner)
        if _OPENS.search(line) and len(blocks) < DEEPEST:
            blocks.append(inner)


def _routes(match: re.Match[str], block: _Block) -> Iterator[tuple[str, str]]:
    call, name, rest = match[1], match["text"] or match["symbol"] or "", match["rest"]
    if call in ("resources", "resource"):
        only, without = _listed("only", rest), _listed("except", rest)
        base = block.path + "/" + (_option("path", rest) or name)
        for action, (verb, tail) in _ACTIONS.items():
            if (only is None or action in only) and action not in (without or ()):
                if call == "resources":
                    yield verb, base + tail
                elif action != "index":
                    yield verb, base
    elif call in ("get", "post", "put", "patch", "delete", "match") and name:
        above = block.path
        if "on: :collection" in rest or "on: :member" in rest:
            above = block.collection if "collection" in rest else block.member
        for verb in _listed("via", rest) or ["get"] if call == "match" else [call]:
            yield verb.upper(), f"{above}/{name}"


def _inner(match: re.Match[str], block: _Block) -> _Block:
    call, name, rest = match[1], match["text"] or match["symbol"] or "", match["rest"]
    match call:
        case "resources" | "resource":
            base = block.path + "/" + (_option("path", rest) or name)
            one = f"{base}/:{name.removesuffix('s')}_id" if call == "resources" else base
            return _Block(one, f"{base}/:id" if call == "resources" else base, base)
        case "namespace":
            return _Block(block.path + "/" + (_option("path", rest) or name))
        case "scope":
            path = _option("path", match[0]) or name  # `scope module: "x"` has no name, so no path
            return _Block(f"{block.path}/{path}" if path else block.path)
        case "member":
            return _Block(block.member or block.path)
        case "collection":
            return _Block(block.collection or block.path)
    return block


def _option(name: str, text: str) -> str:
    match = re.search(_OPTION.format(name), text)
    return match[1] if match else ""


def _listed(name: str, text: str) -> list[str] | None:
    match = re.search(_LISTED.format(name), text)
    return [one or other for one, other in _NAMES.findall(f"{match[1]} ")] if match else None


def _clean(path: str) -> str:
    """The path without its optional parts, such as `(.:format)`."""
    return re.sub(r"//+", "/", re.sub(r"\([^()]*\)", "", path)).rstrip("/") or "/"
