"""A headless Chromium, spoken to through its debugging pipe; no library, no network."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking"),
    *("--autoplay-policy=no-user-gesture-required", "--hide-scrollbars", "--disable-sync"),
    "--remote-debugging-pipe",
)
AS_3_AND_4 = """
import fcntl, os, sys
hears, speaks = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3])
os.dup2(hears, 3)
os.dup2(speaks, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""  # where the browser looks for its pipes
PATIENCE = 60  # seconds; machines that test may be busy
KEYS = {" ": ("Space", 32), "Home": ("Home", 36), "End": ("End", 35), "ArrowRight": ("", 39)}


def find_browser():
    """The path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page in one browser."""

    def __init__(self, program, profile):
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-S", "-c", AS_3_AND_4, str(to_browser), str(from_browser)),
                *(program, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers, self._rest, self._session = itertools.count(1), b"", None
        self.requests, self.complaints = [], []
        pages = self.call("Target.getTargets")["targetInfos"]
        page = next(p for p in pages if p["type"] == "page")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        """End the browser."""
        self._process.terminate()
        self._process.wait(30)
        os.close(self._write)
        os.close(self._read)

    def call(self, method, **params):
        """One command and its answer; what happens meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _receive(self):
        while b"\0" not in self._rest:
            chunk = os.read(self._read, 1 << 20)
            assert chunk, "the browser is gone"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def _note(self, event):
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"])
        if event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])

    def open(self, path: Path, *, size=(1280, 900), dark=False, ready="true"):
        """Show a file and wait until a script's condition holds."""
        self.resize(*size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=path.absolute().as_uri())
        self.wait("document.readyState === 'complete'")
        self.wait(ready)

    def resize(self, width, height):
        """Another window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def ask(self, script):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition):
        """Until an expression holds."""
        until = time.monotonic() + PATIENCE
        while not self.ask(condition):
            assert time.monotonic() < until, f"never came true: {condition}"
            time.sleep(0.05)

    def mouse(self, kind, x, y):
        """``mousePressed``, ``mouseMoved`` or ``mouseReleased``."""
        self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1
        )

    def click(self, selector, across=0.5, down=0.5):
        """Click on a share of an element's width and height."""
        there = "{block: 'center', behavior: 'instant'}"
        self.ask(f"document.querySelector({selector!r}).scrollIntoView({there})")
        box = self.ask(f"(r => [r.x, r.y, r.width, r.height])({rect(selector)})")
        x, y = box[0] + across * box[2], box[1] + down * box[3]
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def press(self, key):
        """Press and release a key."""
        code, number = KEYS.get(key, ("", 0))
        text = {"text": key} if len(key) == 1 else {}
        about = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def picture(self, *, whole=True):
        """A PNG of the page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return b64decode(shot["data"])


def rect(selector):
    """A script for where an element is."""
    return f"document.querySelector({selector!r}).getBoundingClientRect()"
