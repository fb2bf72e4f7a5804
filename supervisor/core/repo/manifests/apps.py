"""Read files that say where an app starts: Android manifests, manifests of browser extensions, Procfiles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from supervisor.core.repo.commands import LENGTH, purpose_of_name, quote
from supervisor.core.repo.manifests.common import NAME, TEXT, Reader, fact, line_at
from supervisor.core.repo.structured import Malformed, entries, read_json, table, text_of
from supervisor.domain.repo.facts import Fact, Manifest, Script
from supervisor.regex import regex

FILTERS = 8000
"""Characters of what lies inside one activity."""

_APPLICATION = regex(r"<application\b([^>]{0,4000})>")
_ACTIVITY = regex(r"<(?:activity|activity-alias)\b([^>]{0,4000}?)(/?)>")
_CLASS = regex(r"android:(name|targetActivity)\s*=\s*\"([\w.$]{1,200})\"")
_LAUNCHED = "android.intent.category.LAUNCHER"


def _android(name: str, kind: str, content: bytes) -> Manifest:
    text = _without_comments(content[:TEXT].decode("utf-8", "replace"))
    facts = []
    if package := re.search(r"<manifest\b[^>]{0,2000}?\bpackage\s*=\s*\"([\w.]{1,200})\"", text):
        facts.append(fact("package", package[1], line_at(text, package.start(1))))
    for application in _APPLICATION.finditer(text):
        if called := _CLASS.search(application[1]):
            facts.append(fact("application", called[2], line_at(text, application.start(1) + called.start())))
    for activity in _ACTIVITY.finditer(text):
        begin = end = activity.end()
        if not activity[2]:
            closed = text.find("</activity", begin, begin + FILTERS)
            end = closed if closed >= 0 else begin + FILTERS
        if _LAUNCHED in text[begin:end]:
            classes = {found[1]: found for found in _CLASS.finditer(activity[1])}
            if called := classes.get("targetActivity") or classes.get("name"):
                facts.append(fact("launcher", called[2], line_at(text, activity.start(1) + called.start())))
    return Manifest(name, kind, facts=tuple(facts))


def _without_comments(text: str) -> str:
    """Return the text with blanks in place of comments: the lines keep their numbers."""
    parts, at = [], 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin)) >= 0:
        parts += [text[at:begin], re.sub(r"[^\n]", " ", text[begin : end + 3])]
        at = end + 3
    return "".join([*parts, text[at:]])


def _extension(name: str, kind: str, content: bytes) -> Manifest:
    """Read the manifest of a browser extension, or a part that a build adds to one. Any other JSON yields nothing."""
    try:
        data = read_json(content)
    except Malformed:
        return Manifest(name, kind)
    parts = [key for key in ("background", "content_scripts", "browser_action", "action", "options_ui") if key in data]
    if "manifest_version" not in data and not set(parts) - {"action"}:
        return Manifest(name, kind)
    text = content.decode("utf-8", "replace")
    found = [Fact(part, quote(path, LENGTH), _line_of(text, path)) for part, path in _pages(data)]
    called = text_of(data.get("name"))
    return Manifest(
        name, kind, "" if called.startswith("__MSG_") else called, text_of(data.get("version")), facts=tuple(found)
    )


def _pages(data: dict[str, object]) -> Iterator[tuple[str, str]]:
    background = table(data.get("background"))
    for path in (background.get("service_worker"), *entries(background.get("scripts")), background.get("page")):
        yield from _page("background", path)
    for script in entries(data.get("content_scripts")):
        for path in entries(table(script).get("js")):
            yield from _page("content script", path)
    for part, keys in (
        ("popup", ("action", "browser_action", "page_action")),
        ("sidebar", ("side_panel", "sidebar_action")),
    ):
        for key in keys:
            about = table(data.get(key))
            yield from _page(
                part, about.get("default_popup") or about.get("default_path") or about.get("default_panel")
            )
    options = data.get("options_page") or table(data.get("options_ui")).get("page")
    yield from _page("options", options)


def _page(part: str, path: object) -> Iterator[tuple[str, str]]:
    if given := text_of(path).strip():
        yield part, re.sub(r"^(\.?/)+", "", given.partition("?")[0].partition("#")[0])


def _line_of(text: str, path: str) -> int:
    at = text.find(json.dumps(path)[1:-1])
    return line_at(text, at) if at >= 0 else 0


def _procfile(name: str, kind: str, content: bytes) -> Manifest:
    scripts = []
    for number, line in enumerate(content[: 8 << 10].decode("utf-8", "replace").splitlines(), 1):
        if match := re.match(r"([\w-]{1,60}):\s*(\S.*)", line):
            purpose = None if match[1] == "release" else purpose_of_name(match[1])
            scripts.append(Script(quote(match[1], NAME), quote(match[2], LENGTH), purpose, number))
    return Manifest(name, kind, scripts=tuple(scripts))


READERS: dict[str, tuple[str, Reader]] = {
    "AndroidManifest.xml": ("android", _android),
    "Procfile": ("procfile", _procfile),
}
PATTERNS: tuple[tuple[re.Pattern[str], str, Reader], ...] = (
    (regex(r"(?:[\w.]{1,40}-)*manifest(?:[-.]\w{1,40}){0,4}\.json"), "extension", _extension),
)
