"""A real tmux with one program in it: its keys, its size, and what is on its screen."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.programs import require

LOOK = 0.05  # seconds between two looks at the screen


class Tmux:
    """Runs a program in a tmux of its own, for the body of a `with`."""

    def __init__(
        self, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], columns: int = 80, lines: int = 24
    ) -> None:
        self._folder = TemporaryDirectory(prefix="tmux")
        self.log = Path(self._folder.name) / "end"
        self._words = [require("tmux"), "-S", f"{self._folder.name}/s", "-f", "/dev/null"]
        typed = f"{shlex.join(arguments)}; echo $? > {shlex.quote(str(self.log))}"
        size = ["-x", str(columns), "-y", str(lines)]
        self._environ = {key: value for key, value in environ.items() if key not in ("TMUX", "NO_COLOR")}
        self._do("new-session", "-d", *size, "-c", str(cwd), typed)
        self._do("set-option", "-g", "status", "off")
        self._do("resize-window", "-t", ":0", *size)

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(subprocess.CalledProcessError):
            self._do("kill-server")
        self._folder.cleanup()

    def press(self, *keys: str) -> None:
        """Press keys by their names in tmux: `Enter`, `Down`, `y`."""
        self._do("send-keys", *keys)

    def type(self, text: str) -> None:
        self._do("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """Paste as a terminal does it for a program that asked for brackets around what is pasted."""
        self._do("set-buffer", text)
        self._do("paste-buffer", "-p")

    def resize(self, columns: int, lines: int) -> None:
        self._do("resize-window", "-t", ":0", "-x", str(columns), "-y", str(lines))

    @property
    def screen(self) -> str:
        return self._do("capture-pane", "-p")

    @property
    def coloured(self) -> str:
        """The screen with its colours, as escape sequences."""
        return self._do("capture-pane", "-p", "-e", "-N")

    @property
    def pid(self) -> int:
        """The process of the shell that runs the program."""
        return int(self._do("display-message", "-p", "#{pane_pid}"))

    def until(self, *words: str, without: str = "", timeout: float = 60.0) -> str:
        """Wait until the screen has all of these words, and not `without`. Fails after `timeout` seconds."""
        shown = lambda screen: all(word in screen for word in words) and not (without and without in screen)  # noqa: E731
        return self.until_that(shown, f"{words}", timeout)

    def until_that(self, holds: Callable[[str], bool], what: str, timeout: float = 60.0) -> str:
        """Wait until something holds for the screen, and return it. Fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not holds(screen := self.screen):
            assert time.monotonic() < deadline, f"{what} not within {timeout:g} s; the screen:\n{screen}"
            time.sleep(LOOK)
        return screen

    def end(self, timeout: float = 30.0) -> int:
        """Wait until the program ends, and return its exit code."""
        deadline = time.monotonic() + timeout
        while not (self.log.exists() and self.log.read_text(encoding="utf-8").strip()):
            assert time.monotonic() < deadline, f"it did not end within {timeout:g} s; the screen:\n{self.screen}"
            time.sleep(LOOK)
        return int(self.log.read_text(encoding="utf-8"))

    def _do(self, *words: str) -> str:
        environ = {**self._environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [*self._words, *words], env=environ, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout
