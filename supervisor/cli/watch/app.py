"""The terminal: shows what is drawn, hands keys on, does what they ask for. Only this and `board` know Textual."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from textual import events
from textual.app import App, ComposeResult

from supervisor.cli.display.blocks import Cell, Line
from supervisor.cli.display.title import Attention, attention, kept_title, notice, set_title
from supervisor.cli.watch import keys
from supervisor.cli.watch.board import Board
from supervisor.cli.watch.draw import Scene, ask_page, draw, head_of, help_page, page_lines, page_room
from supervisor.cli.watch.following import Following
from supervisor.cli.watch.layout import Size, layout
from supervisor.cli.watch.state import OF_A_TASK, Note, Screen, ScreenPage, items_of, settled
from supervisor.domain.status import Status
from supervisor.errors import OrchError
from supervisor.runtime import calling
from supervisor.runtime.workspace import WorkspacePaths

if TYPE_CHECKING:
    from supervisor.cli.watch.pages import Reader

TICK = 1.0  # seconds after which times on the screen are drawn anew
LOADING = ScreenPage((Line((Cell("reading ...", "dim"),), 1),))


def show(workspace: WorkspacePaths) -> int:
    """Show the screen until the person leaves it."""
    following = Following(workspace)
    following.start()
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)  # Textual takes them for the size of the terminal, also after that has changed
    with kept_title():
        WatchApp(workspace, following).run(mouse=False)
    following.stop()
    return 0


class WatchApp(App[None]):
    """Follows the workspace, and draws again what changed."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, workspace: WorkspacePaths, following: Following) -> None:
        super().__init__(ansi_color=True)  # the terminal's own colours, also for its background
        self._workspace = workspace
        self._following = following
        self._board = Board(self._on_press, self._on_words)
        self._told: Status = following.status
        self._items = items_of(self._told)
        self._state = settled(Screen(), self._items, self._items)
        self._page = LOADING
        self._page_of: tuple[str, str] = ("", "")
        self._folded: tuple[ScreenPage, int, int] = (LOADING, 0, 0)
        self._reader: Reader | None = None  # loaded with the first look at a task
        self._known: Attention = attention(self._told)
        self._due = False
        self._headed: tuple[object, Sequence[Line]] = (None, ())

    def compose(self) -> ComposeResult:
        yield self._board

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)
        self._following.changed = lambda: self._soon(loop)
        self._board.focus()
        self.set_interval(TICK, self._redraw)
        self._update()
        gc.freeze()  # what is loaded by now is never garbage: to scan it takes as long as to draw the screen twice

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._redraw)

    def action_help_quit(self) -> None:
        """Ctrl-C, which Textual keeps to itself otherwise."""
        self._on_press("ctrl+c")

    # ── from the supervisor to the screen ────────────────────────────────────────────────────────

    def _soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the latest status once the loop is free: several that come meanwhile are one."""
        if not self._due:
            self._due = True
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._update)

    def _update(self) -> None:
        self._due = False
        self._told = self._following.status
        self._items, before = items_of(self._told, self._state.wanted), self._items
        self._state = settled(self._state, self._items, before)
        if self._following.problem:
            self._state = self._state._replace(note=Note(self._following.problem, "red"))
        now = attention(self._told)
        self._emit(set_title(self._told) + (notice(self._told) if now - self._known else ""))
        self._known = now
        self._look()
        self._redraw()

    def _redraw(self) -> None:
        size = self._screen_size()
        if size.lines:
            self._board.show(draw(self._scene(), size))

    def _scene(self) -> Scene:
        return Scene(self._told, self._items, self._state, self._page, self._head(), datetime.now(UTC))

    def _head(self) -> Sequence[Line]:
        """What stands above the list, which takes a while with many tasks and is the same until the status differs."""
        key = (id(self._told), self._screen_size())
        if self._headed[0] != key:
            self._headed = (key, head_of(self._told, self._screen_size()))
        return self._headed[1]

    def _screen_size(self) -> Size:
        return Size(*self.size)

    def _emit(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    # ── from the person to the screen ────────────────────────────────────────────────────────────

    def _on_press(self, key: str) -> None:
        state, act = keys.press(self._state, key, self._items, self._room())
        self._become(state)
        match act:
            case keys.Quit():
                self.exit()
            case keys.Send():
                self.run_worker(self._send(act), exclusive=False)
            case keys.Attach():
                self._open_thread(act.task)

    def _on_words(self, text: str) -> None:
        self._become(keys.pasted(self._state, text))

    def _become(self, state: Screen) -> None:
        wanted, self._state = self._state.wanted, state
        if state.wanted != wanted:
            self._items, before = items_of(self._told, state.wanted), self._items
            self._state = settled(state, self._items, before)
        self._look()
        self._redraw()

    def _room(self) -> keys.Room:
        size, scene = self._screen_size(), self._scene()
        if self._state.place == "list":
            return keys.Room(layout(size, self._items, len(scene.head)).tasks, 0, 0)
        if self._folded[:2] != (self._page, size.columns):
            self._folded = (self._page, size.columns, len(page_lines(self._page, size.columns - 1)))
        return keys.Room(1, page_room(scene, size), self._folded[2])

    async def _send(self, act: keys.Send) -> None:
        reply = act.reply
        try:
            answer = await asyncio.to_thread(
                calling.request,
                self._workspace,
                "answer",
                ask=reply.ask,
                decision=reply.decision,
                text=act.text,
                for_session=reply.for_session,
                by="screen",
            )
            note = Note(f"{answer.get('text')}", "green")
        except OrchError as error:
            note = Note(str(error), "red")
        self._become(self._state._replace(note=note))

    def _open_thread(self, task: str) -> None:
        command = [sys.executable, "-m", "supervisor.cli.main", "-C", str(self._workspace.root), "attach", task]
        with self.suspend():
            sys.stdout.flush()
            failed = subprocess.run(command, check=False).returncode != 0
            if failed:
                print("Enter goes back to `orch watch`", flush=True)
                with suppress(EOFError, KeyboardInterrupt):
                    input()
        self._redraw()

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        """Have the page of this place read, if it is another one or may have grown."""
        place, chosen = self._state.place, self._state.chosen
        name = chosen.name if chosen else ""
        key = (place, name if place in ("ask", *OF_A_TASK) else "")
        fresh, self._page_of = key != self._page_of, key
        if place == "list":
            return
        if fresh:
            self._page = LOADING
        if place == "help":
            self._page = help_page()
        elif place == "ask":
            ask = self._items.ask(name)
            if ask is None:
                self._state = self._state._replace(place="list", note=Note(f"{name} is settled", "green"))
            else:
                self._page = ask_page(ask)
        elif fresh or place in ("log", "graph"):
            self.run_worker(self._read(key), group="page", exclusive=True)

    async def _read(self, key: tuple[str, str]) -> None:
        place, name = key
        if self._reader is None:
            self._reader = (await asyncio.to_thread(import_module, "supervisor.cli.watch.pages")).Reader(
                self._workspace
            )
        page = await asyncio.to_thread(self._reader.read, self._told, place, name)
        if self._page_of == key and page != self._page:
            self._page = page
            self._redraw()
