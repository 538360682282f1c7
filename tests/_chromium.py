"""Chromium without a window, driven by its own protocol: no other package is needed."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

NAMES = "chromium", "chromium-browser", "google-chrome"
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
PATIENCE = 30.0  # seconds after which what was waited for has not come


def wait(condition, what="", patience=PATIENCE):
    """The value of a function once it is true."""
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"never true: {what}"
        time.sleep(0.02)


class Page:
    """One page of a browser of its own; close it."""

    def __init__(self, address, *, width=1280, height=900, dark=False):
        from websockets.sync.client import connect

        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # The sandbox does not start for root, as in a container.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [
                BROWSER,
                *root,
                "--headless",
                "--disable-gpu",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--window-size={width},{height}",
                f"--user-data-dir={self._folder.name}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Written once the browser listens; its second line comes with the first.
        port = Path(self._folder.name, "DevToolsActivePort")
        wait(lambda: port.exists() and port.read_text().count("\n"))
        where = f"http://127.0.0.1:{port.read_text().split()[0]}"
        with urllib.request.urlopen(f"{where}/json/list") as answer:
            targets = json.load(answer)
        target = next(each for each in targets if each["type"] == "page")
        self._closing = contextlib.ExitStack()
        self._socket = self._closing.enter_context(
            connect(target["webSocketDebuggerUrl"], max_size=2**26, close_timeout=0)
        )
        self._number, self.errors = 0, []
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 500)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Runtime.enable")
        self.call("Page.enable")
        self.open(address)

    def call(self, method, **parameters):
        """The result of one of the protocol's methods."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE))
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address):
        """Go to an address, or load it anew."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)

    def js(self, expression):
        """What an expression of JavaScript is."""
        found = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, condition, patience=PATIENCE):
        """The value of a function, or an expression of JavaScript, once it is true."""
        if callable(condition):
            return wait(condition, patience=patience)
        return wait(lambda: self.js(condition), condition, patience)

    def click(self, selector):
        """Click on what a selector finds."""
        self.until(f"!!document.querySelector({selector!r})")
        self.js(f"document.querySelector({selector!r}).click()")

    def set(self, selector, value):
        """Set a field as a user does who then leaves it."""
        self.until(f"!!document.querySelector({selector!r})")
        self.js(
            f"(() => {{ const field = document.querySelector({selector!r});"
            f"field.value = {json.dumps(value)};"
            "field.dispatchEvent(new Event('input', {bubbles: true}));"
            "field.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    def text(self, selector):
        """The text of what a selector finds."""
        return self.js(f"document.querySelector({selector!r})?.textContent")

    def mouse(self, x, y, press=False):
        """Move the mouse, and press its button."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if press:
            button = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type="mousePressed", **button)
            self.call("Input.dispatchMouseEvent", type="mouseReleased", **button)

    def key(self, key, *, control=False, **more):
        """Press a key, of the letters or one that has a name."""
        code = {"key": key, "code": f"Key{key.upper()}" if len(key) == 1 else key}
        if control:
            code["modifiers"] = 2
        elif len(key) == 1:
            code["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def drop(self, path, x, y):
        """Drag a file from outside to a place, and drop it."""
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def download(self, selector, folder, name):
        """The path of a file that a click on what a selector finds gives."""
        behaviour = {"behavior": "allow", "downloadPath": str(folder)}
        self.call("Browser.setDownloadBehavior", **behaviour)
        self.click(selector)
        # Until it is whole it has another name.
        return wait(lambda: next(Path(folder).glob(name), None), f"{name} in {folder}")

    def close(self):
        """End the browser."""
        self._closing.close()
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()
