"""Who watches a session, and who of them has yet to show its last frame."""

import threading

from ._protocol import parsable


class Watchers:
    """Callables ``send(message, buffers)``; one that raises is sent no more.

    `ready` and `refuse` may be called in any thread, the others in the session's.
    """

    def __init__(self):
        self._all, self._lock = [], threading.Lock()
        # Those with a frame on its way, and those of them that missed another.
        self._busy, self._missed = set(), set()

    def __iter__(self):
        return iter(list(self._all))

    def add(self, watcher):
        """Send to one more, as to one that is new."""
        self.remove(watcher)
        self._all.append(watcher)

    def remove(self, watcher):
        """Send no more to it."""
        self._all = [each for each in self._all if each != watcher]
        with self._lock:
            self._busy.discard(watcher)
            self._missed.discard(watcher)

    def ready(self, watcher):
        """Take note that a frame has been shown; True if another was missed."""
        with self._lock:
            self._busy.discard(watcher)
            missed = watcher in self._missed
            self._missed.discard(watcher)
        return missed

    def send(self, watcher, message, buffers=()):
        """Send to one, who need not be among them."""
        try:
            watcher(parsable(message), list(buffers))
        except Exception:  # one that is gone takes nobody with it
            self.remove(watcher)

    def refuse(self, watcher, error):
        """Tell one, if there is one, what was wrong."""
        if watcher is not None:
            text = str(error) or type(error).__name__
            self.send(watcher, {"kind": "error", "message": text})

    def broadcast(self, message, buffers=()):
        """Send to all."""
        for watcher in self:
            self.send(watcher, message, buffers)

    def show(self, make):
        """Send a frame, which is made only if there is somebody ready for it."""
        with self._lock:
            ready = [each for each in self._all if each not in self._busy]
            self._missed |= self._busy
        if not ready:
            return
        message, buffers = make()
        with self._lock:
            self._busy.update(ready)
        for watcher in ready:
            self.send(watcher, message, buffers)
