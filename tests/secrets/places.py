"""Plant secrets in every place where text enters a real workspace, and search all that is written and printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from supervisor.demo.model import ModelRequest, Run, Say, Step
from tests.e2e.lab import SLOW, Lab, report, task
from tests.secrets.kinds import Sample

EXACT = "plans"
"""The folder of accepted revisions, which are kept word for word."""

ROOM = 3500  # characters that a verify command prints: of its output, the last 4,000 are kept
PRINTED = (
    ("status",),
    ("status", "--json"),
    ("asks",),
    ("asks", "--json"),
    ("snapshot", "--json"),
    ("snapshot", "--tokens", "20000"),
    ("map",),
    ("map", "--json"),
    ("logs",),
    ("logs", "--json"),
    ("plan", "check", "--json"),
    ("plan", "history", "--json"),
)


class Leak(NamedTuple):
    """A secret that was found."""

    place: str  # the file, or the command that printed it
    kind: str
    context: str


class Search(NamedTuple):
    """What was searched, and what was found in it."""

    places: tuple[str, ...]
    leaks: tuple[Leak, ...]
    redacted: tuple[str, ...]  # the places that show that something was cut out


def search(samples: Sequence[Sample], environ: dict[str, str] | None = None) -> Search:
    """Run a workspace in which all of these secrets enter by every way, and look for them. Takes half a minute."""
    texts = [sample.text for sample in samples]
    said = "\n\nand then:\n\n".join(texts)
    told_by_lines = ("BEGIN", "form-data", "NICK", ",password", ";passwd", "<<EOF", "<<~TEXT")
    one_line = [
        text.replace("\r", "\\r").replace("\n", "\\n")
        if any(word in text for word in told_by_lines)
        else " ".join(text.split())
        for text in texts
    ]
    chunks = _chunks(texts)

    def script(request: ModelRequest) -> Sequence[Step]:
        if "T2" in request.user_texts()[-1]:
            ask = {"question": said, "steps": one_line, "expected": said}
            return (Say(report(said, outcome="needs_human", ask=ask).removeprefix("report ")),)
        if not request.outputs_since_last_user():
            return (Say(said), Run("cat leaked.txt; cat leaked.txt >&2"))
        changes = [{"path": "leaked.txt", "what": said}]
        return (Say(report(said, changes=changes, learned=one_line).removeprefix("report ")),)

    with Lab("backend", script=script) as lab:
        lab.environ.update(environ or {})
        repo = lab.repos["backend"]
        _plant(repo, lab.environ, said, one_line, chunks)
        lab.up()
        lab.orch("note", f"learned: {said}")
        stderr = lab.workspace.logs / "backend.stderr.log"
        with stderr.open("a", encoding="utf-8") as file:  # as its server does
            file.write(f"{said}\n")
        last = len(chunks) - 1
        commands = ", ".join(f"`cat chunk-{at}.txt{'; false' if at == last else ''}`" for at in range(len(chunks)))
        fields = (f"verify: {commands}",)
        plain = [text for text in one_line if not {"`", "\x1b"} & set(text)]  # a plan refuses control characters
        prose = "\n\n".join(text.replace("\n", "\n    ") for text in plain)
        lab.plan(
            task("T1", "backend", fields=fields, text=prose) + task("T2", "backend"), objective="Use what follows."
        )
        lab.task("T1", "blocked", 4 * SLOW)  # three turns with all of these texts, and a look at each
        lab.runs(lab.ask()["id"])  # so much text keeps the supervisor busy until it is shown
        printed = {f"orch {' '.join(words)}": lab.orch(*words).stdout for words in PRINTED}
        lab.orch("down")
        files = [path for path in lab.workspace.root.rglob("*") if path.is_file() and path.parent.name != EXACT]
        written = {
            str(path.relative_to(lab.workspace.root)): path.read_text(encoding="utf-8", errors="replace")
            for path in files
            if path.name != "plan.md"
        }
    found = {**printed, **written}
    return Search(
        tuple(found),
        tuple(
            Leak(place, sample.kind, text[max(0, at - 200) : at + len(secret) + 40])
            for place, text in found.items()
            for sample in samples
            for secret in sample.secrets
            if (at := _place_of(secret, text)) >= 0
        ),
        tuple(place for place, text in found.items() if "[redacted]" in text),
    )


def _place_of(secret: str, text: str) -> int:
    """Return where a secret is in a text; -1 if it is not. A few digits do not count within an id of a commit."""
    if not secret.isdigit():
        return text.find(secret)
    match = re.search(rf"(?<![0-9A-Za-z]){secret}(?![0-9A-Za-z])", text)
    return match.start() if match is not None else -1


def _plant(repo: Path, environ: dict[str, str], said: str, lines: Sequence[str], chunks: Sequence[str]) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=repo, check=True, env=environ, capture_output=True)

    (repo / "README.md").write_text(f"# A repo\n\n{said}\n", encoding="utf-8")
    (repo / "settings.py").write_text("".join(f"X{at} = {line!r}\n" for at, line in enumerate(lines)), encoding="utf-8")
    (repo / "leaked.txt").write_text(said, encoding="utf-8")
    for at, chunk in enumerate(chunks):
        (repo / f"chunk-{at}.txt").write_text(chunk, encoding="utf-8")
    git("add", ".")
    git("commit", "-qm", f"Use all of it\n\n{said}")
    for line in lines:
        git("commit", "-q", "--allow-empty", "-m", line)
    for at, address in enumerate(one for line in lines for one in line.split() if "://" in one and "@" in one):
        git("remote", "add", f"remote{at}", address.strip("'\""))


def _chunks(texts: Sequence[str]) -> list[str]:
    chunks = [""]
    for text in texts:
        if len(chunks[-1]) + len(text) > ROOM:
            chunks.append("")
        chunks[-1] += f"{text}\n\nand then:\n\n"
    return chunks
