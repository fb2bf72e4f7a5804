"""The canonical form of a text: two texts that differ only in formatting have the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from supervisor.core.text.markdown import UnparsableText, blocks, inline
from supervisor.domain.plan import Contract, Plan, Task
from supervisor.regex import regex

if TYPE_CHECKING:
    from markdown_it.token import Token


def task_key(task: Task, plan: Plan) -> str:
    """Return a key that changes when, and only when, the meaning of the task's brief changes.

    It covers the title, instructions, expected result, verify commands, named contracts and objective. It does not
    cover the child, `after`, `hold` and the settings of the run.
    """
    named = (plan.contract(contract_id) for contract_id in sorted(set(task.contracts)))
    return json.dumps(
        [
            canonical(task.title),
            canonical(task.instructions),
            canonical(task.expect),
            sorted(set(task.verify)),
            [contract_key(contract) for contract in named if contract is not None],
            canonical(plan.objective),
        ]
    )


def contract_key(contract: Contract) -> str:
    """Return a key that changes when, and only when, the meaning of the contract changes."""
    between = sorted(set(contract.between))
    return json.dumps([contract.id, canonical(contract.title), between, canonical(contract.text)])


@lru_cache(maxsize=256)  # a contract and the objective are needed once per task
def canonical(markdown: str) -> str:
    """Reduce Markdown to its meaning. Accepts any str.

    Drops white space, line wrapping, emphasis, and the style of headings, bullets and code blocks. Keeps words and
    their order, code, link targets and the nesting of blocks. Emphasis markers inside a word or a path
    (`src/*.c, src/*.h`) count as text. Very long paragraphs and text that cannot be parsed stay as they are, except for
    white space.
    """
    tokens = blocks(markdown)
    if isinstance(tokens, UnparsableText):
        return "\n".join(line.rstrip() for line in markdown.splitlines()).strip("\n")
    page = _Page()
    for token in tokens:
        page.take(token)
    return "\n".join(page.lines)


class _Container:
    """An open list item or quote. `marker` precedes its first line, `rest` the other ones."""

    def __init__(self, marker: str, rest: str) -> None:
        self.marker = marker
        self.rest = rest
        self.used = False

    def prefix(self) -> str:
        prefix = self.rest if self.used else self.marker
        self.used = True
        return prefix


class _Page:
    """Write blocks in one style: one line per paragraph, one empty line between blocks, `-` bullets, fenced code."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._open: list[_Container] = []
        self._numbers: list[int | None] = []
        self._heading = ""

    def take(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                marker = self._marker(token.markup)
                self._open.append(_Container(marker, " " * len(marker)))
            case "blockquote_open":
                self._open.append(_Container("> ", "> "))
            case "list_item_close" | "blockquote_close":
                if not self._open[-1].used:
                    self._write([""])
                self._open.pop()
            case "heading_open":
                self._heading = "#" * int(token.tag[1:]) + " "
            case "inline":
                self._write([self._heading + _sentence(token.content)])
                self._heading = ""
            case "fence" | "code_block":
                self._write(_fenced(token.content, " ".join(token.info.split())))
            case "html_block":
                self._write([_spaced(token.content).strip()])
            case "hr":
                self._write(["***"])

    def _marker(self, style: str) -> str:
        number = self._numbers[-1]
        if number is None:
            return "- "
        self._numbers[-1] = number + 1
        return f"{number}{style} "

    def _write(self, block: Iterable[str]) -> None:
        if self.lines:
            self.lines.append("".join(container.rest for container in self._open if container.used).rstrip())
        for line in block:
            self.lines.append(("".join(container.prefix() for container in self._open) + line).rstrip())


def _fenced(content: str, info: str) -> list[str]:
    fence = _longer_than_any("~" if "`" in info else "`", content, least=3)
    body = "\n".join(line.rstrip() for line in content.split("\n")).rstrip("\n")
    return [fence + info, *(body.split("\n") if body else ()), fence]


def _longer_than_any(mark: str, content: str, *, least: int) -> str:
    runs = [len(run) for run in re.findall(re.escape(mark) + "+", content)]
    return mark * max([least, *(run + 1 for run in runs)])


_LONGEST_PARAGRAPH = 50_000
"""Characters; a longer one is compared by its words only, because inline parsing of hostile text is slow."""

# An emphasis marker next to one of these is more likely part of a name, a path or a pattern.
_WORD_BEFORE = regex(r"[\w/\\.=@$~*-]", re.ASCII)
_WORD_AFTER = regex(r"[\w/\\=@$~*-]|[.:]\w", re.ASCII)


def _sentence(source: str) -> str:
    """Put a paragraph on one line, without emphasis."""
    source = re.sub(r"[ \t]*\n[ \t]*", " ", source)
    if len(source) > _LONGEST_PARAGRAPH:
        return _spaced(source).strip()
    text = ""
    links: list[Token] = []
    opened: list[int] = []
    marks: list[tuple[int, str, int]] = []  # position, marker, index of the mark at the other end of the emphasis
    for token in inline(source):
        match token.type:
            case "em_open" | "strong_open":
                opened.append(len(marks))
                marks.append((len(text), token.markup, -1))
            case "em_close" | "strong_close":
                first = opened.pop()
                marks[first] = (*marks[first][:2], len(marks))
                marks.append((len(text), token.markup, first))
            case "link_open":
                links.append(token)
                text += "["
            case "link_close":
                text += "]" + _target(links.pop(), "href")
            case "image":
                text += f"![{_spaced(token.content)}]" + _target(token, "src")
            case "code_inline":
                text += _code(token.content)
            case _:
                words = _spaced(token.content)
                text += words.lstrip() if text.endswith(" ") else words
    return _with_marks(text, marks).strip()


def _with_marks(text: str, marks: Sequence[tuple[int, str, int]]) -> str:
    """Put back the emphasis markers that are part of a word."""

    def part_of_word(mark: int) -> bool:
        first, last = sorted((mark, marks[mark][2]))
        start, end = marks[first][0], marks[last][0]
        return bool(_WORD_BEFORE.match(text[start - 1 : start]) or _WORD_AFTER.match(text[end : end + 2]))

    pieces: list[str] = []
    at = 0
    for mark, (where, marker, _) in enumerate(marks):
        pieces.append(text[at:where])
        pieces.append(marker if part_of_word(mark) else "")
        at = where
    return "".join(pieces) + text[at:]


def _target(token: Token, name: str) -> str:
    title = token.attrs.get("title", "")
    return f"({token.attrs[name]}" + (f" {json.dumps(_spaced(str(title)), ensure_ascii=False)})" if title else ")")


def _code(content: str) -> str:
    mark = _longer_than_any("`", content, least=1)
    pad = " " if content.strip() and (content[0] in " `" or content[-1] in " `") else ""
    return f"{mark}{pad}{content}{pad}{mark}"


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text)
