"""A headless Chromium, by its own protocol over two pipes: no driver, no server, no package.

Chromium reads commands from descriptor 3 and writes answers and events to descriptor 4, each a JSON object that ends
with a zero byte (``--remote-debugging-pipe``).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: Puts the ends of the pipes where the browser looks for them, and becomes it. (A process with many threads must not run
#: Python between fork and exec.)
START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.closerange(5, 256)
os.execv(sys.argv[3], sys.argv[3:])
"""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: An answer that takes longer does not come, in seconds.
ANSWER_TIMEOUT = 30.0


def find() -> str | None:
    """The browser's program, installed from Debian's packages if it is not there and we may."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return found
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False, "timeout": 240}
    try:
        subprocess.run(["apt-get", "update"], **quiet)
        options = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        subprocess.run(["apt-get", *options], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, **quiet)
    except subprocess.TimeoutExpired:
        return None
    return next(filter(None, map(shutil.which, NAMES)), None)


class Moved(AssertionError):
    """The tab went to another page before it could answer."""


class Browser:
    """A running browser; pages are tabs of it."""

    def __init__(self, program: str, *more: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="phalanx-browser-", ignore_cleanup_errors=True)
        self._log = tempfile.TemporaryFile()
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        arguments = [
            "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
            "--hide-scrollbars", "--force-color-profile=srgb", f"--user-data-dir={self._profile.name}",
        ]  # fmt: skip
        arguments += more
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's sandbox does not start for root; the pages are our own

        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(to_browser), str(from_browser), program, *arguments, "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the protocol and waits for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_TIMEOUT
        while True:
            answer = self._next(deadline)
            assert answer is not None, f"the browser does not answer to {method}"
            if answer.get("id") == self._number:
                if "error" in answer:
                    said = str(answer["error"].get("message"))
                    raise (Moved if "navigated" in said or "context" in said else AssertionError)(f"{method}: {said}")
                return dict(answer["result"])
            self._events.append(answer)

    def events(self, session: str, name: str) -> list[dict[str, Any]]:
        """What came of an event since it was last asked for."""
        while (event := self._next(0.0)) is not None:
            self._events.append(event)
        mine = [e for e in self._events if e.get("method") == name and e.get("sessionId") == session]
        self._events = [e for e in self._events if e not in mine]
        return [dict(event["params"]) for event in mine]

    def _next(self, deadline: float) -> dict[str, Any] | None:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            part = os.read(self._read, 1 << 20)
            assert part, f"the browser has ended: {self._said()}"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def _said(self) -> str:
        """How it ended, and the last that it wrote about it."""
        code = self._process.wait(5)
        self._log.seek(0)
        return f"{code}, {self._log.read()[-2000:].decode(errors='replace')}"

    def page(self) -> Page:
        """A new tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, target, session)

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._log.close()
        self._profile.cleanup()


class Page:
    """A tab, with what its console says."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        self._complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the protocol for this tab."""
        return self._browser.call(method, self._session, **parameters)

    def look(self, width: int, dark: bool = False, height: int = 900, scale: float = 1) -> None:
        """From here on the tab is so wide, and light or dark; a picture of it has so many dots for each pixel."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale}
        self.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> float:
        """Loads a page; the milliseconds until it is there, with its style and its script."""
        self._browser.events(self._session, "Page.loadEventFired")
        failed = self.call("Page.navigate", url=url).get("errorText")
        assert failed is None, f"{url}: {failed}"
        self.wait("document.readyState === 'complete'")
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        return float(self.value(timing))

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is, awaited if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, expression: str, timeout: float = 30.0) -> Any:
        """Waits until an expression is true; what it is then."""
        deadline = time.monotonic() + timeout
        # An element comes as an empty dict, and is true as it is in JavaScript.
        while (found := self._value_here(expression)) in (None, False, 0, ""):
            assert time.monotonic() < deadline, f"{expression} is not true after {timeout} s"
            time.sleep(0.02)
        return found

    def _value_here(self, expression: str) -> Any:
        try:
            return self.value(expression)
        except Moved:
            return None

    def press(self, key: str, code: int) -> None:
        """Presses and lets go a key."""
        text = {"Enter": "\r", " ": " "}.get(key)
        down = {"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", **{**down, "type": "keyUp"})

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and answers that are no success, since the last call."""
        take = lambda name: self._browser.events(self._session, name)  # noqa: E731
        said = [f"exception: {e['exceptionDetails']}" for e in take("Runtime.exceptionThrown")]
        said += [f"console: {e['args']}" for e in take("Runtime.consoleAPICalled") if e["type"] in ("error", "warning")]
        said += [f"log: {e['entry']}" for e in take("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]
        answers = take("Network.responseReceived")
        said += [f"{e['response']['status']}: {e['response']['url']}" for e in answers if e["response"]["status"] >= 400]
        # Browsers ask for this one by themselves, some time after a page that names no icon.
        return [line for line in said if "/favicon.ico" not in line]

    def picture(self, path: Path, whole: bool = True) -> None:
        """Writes what is seen into a PNG file."""
        options: dict[str, Any] = {"format": "png"}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            options["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}
            options["captureBeyondViewport"] = True
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **options)["data"]))

    def close(self) -> None:
        """Closes the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)
