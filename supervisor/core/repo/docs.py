"""Read the documents of a repo: their names and first paragraphs, the commands they name, the rules they set."""

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
"""Documents that are read. A repo with more has a manual, whose first pages are enough."""

DOCUMENT_LIMIT = 64 << 10
"""Bytes read of each document."""

CHANGELOG_LIMIT = 8 << 10
"""Bytes read of a changelog: the newest releases."""

TOTAL_LIMIT = 512 << 10
"""Bytes read of all documents together: they take half a second, and eight seconds in a hostile repo."""

HEADINGS = 40
COMMANDS = 40
RULES = 20  # for each moment
SUMMARY, RULE = 300, 220  # characters


def wanted(files: Sequence[RepoFile]) -> tuple[tuple[str, int], ...]:
    """Return the documents to read, each with its limit in bytes."""
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
    """Describe the documents. Rules of `hooks` come after theirs.

    `Docs.cut` names files that are missing in `contents` or cannot be parsed.
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
            cut.append(f"{name} could not be parsed ({parts})")
            continue
        documents.append(_document(name, kind, parts))
        if kind is not DocumentKind.CHANGELOG:
            if sizes[name] > limit:
                cut.append(f"only the first {limit >> 10} KiB of {name} were read")
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
_OTHER_FOLDERS = re.compile(
    r"(^|/)(tests?|fixtures?|testdata|examples?|samples?|templates?|skills?|prompts?|i18n|locales?)/", re.I
)
_TRANSLATED = re.compile(
    r"[._-](zh|cn|ja|jp|ko|kr|ru|de|fr|es|pt|br|it|tr|vi|pl|uk|id|ar|fa|zh[-_]?\w+|pt[-_]br)$", re.I
)
_GUIDES = ("docs/", "doc/", "documentation/", ".github/")


def _ranked(file: RepoFile) -> Iterator[tuple[tuple[int, int, str], DocumentKind]]:
    """Yield the document's rank in reading order, and its kind; nothing if the file is not a document."""
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
    if kind is None or (depth and _OTHER_FOLDERS.search(file.name)) or depth > 4:
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
    headings = [
        DocumentHeading(text, part.level, part.line)
        for part in parts
        if part.kind == "heading" and (text := quote(plain(part.text), 100))
    ]
    prose = (quote(plain(part.text), SUMMARY) for part in parts[:60] if part.kind == "prose")
    summary = "" if kind is DocumentKind.CHANGELOG else next((text for text in prose if _is_summary(text)), "")
    return Document(name, kind, summary, tuple(headings[:HEADINGS]), max(0, len(headings) - HEADINGS))


def _is_summary(text: str) -> bool:
    """Return whether the text is a sentence, not a row of badges, links or languages."""
    return len(text) >= 20 and text.count(" ") >= 3 and sum(char.isalpha() for char in text) > 0.6 * len(text)


_SHELLS = (
    "",
    *("sh", "bash", "shell", "console", "zsh", "fish", "terminal", "text", "cmd", "powershell", "shell-session"),
)
_INLINE_CODE = re.compile(r"(`{1,2})([^`\n]{3,200})\1")
_RUN = re.compile(r"\b(run(ning)?|use|execute|call|type|with|is)\b", re.IGNORECASE)
_FILE = re.compile(r"\S*\.\w{1,5}")


def _commands(name: str, parts: Sequence[Piece]) -> Iterator[DocumentedCommand]:
    for part in parts:
        if part.kind == "code" and part.note in _SHELLS:
            texts = shell_lines(part.text, part.line)
        elif part.kind in ("prose", "item"):
            texts = _inline_code(part)
        else:
            continue
        for text, line in texts:
            purpose = purpose_of(text)
            if purpose is not None and len(text) <= 2 * LENGTH and not text.endswith(("`", ":")):
                yield DocumentedCommand(quote(text, LENGTH), purpose, name, line)


def _inline_code(part: Piece) -> Iterator[tuple[str, int]]:
    """Yield the inline code of a sentence that looks like a command.

    A single word is a name (`pytest`) unless the sentence says to run it. A file name is never a command.
    """
    runs = _RUN.search(part.text[:2000]) is not None
    for code in _INLINE_CODE.finditer(part.text[:20_000]):
        text = code[2].strip()
        if " " in text or (runs and (text.startswith("./") or not _FILE.fullmatch(text))):
            yield text, part.line + part.text.count("\n", 0, code.start())


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
    """Yield the sentences that say what has to be done. Below a heading about that, every list item counts."""
    if kind in (DocumentKind.OTHER, DocumentKind.ARCHITECTURE):
        return
    headings: list[tuple[int, str]] = []
    template = "pull_request_template" in name.lower()
    for part in parts:
        if part.kind == "heading":
            headings = [heading for heading in headings if heading[0] < part.level] + [(part.level, plain(part.text))]
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
            runs = any(purpose_of(code[2]) is not None for code in _INLINE_CODE.finditer(text))
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
    """Limit the commands and rules: a fair share for each purpose, in the order of the documents."""
    share = COMMANDS // len(Purpose) + 2
    kept: list[DocumentedCommand] = []
    for purpose in Purpose:
        kept += [command for command in commands if command.purpose is purpose][:share]
    return kept, [rule for moment in Moment for rule in [found for found in rules if found.before is moment][:RULES]]
