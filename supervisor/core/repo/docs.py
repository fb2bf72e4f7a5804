"""Read the documents of a repo: their names and first paragraphs, the commands they name, the rules they set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from supervisor.core.repo.commands import LENGTH, is_bare_command, purpose_of, quote
from supervisor.core.repo.documents import Piece, pieces, plain
from supervisor.core.repo.files import RepoFile, left_out
from supervisor.core.repo.places import RepoContents, check, contents_of, inside, moved, shell_lines
from supervisor.core.repo.rules import rules_of
from supervisor.domain.repo.facts import (
    Docs,
    Document,
    DocumentedCommand,
    DocumentHeading,
    DocumentKind,
    Manifest,
    Moment,
    Purpose,
    RepoRule,
)
from supervisor.regex import regex

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
SUMMARY = 300  # characters


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


def read_docs(
    files: Sequence[RepoFile],
    contents: Mapping[str, bytes],
    hooks: Sequence[RepoRule] = (),
    manifests: Sequence[Manifest] | None = None,
) -> Docs:
    """Describe the documents. Rules of `hooks` come after theirs.

    With `manifests`, commands that need a file, a script or a manifest that the repo does not have are left out: they
    are for the repo of somebody else. `Docs.cut` names files that are missing in `contents` or cannot be parsed.
    """
    documents, cut = [], []
    commands: dict[tuple[str, Purpose], DocumentedCommand] = {}
    rules: dict[tuple[str, Moment], RepoRule] = {}
    chosen = wanted(files)
    repo = None if manifests is None else contents_of((file.name for file in files), manifests)
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
            for command in _commands(name, kind, parts, repo):
                commands.setdefault((command.text, command.purpose), command)
            for rule in rules_of(name, kind, parts):
                rules.setdefault((rule.text, rule.before), rule)
    if len(kinds) > len(chosen):
        cut.append(f"{len(kinds) - len(chosen)} more documents were not read")
    kept, more = _bounded(list(commands.values()), [*rules.values(), *hooks])
    return Docs(tuple(documents), tuple(kept), tuple(more), tuple(cut))


_README, _AGENTS, _OTHER = DocumentKind.README, DocumentKind.AGENTS, DocumentKind.OTHER
_NAMES = (
    (regex(r"(agents|claude|gemini|copilot-instructions|codex|\.cursorrules)(\.override)?$"), _AGENTS),
    (regex(r"readme([._-].{0,20})?$"), _README),
    (
        regex(
            r"(contributing|contributors?|development|developing|developers?|hacking|building|contribute|commit"
            r"|(develop(ment|er|ers|ing)|dev|contribut(ing|or|ors|ion))[-_ ]"
            r"(guide|guidelines|setup|docs|notes|workflow))$"
        ),
        DocumentKind.CONTRIBUTING,
    ),
    (
        regex(r"(pull_request_template|code_style|styleguide|coding[_-]?(style|guidelines))$"),
        DocumentKind.CONTRIBUTING,
    ),
    (regex(r"(architecture|design|overview|internals|arch)$"), DocumentKind.ARCHITECTURE),
    (regex(r"(changelog|changes|history|news|releases|release[-_]?notes.*|whatsnew)$"), DocumentKind.CHANGELOG),
    (
        regex(r"(releas(e|ing)|release[-_ ]?(process|guide|checklist|howto)|publishing|maintaining)$"),
        DocumentKind.RELEASE,
    ),
)
_ORDER = tuple(DocumentKind)
_TEXTS = frozenset(("md", "markdown", "mdx", "rst", "txt", "adoc", "asciidoc", ""))
_OTHER_FOLDERS = regex(
    r"(^|/)(tests?|fixtures?|testdata|examples?|samples?|templates?|skills?|prompts?|i18n|locales?)/", re.I
)
_TRANSLATED = regex(r"[._-](zh|cn|ja|jp|ko|kr|ru|de|fr|es|pt|br|it|tr|vi|pl|uk|id|ar|fa|zh[-_]?\w+|pt[-_]br)$", re.I)
_READ_ELSEWHERE = regex(r"readme[._-][a-z]{2}([._-][a-z]{2,4})?$")
"""A README whose name ends in two letters: a language, one of many."""

_GUIDES = ("docs/", "doc/", "documentation/", ".github/")


def _ranked(file: RepoFile) -> Iterator[tuple[tuple[int, int, str], DocumentKind]]:
    """Yield the document's rank in reading order, and its kind; nothing if the file is not a document."""
    if left_out(file.name) is not None:
        return
    base = file.name.lower().rpartition("/")[2]
    stem, _, ending = base.rpartition(".") if "." in base[1:] else (base, "", "")
    if ending not in _TEXTS or _TRANSLATED.search(stem) or _READ_ELSEWHERE.match(stem):
        return
    if "issue_template" in file.name.lower().rpartition("/")[0]:
        return  # a form
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
    # A quotation is a notice (`> [!WARNING]`): it tells what is new, not what the repo is.
    first = list(_introduction(parts[:60]))
    prose = (quote(plain(part.text), SUMMARY) for part in sorted(first, key=lambda part: part.note == "quote"))
    told = [text for text in chain(prose, _definitions(parts[:60])) if _is_summary(text)]
    summary = "" if kind is DocumentKind.CHANGELOG or not told else told[0]
    return Document(name, kind, summary, tuple(headings[:HEADINGS]), max(0, len(headings) - HEADINGS))


def _introduction(parts: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the prose that may say what the repo is: in front of the sections, in the first one, or in one about it.

    None below a heading about its use, its people or its terms, and none that is only a link.
    """
    aside, headings = False, 0
    for part in parts:
        if part.kind == "heading":
            headings += 1
            title = plain(part.text)
            aside = _USES.search(title) is not None or (headings > 2 and _ABOUT.search(title) is None)
        elif (
            part.kind == "prose"
            and not aside
            and not _POINTS.match(plain(part.text))
            and not _LINK.fullmatch(part.text)
        ):
            yield part


def _definitions(parts: Sequence[Piece]) -> Iterator[str]:
    """Yield the prose that says what the thing in the title is, below whatever heading: `Depot Web is a shop`."""
    title = next((plain(part.text).lower().split() for part in parts if part.kind == "heading"), [])
    for part in parts:
        found = _DEFINES.match(plain(part.text)) if part.kind == "prose" and part.note != "quote" else None
        if found is not None and set(found[1].lower().split()) <= {*title, "the"}:
            yield quote(plain(part.text), SUMMARY)


_DEFINES = regex(r"((?:[\w.-]+ ){1,4})is (?:an?|the|one)\b")
_USES = regex(
    r"\b(install\w*|get(ting)? started|quick ?start|sponsor(s|ing|ship)?|usage|documentation|docs|contribut\w+"
    r"|licen[cs]e|build\w*|running|run|setup|support|requirements?|download\w*|release\w*|changelog|screenshots?|team|authors?|credits|thanks)\b",
    re.IGNORECASE,
)
_ABOUT = regex(
    r"\b(about|overview|introduction|intro|what|why|description|summary|features?|background|project)\b", re.I
)
_LINK = regex(r"\s*(\[[^\]]{1,200}\]\([^)]{1,400}\)|<a\b[^>]{0,400}>[^<]{0,200}</a>)[\s.!]*")
_POINTS = regex(
    r"(See|Visit|Read|To (learn|find|see|read)|In other words"
    r"|Check|Install|Click (here|on|the)|Go to|Follow|Please|For (more|the|a|further))\b",
    re.IGNORECASE,
)


_NOTES = regex(
    r"(note|notice|warning|important|disclaimer|languages?|jump to|contents|sections)\b\W{0,4}:", re.IGNORECASE
)


_TERMS = regex(r"\b(is|are) (licen[sc]ed|released|distributed) under\b", re.IGNORECASE)


def _is_summary(text: str) -> bool:
    """Return whether the text is a sentence, not a row of badges, links or languages."""
    text = re.sub(r"\S*://\S*", "", text).strip()
    row = text.count(" | ") > 1 or text.count(" · ") > 1 or text.count(" • ") > 1
    return (
        not (row or _NOTES.match(text) or _TERMS.search(text))
        and len(text) >= 20
        and text.count(" ") >= 3
        and sum(map(str.isalpha, text)) > 0.6 * len(text)
    )


_SHELLS = (
    "",
    *("sh", "bash", "shell", "console", "zsh", "fish", "terminal", "text", "cmd", "powershell", "shell-session"),
)
_INLINE_CODE = regex(r"(`{1,2})([^`\n]{3,200})\1")
_RUN = regex(
    r"\b(?:run|runs|running|execut\w+|call|type|invoke|launch|start(?:ed)?|tested|(?:command|script)s? (?:is|are))\b"
    r"[^.;`]{0,30}$",
    re.IGNORECASE,
)
_FILE = regex(r"\S*\.\w{1,5}")
_FAILS = regex(r"(?:(?: ?/ ?| or | and )`[^`\n]{1,80}`)* (?:fails?|breaks?|does not|doesn'?t|won'?t|will not|cannot)\b")
_SHUNNED = regex(r"\b(?:never|don'?t|do not|avoid|instead of|rather than|not)\b[^.`]{0,24}$", re.IGNORECASE)


def _commands(
    name: str, kind: DocumentKind, parts: Sequence[Piece], repo: RepoContents | None
) -> Iterator[DocumentedCommand]:
    folder = name.rpartition("/")[0]
    home = "" if kind is _OTHER or name.startswith(_GUIDES) else folder
    before = entered = ""
    section = [(0, "")]  # levels of headings, and the folder in which all commands below run
    for part in parts:
        said, before = before or next((place for _, place in reversed(section) if place), ""), ""
        if part.kind != "item":
            entered = ""
        if part.kind == "heading":
            section = [it for it in section if it[0] < part.level] + [(part.level, "")]
            continue
        if part.kind == "code" and part.note in _SHELLS:
            texts = list(moved(_placed_lines(part, said, repo), said))
        elif part.kind in ("prose", "item", "row"):
            bare = part.kind == "item" and is_bare_command(part.text.strip())
            code = [(part.text.strip(), part.line)] if bare else _inline_code(part)
            texts = list(moved(code, entered or (said if part.kind == "item" else "")))
            before = _folder_said(part.text, repo)
            if part.kind == "item" and "`cd " in part.text and (steps := _ENTERS.search(part.text[:2000])) is not None:
                entered = inside(steps[1]) or ""
            if "`" in part.text and (place := _section_said(part.text, repo)):
                section[-1] = (section[-1][0], place)
        else:
            continue
        for text, line in texts:
            purpose = purpose_of(text)
            if purpose is None or len(text) > 2 * LENGTH or text.endswith(("`", ":")):
                continue
            placed = (
                text if repo is None else _placed(text, home, repo, sure="/" in name and (home != "" or kind is _OTHER))
            )
            if placed is not None:
                yield DocumentedCommand(quote(placed, LENGTH), purpose, name, line)


def _placed(text: str, home: str, repo: RepoContents, *, sure: bool) -> str | None:
    """Return the command as it is run from the root, or None if the repo lacks what it needs.

    `home` is the folder of the document. If `sure`, something has to show that the command is for this repo.
    A folder that the repo lacks is that of its clone, if what runs there is in the root.
    """
    entered = _ENTERED.match(text)
    of_clone = entered is not None and entered[1] not in repo.folders and not home
    if entered is not None and of_clone and (there := check(entered[2], repo)) is not None:
        return entered[2] if there else None
    for folder in (home, "") if home else ("",):
        placed = f"cd {folder} && {text}" if folder and not text.startswith(f"cd {folder} ") else text
        found = check(placed, repo)
        if found or (found is None and not sure):
            return placed
    return None


_ENTERED = regex(r"cd ([\w.-]+) && (.+)")
_ENTERS = regex(r"`cd ([\w./-]+)`")
_ALL_RUN = regex(
    r"\b(?:run|execute|call)\b(?: (?:all|these|the|following|them|commands?|below))*"
    r" (?:in|from|inside|within) (?:the )?`([\w./-]+)`"
    r"(?! (?:and|or)\b)(?:[^.]{0,40}$|[^.]{0,20}\bunless\b|[.:]| (?:directory|folder)\b)",
    re.IGNORECASE,
)
_IN_FOLDER = regex(r"\s#\s*\(?(?:in|from|inside) `?([\w.-]+(?:/[\w.-]+)*)`?(?=$|[\s,;:)])")


def _section_said(text: str, repo: RepoContents | None) -> str:
    """Return the folder in which a sentence says that all commands of its section run; "" for none."""
    found = _ALL_RUN.search(text[:2000])
    called = found[1].strip("./") if found is not None else ""
    return called if repo is not None and called in repo.folders else ""


def _placed_lines(part: Piece, folder: str, repo: RepoContents | None) -> Iterator[tuple[str, int]]:
    """Yield the commands of a block of code below a folder. A comment may say another: `cargo test  # in core`."""
    lines, root = part.text.splitlines(), "../" * (folder.count("/") + 1) if folder else ""
    for text, line in shell_lines(part.text, part.line):
        at = line - part.line
        found = _IN_FOLDER.search(lines[at][:400]) if 0 <= at < len(lines) else None
        told = found is not None and repo is not None and found[1] in repo.folders
        yield (f"cd {root}{found[1]} && {text}" if found is not None and told else text), line


_FOLDER_SAID = regex(
    r"\b(?:in|from|inside|within|into|to)\s+(?:the |your )?(`?)([\w./-]+)\1/?\s+(?:directory|folder)\b"
)


def _folder_said(text: str, repo: RepoContents | None) -> str:
    """Return the folder that a sentence names for the commands below it; "" for none."""
    found = _FOLDER_SAID.search(text[:2000])
    if repo is None or found is None:
        return ""
    called = found[2].strip("./")
    return called if found[1] or called in repo.folders else ""


def _inline_code(part: Piece) -> Iterator[tuple[str, int]]:
    """Yield the inline code of a sentence that looks like a command.

    A single word is a name (`pytest`) unless the words before it say to run it. A file name is never a command.
    """
    for code in _INLINE_CODE.finditer(part.text[:20_000]):
        text = code[2].strip()
        said = part.text[max(0, code.start() - 60) : code.start()]
        alone = " " not in text
        if alone and (not _RUN.search(said) or (_FILE.fullmatch(text) and not text.startswith("./"))):
            continue
        if not _FAILS.match(part.text, code.end(), code.end() + 80) and not _SHUNNED.search(said):
            yield text, part.line + part.text.count("\n", 0, code.start())


def _bounded(
    commands: list[DocumentedCommand], rules: list[RepoRule]
) -> tuple[list[DocumentedCommand], list[RepoRule]]:
    """Limit the commands and rules: a fair share for each purpose, in the order of the documents."""
    share = COMMANDS // len(Purpose) + 2
    kept: list[DocumentedCommand] = []
    for purpose in Purpose:
        kept += [command for command in commands if command.purpose is purpose][:share]
    return kept, [rule for moment in Moment for rule in [found for found in rules if found.before is moment][:RULES]]
