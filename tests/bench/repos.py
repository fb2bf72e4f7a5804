"""Repos of a given size for the benchmarks, made from the labelled systems, the same each time."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SYSTEMS = Path(__file__).parent.parent / "systems"
ENVIRON = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
ENDINGS = ("py", "ts", "tsx", "go", "c", "rs")
WORDS = ("device", "order", "ride", "card", "zone", "invoice", "rider", "sensor", "lease", "ticket", "batch", "tenant")


def sources() -> list[tuple[str, str]]:
    """The names and texts of the files of all labelled systems."""
    found = []
    for path in sorted(SYSTEMS.glob("*/repos/*/**/*")):
        name = path.name.removesuffix(".txt") if path.name.endswith((".py.txt", ".toml.txt")) else path.name
        if path.is_file() and path.stat().st_size > 200 and name.rpartition(".")[2] in ENDINGS:
            found.append((name, path.read_text(encoding="utf-8")))
    return found


def write_files(folder: Path, count: int, *, seed: int) -> int:
    """Fill a folder with `count` different source files, and return the number of bytes."""
    originals = sources()
    written = 0
    for number in range(count):
        name, text = originals[(number * 7 + seed) % len(originals)]
        word = WORDS[(number + seed) % len(WORDS)]
        changed = re.sub(r"\b([a-z]+)_(id|name|code|status|type)\b", rf"{word}{number % 97}_\2", text)
        path = folder / f"part{number // 100:03}" / f"{word}_{number}_{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        written += path.write_text(changed, encoding="utf-8")
    return written


def commit_all(folder: Path, message: str = "Start") -> None:
    """Put a folder under git, with one commit."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "commit", "-q", "-m", message)


def with_history(folder: Path, *, commits: int, files: int) -> None:
    """Make a repo with so many commits and files, by `git fast-import`."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    stream = b"".join(_history(commits, files))
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream, check=True, env=ENVIRON)
    git(folder, "reset", "-q", "--hard", "main")


def _history(commits: int, files: int) -> Iterator[bytes]:
    began = 1_600_000_000
    for number in range(commits):
        message = f"area{number % 9}: change {number}".encode()
        who = f"Author {number % 12} <a{number % 12}@example.invalid> {began + number * 7200} +0000".encode()
        yield b"commit refs/heads/main\ncommitter " + who + b"\ndata %d\n" % len(message) + message + b"\n"
        for change in range(files // 4 if number < 4 else 1 + number % 4):
            at = number * (files // 4) + change if number < 4 else (number * 31 + change * 17) % files
            text = f"line {number}\n".encode() * (20 + number % 30)
            yield b"M 100644 inline src/m%d/f%d.py\ndata %d\n" % (at % 40, at, len(text)) + text + b"\n"


def git(folder: Path, *args: str, environ: Mapping[str, str] = ENVIRON) -> bytes:
    """Run git in a folder and return its output."""
    return subprocess.run(["git", "-C", str(folder), *args], check=True, capture_output=True, env=environ).stdout


def workspace(folder: Path, children: Sequence[str]) -> Path:
    """A workspace beside the children."""
    root = folder / "workspace"
    root.mkdir()
    rows = "".join(f"  {name}: ../{name}\n" for name in children)
    (root / "orchestrator.config.yaml").write_text(f"children:\n{rows}", encoding="utf-8")
    return root
