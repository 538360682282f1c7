"""The playground on this machine: its start, its pictures, its pace and its memory.

    python benchmarks/bench_playground.py start --rounds 5
    python benchmarks/bench_playground.py frames --seconds 10
    python benchmarks/bench_playground.py pace --seconds 5 --rounds 3
    python benchmarks/bench_playground.py memory --seconds 60

Needs Chromium and the extra "playground"; the last way also psutil. In each the
browser runs on the same machine, and takes its part of the processors.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from _chromium import Page  # noqa: E402
from machine import describe  # noqa: E402

# Six layers of eight neurons on the default data, as fast as it can.
LARGE = "layers=8,8,8,8,8,8&activations=tanh,tanh,tanh,tanh,tanh,tanh&speed=0"
EPOCH = "Number(document.querySelector('#skpg-epoch')?.dataset.epoch ?? -1)"
MOVES = """new Promise((done) => {
  const look = () => {
    const button = document.querySelector('#skpg-run[data-running=false]');
    const map = document.querySelector('#skpg-map canvas');
    if (!button || !map) { requestAnimationFrame(look); return; }
    const before = map.toDataURL();
    button.click();
    const moved = () => {
      if (map.toDataURL() !== before) done(true); else requestAnimationFrame(moved);
    };
    moved();
  };
  look();
})"""


class Served:
    """The command in a process of its own, and where its page is."""

    def __init__(self, state=""):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "skann.playground",
                "--no-browser",
                "--state",
                state,
            ],
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip()

    def processor_seconds(self):
        """Of the process so far, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        ticks = sum(map(int, fields.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()


def run_start(args):
    """From the command to a map that has moved, in a browser that is open already."""
    page = Page("about:blank")
    rows = []
    for _ in range(args.rounds):
        with Served() as served:
            printed = time.perf_counter() - served.started
            page.call("Page.navigate", url=served.address)
            page.until("location.href.startsWith('http')")
            page.js(MOVES)
            moved = time.perf_counter() - served.started
            rows.append((printed, moved, served.processor_seconds()))
    page.close()
    for name, values in zip(
        ("address printed", "the map has moved", "processor seconds of the command"),
        zip(*rows, strict=True),
        strict=True,
    ):
        print(f"{name:34} {statistics.median(values):.2f} s, at most {max(values):.2f}")


def run_frames(args):
    """Pictures a second of the large network while it trains as fast as it can."""
    with Served(LARGE) as served:
        page = Page(served.address)
        page.until("!!document.querySelector('#skpg-run[data-running]')")
        page.click("#skpg-run")
        page.until(f"{EPOCH} > 100")
        # Every picture sets the attribute; one that shows what was shown is none.
        page.js(
            "window.pictures = 0; new MutationObserver(() => { window.pictures++; })"
            ".observe(document.querySelector('#skpg-epoch'), {attributes: true});"
        )
        first, start = page.js(EPOCH), time.perf_counter()
        before = served.processor_seconds()
        time.sleep(args.seconds)
        pictures, last = page.js("window.pictures"), page.js(EPOCH)
        seconds = time.perf_counter() - start
        used = served.processor_seconds() - before
        page.close()
    print(
        f"{pictures / seconds:.1f} pictures a second; {(last - first) / seconds:.0f} "
        f"epochs a second; {used / seconds:.2f} processors of the command"
    )


def run_pace(args):
    """Epochs by the same estimator: a fit, the session, and the session with a page."""
    import numpy as np

    from skann.playground._address import from_text
    from skann.playground._server import make_server
    from skann.playground._session import Session

    def of_fit(text):
        session = followed(Session(), text)
        net = session.trainer.net
        session.close()
        X, y = session.data.X_train, session.data.y_train
        net.set_params(max_iter=1000).fit(X, y)
        return lambda: 1000 if net.fit(X, y) else 0

    def followed(session, text):
        done = threading.Event()
        session.post({"kind": "link", "state": text})
        session.post({"kind": "export", "what": "code"}, lambda *_: done.set())
        done.wait()
        return session

    def trained(session, seconds):
        """Epochs a second of wall time, and of the training thread's own."""
        session.post({"kind": "run"})
        time.sleep(0.5)
        thread = time.pthread_getcpuclockid(session._thread.ident)
        first, used = session.trainer.epoch, time.clock_gettime(thread)
        start = time.perf_counter()
        time.sleep(seconds)
        n_epochs = session.trainer.epoch - first
        wall = time.perf_counter() - start
        used = time.clock_gettime(thread) - used
        session.post({"kind": "run", "on": False})
        return n_epochs / wall, n_epochs / used

    for name, text in {"4, 2": "speed=0", "6 x 8": LARGE}.items():
        assert from_text(text)
        found = {}
        for _ in range(args.rounds):
            for way in ("a fit", "the session", "with a page"):
                if way == "a fit":
                    step = of_fit(text)
                    n, wall, used = 0, time.perf_counter(), time.thread_time()
                    while time.perf_counter() - wall < args.seconds:
                        n += step()
                    rates = (
                        n / (time.perf_counter() - wall),
                        n / (time.thread_time() - used),
                    )
                else:
                    session = followed(Session(), text)
                    if way == "with a page":
                        server, listener, address = make_server(session, "127.0.0.1", 0)
                        serving = threading.Thread(
                            target=server.run, kwargs={"sockets": [listener]}
                        )
                        serving.start()
                        page = Page(address)
                        page.until("!!document.querySelector('#skpg-run')")
                    rates = trained(session, args.seconds)
                    if way == "with a page":
                        page.close()
                        server.should_exit = True
                        serving.join()
                        listener.close()
                    session.close()
                found.setdefault(way, []).append(rates)
        for way, rates in found.items():
            wall, own = np.median(rates, axis=0)
            print(
                f"{name:6} {way:12} {wall:8.0f} epochs a second, {own:8.0f} by the "
                "thread's own time"
            )


def run_memory(args):
    """What the command and its page hold while it trains."""
    import psutil

    with Served(LARGE) as served:
        page = Page(served.address)
        page.until("!!document.querySelector('#skpg-run[data-running]')")
        page.click("#skpg-run")
        command = psutil.Process(served.process.pid)
        page.call("HeapProfiler.enable")
        until = time.perf_counter() + args.seconds
        while True:
            left = until - time.perf_counter()
            page.call("HeapProfiler.collectGarbage")
            heap = page.call("Runtime.getHeapUsage")["usedSize"] / 1e6
            print(
                f"{args.seconds - left:5.0f} s: epoch {page.js(EPOCH):8}, command "
                f"{command.memory_info().rss / 1e6:.1f} MB, page {heap:.2f} MB",
                flush=True,
            )
            if left <= 0:
                break
            time.sleep(min(10, left))
        page.close()


WAYS = {
    "start": run_start,
    "frames": run_frames,
    "pace": run_pace,
    "memory": run_memory,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    print(describe())
    WAYS[args.way](args)
