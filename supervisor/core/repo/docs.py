"""The documents of a repo: what they are called and say first, the commands they name, and the rules they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from supervisor.core.repo.commands import LENGTH, purpose_of, quote, shell_lines
from supervisor.core.repo.documents import Piece, pieces, plain
from supervisor.core.repo.files import RepoFile, left_out
from supervisor.domain.repo.facts import (
    Docs,
    Document,
    DocumentedCommand,
    DocumentHeading,
    DocumentKind,
    Moment,
    Purpose,
    RepoRule,
)

DOCUMENTS = 40
"""Documents that are read; a repo with more has a manual, of which the first pages will do."""

DOCUMENT_LIMIT = 64 << 10
"""Bytes read of one document."""

CHANGELOG_LIMIT = 8 << 10
"""Bytes read of a changelog: the newest releases."""

TOTAL_LIMIT = 512 << 10
"""Bytes read of all documents: half a second's work, and eight of a hostile repo."""

HEADINGS = 40
COMMANDS = 40
RULES = 20  # of each moment
SUMMARY, RULE = 300, 220  # characters


def wanted(files: Sequence[RepoFile]) -> tuple[tuple[str, int], ...]:
    """The documents to read, each with the bytes to read of it at most."""
    found = sorted((rank, file.name, kind) for file in files for rank, kind in _ranked(file))
    chosen, total = [], 0
    sizes = {file.name: file.size for file in files}
    for _, name, kind in found[:DOCUMENTS]:
        limit = CHANGELOG_LIMIT if kind is DocumentKind.CHANGELOG else DOCUMENT_LIMIT
        total += min(limit, sizes[name])
        if total > TOTAL_LIMIT:
            break
        chosen.append((name, limit))
    return tuple(chosen)


def read_docs(files: Sequence[RepoFile], contents: Mapping[str, bytes], hooks: Sequence[RepoRule] = ()) -> Docs:
    """What the documents say, and after it what the `hooks` do.

    A file that is missing in `contents`, or cannot be understood, is told in `cut`.
    """
    documents, cut = [], []
    commands: dict[tuple[str, Purpose], DocumentedCommand] = {}
    rules: dict[tuple[str, Moment], RepoRule] = {}
    chosen = wanted(files)
    kinds = {file.name: kind for file in files for _, kind in _ranked(file)}
    sizes = {file.name: file.size for file in files}
    for name, limit in chosen:
        content = contents.get(name)
        if content is None:
            cut.append(f"{name} could not be read")
            continue
        parts = pieces(name, content.decode("utf-8", "replace"))
        kind = kinds[name]
        if isinstance(parts, str):
            documents.append(Document(name, kind, "", ()))
            cut.append(f"{name} was not understood ({parts})")
            continue
        documents.append(_document(name, kind, parts))
        if kind is not DocumentKind.CHANGELOG:
            if sizes[name] > limit:
                cut.append(f"of {name} only the first {limit >> 10} KiB were read")
            for command in _commands(name, parts):
                commands.setdefault((command.text, command.purpose), command)
            for rule in _rules(name, kind, parts):
                rules.setdefault((rule.text, rule.before), rule)
    if len(kinds) > len(chosen):
        cut.append(f"{len(kinds) - len(chosen)} more documents were not read")
    kept, more = _bounded(list(commands.values()), [*rules.values(), *hooks])
    return Docs(tuple(documents), tuple(kept), tuple(more), tuple(cut))


_README, _AGENTS, _OTHER = DocumentKind.README, DocumentKind.AGENTS, DocumentKind.OTHER
_NAMES = (
    (re.compile(r"(agents|claude|gemini|copilot-instructions|codex|\.cursorrules)(\.override)?$"), _AGENTS),
    (re.compile(r"readme([._-].{0,20})?$"), _README),
    (
        re.compile(r"(contributing|development|developing|developers?|hacking|building|contribute|commit)$"),
        DocumentKind.CONTRIBUTING,
    ),
    (
        re.compile(r"(pull_request_template|code_style|styleguide|coding[_-]?(style|guidelines))$"),
        DocumentKind.CONTRIBUTING,
    ),
    (re.compile(r"(architecture|design|overview|internals|arch)$"), DocumentKind.ARCHITECTURE),
    (re.compile(r"(changelog|changes|history|news|release[-_]?notes|whatsnew)$"), DocumentKind.CHANGELOG),
    (
        re.compile(r"(releas(e|es|ing)|release[-_ ]?(process|guide|checklist|howto)|publishing|maintain(ing|ers?))$"),
        DocumentKind.RELEASE,
    ),
)
_ORDER = tuple(DocumentKind)
_TEXTS = frozenset(("md", "markdown", "mdx", "rst", "txt", "adoc", "asciidoc", ""))
_ELSEWHERE = re.compile(
    r"(^|/)(tests?|fixtures?|testdata|examples?|samples?|templates?|skills?|prompts?|i18n|locales?)/", re.I
)
_TRANSLATED = re.compile(
    r"[._-](zh|cn|ja|jp|ko|kr|ru|de|fr|es|pt|br|it|tr|vi|pl|uk|id|ar|fa|zh[-_]?\w+|pt[-_]br)$", re.I
)
_GUIDES = ("docs/", "doc/", "documentation/", ".github/")


def _ranked(file: RepoFile) -> Iterator[tuple[tuple[int, int, str], DocumentKind]]:
    """Where the document stands in the order of reading, and its kind; nothing for what is none."""
    if left_out(file.name) is not None:
        return
    base = file.name.lower().rpartition("/")[2]
    stem, _, ending = base.rpartition(".") if "." in base[1:] else (base, "", "")
    if ending not in _TEXTS or _TRANSLATED.search(stem):
        return
    depth = file.name.count("/")
    guide = file.name.lower().startswith(_GUIDES)
    kind = next((kind for pattern, kind in _NAMES if pattern.fullmatch(stem)), None)
    if kind is None and guide and ending not in ("txt", "") and depth <= 2:
        kind = _OTHER
    if kind is None and not depth and ending in ("md", "markdown", "rst", "adoc"):
        kind = _OTHER
    if kind is None or (depth and _ELSEWHERE.search(file.name)) or depth > 4:
        return
    if stem in (
        "license",
        "licence",
        "copying",
        "code_of_conduct",
        "security",
        "authors",
        "contributors",
        "notice",
        "support",
    ):
        return
    if kind not in (_README, _AGENTS) and depth > 1 and not guide:
        return
    deep = depth if not guide or kind is _OTHER else min(depth, 1)
    yield (deep + (10 if kind is _OTHER else 0), _ORDER.index(kind), file.name), kind


def _document(name: str, kind: DocumentKind, parts: Sequence[Piece]) -> Document:
    said = [part for part in parts if part.kind == "heading"]
    headings = [DocumentHeading(text, part.level, part.line) for part in said if (text := quote(plain(part.text), 100))]
    prose = (quote(plain(part.text), SUMMARY) for part in parts[:60] if part.kind == "prose")
    summary = "" if kind is DocumentKind.CHANGELOG else next((text for text in prose if _is_summary(text)), "")
    return Document(name, kind, summary, tuple(headings[:HEADINGS]), max(0, len(headings) - HEADINGS))


def _is_summary(text: str) -> bool:
    """Whether it is a sentence, and not a row of badges, links or languages."""
    return len(text) >= 20 and text.count(" ") >= 3 and sum(char.isalpha() for char in text) > 0.6 * len(text)


_SHELLS = (
    "",
    *("sh", "bash", "shell", "console", "zsh", "fish", "terminal", "text", "cmd", "powershell", "shell-session"),
)
_SPANS = re.compile(r"(`{1,2})([^`\n]{3,200})\1")
_RUN = re.compile(r"\b(run(ning)?|use|execute|call|type|with|is)\b", re.IGNORECASE)
_FILE = re.compile(r"\S*\.\w{1,5}")


def _commands(name: str, parts: Sequence[Piece]) -> Iterator[DocumentedCommand]:
    for part in parts:
        if part.kind == "code" and part.note in _SHELLS:
            texts = shell_lines(part.text, part.line)
        elif part.kind in ("prose", "item"):
            texts = _spans(part)
        else:
            continue
        for text, line in texts:
            purpose = purpose_of(text)
            if purpose is not None and len(text) <= 2 * LENGTH and not text.endswith(("`", ":")):
                yield DocumentedCommand(quote(text, LENGTH), purpose, name, line)


def _spans(part: Piece) -> Iterator[tuple[str, int]]:
    """The code in a sentence. A word alone is a name (`pytest`), unless the sentence says to run it; never a file's."""
    runs = _RUN.search(part.text[:2000]) is not None
    for span in _SPANS.finditer(part.text[:20_000]):
        text = span[2].strip()
        if " " in text or (runs and (text.startswith("./") or not _FILE.fullmatch(text))):
            yield text, part.line + part.text.count("\n", 0, span.start())


_SENTENCE = re.compile(r"(?<=[.!?:;])\s+(?=[\"'`*A-Z(])|\n\s*\n")
_MODAL = (
    r"must|shall|should|need(s|ed)? to|have to|has to|make sure|ensure|do not|don'?t|please|required"
    r"|requires|remember|before|prior to|expected"
)
_IMPERATIVE = (
    r"always|never|only|run|add|update|include|check|bump|sign|squash|rebase|write|keep|avoid|use|create|commit|push"
    r"|tag|merge"
)
_OBLIGED = re.compile(rf"\b({_MODAL})\b|^({_IMPERATIVE})\b", re.IGNORECASE)
_COMMIT = re.compile(
    r"\b(before|prior to|when|each|every|all|your|in|open(ing)?|submit(ting)?|creat(e|ing)|send(ing)?|for|a|the|any"
    r"|to|and|don'?t|not|never|until)\b[^.\n]{0,40}"
    r"\b(commit(s|ting|ted)?|push(ing)?|pull[- ]requests?|PRs?|merge requests?|merg(e|ed|ing))\b"
    r"|\b(change[- ]?log|changeset|news ?fragment|release notes?|CHANGES(\.\w+)?|HISTORY(\.\w+)?)\b",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    r"\b(before|prior to|when|each|every|for|a|new|after)\b[^.\n]{0,30}"
    r"\b(releas(e|es|ing)|publish(ing)?|tag(ging)?|deploy(ing)?)\b",
    re.IGNORECASE,
)
_COMMITTING = re.compile(
    r"commit|pull request|\bPRs?\b|submit|before you|checklist|merge|contribut|coding (style|standard)|must|rules|"
    r"conventions|definition of done|boundar|guidelines|do not|don'?t|never|always",
    re.IGNORECASE,
)
_RELEASING = re.compile(
    r"^(?!.*\b(notes|history|cycle|schedule)\b).*\b(releas(e|ing)|publish|cut(ting)? a)", re.IGNORECASE
)


def _rules(name: str, kind: DocumentKind, parts: Sequence[Piece]) -> Iterator[RepoRule]:
    """Sentences that say what has to be done; below a heading about it, every step counts."""
    if kind in (DocumentKind.OTHER, DocumentKind.ARCHITECTURE):
        return
    headings: list[tuple[int, str]] = []
    template = "pull_request_template" in name.lower()
    for part in parts:
        if part.kind == "heading":
            headings = [one for one in headings if one[0] < part.level] + [(part.level, plain(part.text))]
        if part.kind not in ("prose", "item"):
            continue
        below = " / ".join(text for _, text in headings)
        step = part.kind == "item"
        releasing = step and (kind is DocumentKind.RELEASE or _RELEASING.search(below) is not None)
        committing = step and kind is not _README and _COMMITTING.search(below) is not None
        for text, line in _sentences(part):
            words = plain(text)
            if not 12 <= len(words) <= 2 * RULE or "?" in words:
                continue
            obliged = _OBLIGED.search(words) is not None
            runs = any(purpose_of(span[2]) is not None for span in _SPANS.finditer(text))
            before = None
            if (releasing and (obliged or runs)) or (obliged and _RELEASE.search(words)):
                before = Moment.RELEASE
            elif (template and step) or (obliged and (committing or _COMMIT.search(words))):
                before = Moment.COMMIT
            if before is not None:
                yield RepoRule(quote(re.sub(r"^\[[ xX]\]\s*", "", words), RULE), before, name, line)


def _sentences(part: Piece) -> Iterator[tuple[str, int]]:
    text, at = part.text[:8000], 0
    for end in chain((match.span() for match in _SENTENCE.finditer(text)), [(len(text), len(text))]):
        sentence = text[at : end[0]]
        skipped = len(sentence) - len(sentence.lstrip())
        yield sentence.strip(), part.line + text.count("\n", 0, at + skipped)
        at = end[1]


def _bounded(
    commands: list[DocumentedCommand], rules: list[RepoRule]
) -> tuple[list[DocumentedCommand], list[RepoRule]]:
    """As many as are told: of each purpose a fair share, in the order of the documents."""
    share = COMMANDS // len(Purpose) + 2
    kept: list[DocumentedCommand] = []
    for purpose in Purpose:
        kept += [command for command in commands if command.purpose is purpose][:share]
    return kept, [rule for moment in Moment for rule in [one for one in rules if one.before is moment][:RULES]]
