"""One network being played with, and who watches it.

All work is done in one thread, which takes messages in turn and trains in between. A
host (the server, the widget) brings messages in and frames out: see :class:`Session`.
"""

import queue
import threading
import time

import numpy as np

from . import _exports
from ._address import from_text, to_text
from ._data import make_data
from ._frame import Painter
from ._options import frame, rows, state
from ._protocol import checked
from ._roles import with_roles
from ._settings import (
    LIVE,
    SETTINGS,
    VIEW,
    changed,
    defaults,
    epochs_per_fit,
    last_epoch,
    scene_weights,
    start,
)
from ._table import read_table
from ._trainer import Trainer
from ._watchers import Watchers

# Some more pictures than the thirty a second at which they seem to move.
FRAME_SECONDS = 1 / 34
MAX_CURVE, MAX_WAITING = 400, 64

# What the hosts say, beside the messages of pages; no page can send one of these.
_NONE, _WATCH, _LEAVE, _SHOW, _CLOSE = (object() for _ in range(5))


class Session:
    """A network, its data, and the thread that trains it.

    Parameters
    ----------
    table : Table, default=None
        To begin with.

    Notes
    -----
    A watcher is a callable ``send(message, buffers)`` with a dict of plain values and a
    list of bytes, called in the session's thread. It is sent another frame only once
    `ready` has been called for the last one. If it raises, it is sent no more.
    """

    def __init__(self, table=None):
        self.settings, self.table, self.points = defaults(), None, []
        self.running, self.curve = False, []
        self._inbox, self._watchers = queue.SimpleQueue(), Watchers()
        self._needs_frame, self._link_to_table = True, None
        self._next_frame = 0.0  # when it is due, by time.perf_counter
        self.n_networks = 0
        if table is not None:
            self._open(table)
        else:
            self._rebuild(self.settings)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def address(self):
        """The state, as a link to it has it: see ``_address.py``."""
        return to_text(self.settings, *self._by_hand())

    def _by_hand(self):
        """Points drawn and weights set by hand, but for the scene's."""
        points = self.points if self.settings["data"] == "drawn" else []
        scene = scene_weights(self.settings)
        weights = self.trainer.first_weights.items()
        return points, {n: value for n, value in weights if scene.get(n) != value}

    def post(self, message, watcher=None, done=lambda: None):
        """Take a message, to be handled in its turn; answers go to the watcher.

        `done` is called, in the session's thread, once the message has been handled.
        A message that comes while too many others wait is refused.
        """
        if self._inbox.qsize() < MAX_WAITING:
            self._inbox.put((message, watcher, done))
        else:
            self._watchers.refuse(watcher, "Too many messages wait; one was left out.")
            done()

    def ready(self, watcher):
        """A watcher has shown its last frame; may be called in any thread."""
        if self._watchers.ready(watcher):
            self._say(_SHOW, watcher)

    def watch(self, watcher):
        """Send frames to one more."""
        self._say(_WATCH, watcher)

    def leave(self, watcher):
        """Send no more to it."""
        self._say(_LEAVE, watcher)

    def close(self):
        """End the thread."""
        self._say(_CLOSE)
        self._thread.join(timeout=10)

    def _say(self, what, watcher=None):
        self._inbox.put((what, watcher, lambda: None))

    def _work(self):
        with np.errstate(all="ignore"):  # wild numbers are shown as such
            while True:
                try:
                    if not self._turn():
                        return
                except Exception as error:  # nothing ends the only thread
                    self._stop(str(error) or type(error).__name__)

    def _turn(self):
        """Handle a message, or train and show; False once the session is closed."""
        wait = max(0.0, self._next_frame - time.perf_counter())
        busy = self.running and self.settings["speed"] == 0
        at_work = self.running or self._needs_frame
        try:
            timeout = (wait or 0.001) if at_work else None
            message, watcher, done = self._inbox.get(not busy, timeout)
        except queue.Empty:
            message = _NONE
        if message is _CLOSE:
            return False
        if message is not _NONE:
            try:
                self._handle(message, watcher)
            finally:
                done()
        now = time.perf_counter()
        due = now >= self._next_frame
        if message is not _NONE and not due:
            return True  # messages come first, but never keep a picture waiting
        if self.running and (due or self.settings["speed"] == 0):
            self._train()
            now = time.perf_counter()
            # What begins a piece of training takes milliseconds: no small one.
            due = now >= self._next_frame - 0.3 * FRAME_SECONDS
        if due and (self.running or self._needs_frame):
            # What is late is not made up for.
            self._next_frame = max(self._next_frame + FRAME_SECONDS, now)
            self._needs_frame = False
            self._watchers.show(lambda: frame(self))
        return True

    def _train(self):
        n_epochs = self.settings["speed"] or 10**9
        self._advance(max(n_epochs, epochs_per_fit(self.settings) or 1))

    def _advance(self, n_epochs):
        limit = last_epoch(self.settings)
        n_epochs = min(n_epochs, limit - self.trainer.epoch)
        if n_epochs <= 0:
            self.running = False
            return
        self._cut_curve()
        try:
            # Up to the next picture, as far as can be said.
            left = self._next_frame - time.perf_counter()
            seconds = left if 0 < left <= FRAME_SECONDS else FRAME_SECONDS
            self.trainer.advance(n_epochs, 0.9 * seconds)
            self._record()
        except ValueError as error:
            self._stop(str(error))
        self._needs_frame = True
        if self.trainer.epoch >= limit:
            self.running = False

    def _stop(self, error):
        self.running = False
        self._watchers.broadcast({"kind": "error", "message": error})

    def _cut_curve(self):
        epoch = self.trainer.epoch
        self.curve = [point for point in self.curve if point[0] <= epoch]

    def _record(self):
        losses = self.painter.losses(self.trainer.net)
        self.curve.append((self.trainer.epoch, *losses))
        if len(self.curve) > MAX_CURVE:
            self.curve = self.curve[::2] + self.curve[-1:] * (len(self.curve) % 2 == 0)
        if losses[0] <= self.settings["stopLoss"]:
            self.running = False

    def _handle(self, message, watcher):
        if message is _LEAVE:
            self._watchers.remove(watcher)
            return
        self._needs_frame = True
        if message is _WATCH:
            self._watchers.add(watcher)
            self._watchers.send(watcher, state(self), [rows(self)])
        elif message is not _SHOW:
            try:
                kind, fields = checked(message)
                _ACTIONS[kind](self, fields, watcher)
            except Exception as error:  # whatever is sent: the page says so, goes on
                self._watchers.refuse(watcher, error)

    def _on_set(self, message, watcher):
        changes = message["settings"]
        if self.table is not None and self.settings["data"] == "table":
            changes = with_roles(self.table, self.settings, changes)
        new = changed(self.settings, changes)
        different = {name for name in SETTINGS if new[name] != self.settings[name]}
        if different - LIVE - VIEW:
            self._rebuild(new)
        else:
            if different & LIVE:
                self.trainer.change(new)
                self._cut_curve()
            self.settings = new
        self._tell(full=bool(different - LIVE - VIEW))

    def _on_scene(self, message, watcher):
        settings = start(message["scene"])
        for name in ("showTest", "discretize"):
            settings[name] = self.settings[name]
        self._rebuild(settings)
        self._tell(full=True)

    def _on_link(self, message, watcher):
        try:
            self._follow(message["state"])
        finally:
            self._tell(full=True)

    def _follow(self, text):
        settings, points, weights = from_text(text)
        lacks_table = settings["data"] == "table" and self.table is None
        if lacks_table:
            settings = changed(settings, {"data": defaults()["data"]})
        if (settings, (points, weights)) == (self.settings, self._by_hand()):
            return  # a page that was loaded again: training goes on
        if points:
            self._draw(points, settings, weights)
        else:
            self._rebuild(settings, weights)
        if lacks_table:
            self._link_to_table = text
            raise ValueError(
                "The table that this link is for is not here: open it, paste it, or "
                "drop it, and the link is followed."
            )

    def _on_run(self, message, watcher):
        self.running = message["on"]

    def _on_step(self, message, watcher):
        self.running = False
        self._advance(epochs_per_fit(self.settings) or 1)

    def _on_reset(self, message, watcher):
        self._rebuild(self.settings)
        self._tell(full=True)

    def _on_seek(self, message, watcher):
        self.running = False
        self.trainer.seek(message["epoch"])

    def _on_weight(self, message, watcher):
        where = message["array"], message["layer"], tuple(message["index"])
        self.trainer.set_weight(*where, message["value"], self.painter.losses)
        self._cut_curve()
        self._record()
        self._tell()

    def _on_table(self, message, watcher):
        table = read_table(message["text"], message["name"])
        try:
            self._open(table)
        finally:
            self._tell(full=True)

    def _on_points(self, message, watcher):
        self._draw(message["points"], changed(self.settings, {"data": "drawn"}))
        self._tell(full=True)

    def _draw(self, points, settings, weights=None):
        self.points, before = points, self.points
        try:
            self._rebuild(settings, weights)
        except ValueError:
            self.points = before
            raise

    def _on_export(self, message, watcher):
        exported, buffers = _exports.export(self, message["what"])
        if watcher is not None:
            self._watchers.send(watcher, {"kind": "export", **exported}, buffers)

    def _open(self, table):
        before, self.table = self.table, table
        try:
            self._rebuild(changed(self.settings, table.choice()))
        except ValueError:
            self.table = before
            raise
        if self._link_to_table is not None:
            link, self._link_to_table = self._link_to_table, None
            self._follow(link)

    def _rebuild(self, settings, weights=None):
        """A new network, with weights set by hand; if it can't be made, nothing is."""
        data = make_data(settings, self.table, self.points)
        trainer = Trainer(settings, data)
        for where, value in (scene_weights(settings) | (weights or {})).items():
            trainer.set_weight(*where, value)
        painter = Painter(trainer.net, data)
        painter.losses(trainer.net)
        self.settings, self.data = settings, data
        self.trainer, self.painter = trainer, painter
        self.n_networks += 1
        self.running, self.curve = False, []
        self._record()

    def _tell(self, full=False):
        if full:
            self._watchers.broadcast(state(self), [rows(self)])
        else:
            present = {"settings": self.settings, "address": self.address}
            self._watchers.broadcast({"kind": "state", **present})


_ACTIONS = {
    "set": Session._on_set,
    "scene": Session._on_scene,
    "link": Session._on_link,
    "run": Session._on_run,
    "step": Session._on_step,
    "reset": Session._on_reset,
    "seek": Session._on_seek,
    "weight": Session._on_weight,
    "table": Session._on_table,
    "points": Session._on_points,
    "export": Session._on_export,
}
