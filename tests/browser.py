"""Debian's Chromium, without a window, driven over a pipe."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.programs import require

SLOW = 60.0  # seconds: a bound, never the expected time
LOOK = 0.05  # seconds between two looks at a page

Fields = dict[str, Any]


class Browser:
    """One browser with a profile of its own in `folder`. Only this process reaches it."""

    def __init__(self, folder: Path, *, scripts: bool = True) -> None:
        program = require("chromium")
        inward, outward = os.pipe(), os.pipe()
        words = [
            *("bash", "-c", f'exec "$@" 3<&{inward[0]} 4>&{outward[1]}', "bash", program),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"),
            *("--disable-background-networking", f"--user-data-dir={folder}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(inward[0], outward[1]),
        )
        os.close(inward[0])
        os.close(outward[1])
        self._write, self._read = os.fdopen(inward[1], "wb"), os.fdopen(outward[0], "rb")
        self._number = 0
        self._rest = b""
        self.problems: list[str] = []
        """What the browser's console complained of, refused scripts and styles included."""
        self._scripts = scripts
        self._session: str | None = None
        self.tab()

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        self.call("Browser.close")
        self._write.close()
        self._read.close()
        self._process.wait(SLOW)

    def tab(self) -> str:
        """Open another tab, and go on in it. Return its name for `turn_to`."""
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.turn_to(session)
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        if not self._scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        return str(session)

    def turn_to(self, tab: str) -> None:
        self._session = tab

    def call(self, method: str, **params: object) -> Fields:
        """Call a method of the DevTools protocol, and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            found = self._next()
            if found.get("id") == self._number:
                assert "error" not in found, found
                return dict(found.get("result", {}))

    def _next(self) -> Fields:
        while b"\0" not in self._rest:
            piece = self._read.read1(1 << 16)
            assert piece, "the browser ended"
            self._rest += piece
        raw, _, self._rest = self._rest.partition(b"\0")
        found: Fields = json.loads(raw)
        entry = found.get("params", {}).get("entry", {})
        if found.get("method") == "Log.entryAdded" and entry.get("level") == "error":
            self.problems.append(f"{entry.get('text')} {entry.get('url', '')}")
        if found.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(found["params"]["exceptionDetails"]))
        return found

    def size(self, wide: int, tall: int, *, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=wide, height=tall, deviceScaleFactor=1, mobile=wide < 600)
        look = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=look)

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is laid out: before that, a click may miss what moves."""
        if "loaderId" in self.call("Page.navigate", url=url):  # else it is the same page
            while self._next().get("method") != "Page.loadEventFired":
                pass

    def js(self, expression: str) -> Any:
        """Evaluate in the page; a promise is waited for. None if the page just went away."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return found.get("result", {}).get("value")

    def until(self, expression: str, timeout: float = SLOW) -> Any:
        """Wait until an expression is true in the page, and return its value."""
        return self.wait(lambda: self.js(expression), expression, timeout)

    def shows(self, words: str, timeout: float = SLOW) -> None:
        """Wait until the page holds these words, as it is written. Works with scripts off, too."""
        self.wait(lambda: words in self.html(), words, timeout)

    def wait(self, what: Callable[[], Any], words: str, timeout: float = SLOW) -> Any:
        deadline = time.monotonic() + timeout
        while not (found := what()):
            assert time.monotonic() < deadline, f"not within {timeout:g} s: {words}\n{self.html()}"
            time.sleep(LOOK)
        return found

    def html(self) -> str:
        """The page as it is now; "" while it is being replaced."""
        try:
            root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
            return str(self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"])
        except AssertionError:
            return ""

    def click(self, selector: str) -> None:
        """Click the middle of an element, as a person does."""
        x, y = self._middle_by_script(selector) if self._scripts else self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def _middle_by_script(self, selector: str) -> tuple[float, float]:
        find = "(one => { one?.scrollIntoView({block: 'center'}); const at = one?.getBoundingClientRect(); "
        find += "return at && [at.x + at.width / 2, at.y + at.height / 2] })"
        x, y = self.until(f"{find}(document.querySelector({json.dumps(selector)}))")
        return x, y

    def _middle(self, selector: str) -> tuple[float, float]:
        """The middle of an element where scripts are off."""
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        assert node, f"{selector} is not on the page"
        self.call("DOM.scrollIntoViewIfNeeded", nodeId=node)
        box = self.call("DOM.getBoxModel", nodeId=node)["model"]["content"]
        return (box[0] + box[4]) / 2, (box[1] + box[5]) / 2

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key by its name: `a`, `Tab`, `Enter`."""
        code = {"Tab": 9, "Enter": 13}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            text = "" if kind == "keyUp" else "\r" if key == "Enter" else key if len(key) == 1 else ""
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=text, windowsVirtualKeyCode=code)

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
