"""Hostile requests to a playground of its own, over the loopback interface only.

    python benchmarks/attack/playground.py --cases 2000 --seconds 120

Starts the command, sends malformed HTTP, hostile and mutated messages, wild tables and
random settings, floods it, and does not read what it sends. A fault is a status of 5xx,
a page without the token, an answer that a browser can't parse, a message without an
answer, a traceback, or memory that grows without limit. Prints how many of each were
run and what was found, and exits with 1 if anything was. Needs the extra "playground".
"""

import argparse
import contextlib
import json
import logging
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests")]

import _hostile  # noqa: E402
from machine import describe  # noqa: E402
from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

PATIENCE = 30.0  # seconds after which a message has no answer
MOST_MEMORY = 600  # MB
SETTINGS = {
    "data": ["circle", "xor", "gauss", "spiral", "plane", "multi-gauss", "table"],
    "problem": ["classification", "regression"],
    "share": [10, 90],
    "noise": [0, 0.5],
    "batch": [1, 30, 1000],
    "features": [["x1"], ["x1^2", "x1x2", "sin x1"]],
    "layers": [[], [1], [8, 8], [2] * 6],
    "activations": [["relu"], ["identity"], ["exponential"], ["step"], ["logistic"]],
    "loss": ["mse", "cross_entropy", "perceptron", "poisson", "gaussian", "huber"],
    "solver": ["sgd", "adam", "lbfgs", "cg", "rprop", "lion"],
    "momentum": [0, 0.9, 1],
    "rate": [1e-6, 0.03, 100],
    "schedule": ["constant", "adaptive", "one_cycle", "cosine"],
    "penalty": ["none", "l1", "l2"],
    "alpha": [0, 100],
    "dropout": [0, 0.9],
    "seed": [0, 2**31],
}


class Target:
    """The command in a process of its own, and what was found wrong with it."""

    def __init__(self):
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skann.playground", "--no-browser"],
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.address = urlsplit(self.process.stdout.readline().strip())
        assert self.address.hostname == "127.0.0.1", "only this machine is attacked"
        self.faults = []

    def fault(self, what, case=""):
        self.faults.append(f"{what}: {str(case)[-1500:]!r}")

    def memory(self):
        """Resident megabytes, as Linux tells; NaN elsewhere."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return math.nan
        return int(status.partition("VmRSS:")[2].split()[0]) / 1e3

    def page(self, **options):
        where = f"ws://{self.address.netloc}/socket?{self.address.query}"
        options = {"max_size": 2**26, "compression": None, **options}
        return connect(where, origin=f"http://{self.address.netloc}", **options)

    def close(self):
        """End the command, and look at what it has said."""
        if self.process.poll() is not None:
            self.fault("the command ended", self.process.returncode)
        self.process.terminate()
        self.process.wait()
        self.log.seek(0)
        said = self.log.read()
        if "Traceback" in said:
            self.fault("a traceback", said[said.index("Traceback") :])


def answers(target, page, until, case):
    """Read until a message of some kind has come; True if it did."""

    def no_constant(name):
        raise ValueError(name)

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            data = page.recv(timeout=PATIENCE)
        except (TimeoutError, ConnectionClosed) as error:
            target.fault(f"no answer, {type(error).__name__}", case)
            return False
        head = data[4 : 4 + int.from_bytes(data[:4], "little")]
        try:
            message = json.loads(head.decode(), parse_constant=no_constant)[0]
        except ValueError as error:
            target.fault(f"an answer that is not JSON ({error})", case)
            continue
        if message["kind"] == "frame":
            page.send('{"kind": "ack"}')
        if message["kind"] in until:
            return True
    target.fault("no answer", case)
    return False


def in_turn(target, cases, until):
    """Send messages to one page, which is opened anew when it was closed."""
    stack, n = contextlib.ExitStack(), 0
    page = stack.enter_context(target.page())
    probe = '{"kind": "export", "what": "code"}'
    for case in cases:
        n += 1
        try:
            page.send(case)
            alive = answers(target, page, until, case)
            if n % 10 == 0:
                page.send(probe)
                alive &= answers(target, page, ("export",), case)
        except ConnectionClosed:
            alive = False
            target.fault("the connection was closed", case)
        if not alive:
            stack.close()
            page = stack.enter_context(target.page())
    stack.close()
    return n


def send_requests(target, rng, left):
    """Raw HTTP, most of it malformed: never 5xx, never the page without the token."""
    host, query = target.address.netloc, target.address.query
    token = f"/?{query}"
    paths = ["/", token, token[:-1], "/socket", f"/socket?{query}", "/../_server.py"]
    paths += [
        "/%00",
        "/\xe9",
        "*",
        "http://a/",
        "/?" + "a=&" * 5000,
        f"//{host}{token}",
    ]
    hosts = [host, "[", "[::1", "", "attacker.example", host + ":1", "\xe9", "a" * 9000]
    origins = [
        f"http://{host}",
        "http://[",
        "null",
        "",
        "://",
        "http://[::1]:x",
        "\xff",
    ]
    n = 0
    while left():
        n += 1
        path, named = rng.choice(paths), rng.choice(hosts)
        method = rng.choice(["GET", "GET", "GET", "POST", "HEAD", "\0", "OPTIONS"])
        lines = [f"{method} {path} HTTP/1.1", f"Host: {named}"]
        if rng.random() < 0.5:
            lines += ["Connection: Upgrade", "Upgrade: websocket"]
            lines += [f"Origin: {rng.choice(origins)}", "Sec-WebSocket-Version: 13"]
            lines += [f"Sec-WebSocket-Key: {rng.choice(['A' * 22 + '==', '', 'x'])}"]
        rng.random() < 0.1 and lines.append(rng.choice(["Content-Length: x", ":", "a"]))
        data = bytearray("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if rng.random() < 0.2:
            data[rng.randrange(len(data))] = rng.randrange(256)
        answer = exchanged(target, bytes(data))
        status = answer[9:12]
        if status.startswith(b"5"):
            target.fault(f"status {status.decode()}", data[:200])
        if b'id="playground"' in answer and (path != token or named != host):
            target.fault("the page without token or host", data[:200])
        if status == b"101" and f"Origin: http://{host}".encode() not in data:
            target.fault("a socket for another origin", data[:200])
    return n


def exchanged(target, data):
    """What the server answers to bytes; empty if it waits for more."""
    where = (target.address.hostname, target.address.port)
    with socket.create_connection(where, timeout=PATIENCE) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            found = connection.recv(65536)
            if found[9:12] != b"101":
                while more := connection.recv(65536):
                    found += more
        except (TimeoutError, ConnectionError):
            found = b""
    return found


def send_hostile(target, rng, left):
    """Every field of every message as it may not be: each gets an error."""

    def texts():
        for message in _hostile.messages():
            try:
                text = json.dumps(message)
            except TypeError:
                continue
            if "(" in repr(message):  # a tuple, which JSON can't say either
                continue
            if not left():
                return
            yield text

    return in_turn(target, texts(), ("error",))


def send_mutated(target, rng, left):
    """Sound messages with characters changed: an answer to whatever comes next."""
    sound = [json.dumps({"kind": k, **fields}) for k, fields in _hostile.SOUND.items()]
    pieces = ['"', "\\", "[", "]", "{", "}", ",", ":", "1e999", "NaN", "-", "\\ud800"]
    pieces += ["null", "true", "9" * 400, "\0", "\u2028", "[" * 5000, '"kind"']

    def texts():
        while left():
            text = rng.choice(sound)
            for _ in range(rng.choice([1, 1, 2, 5])):
                start = rng.randrange(len(text) + 1)
                end = min(len(text), start + rng.choice([0, 0, 1, 5]))
                text = text[:start] + rng.choice(pieces) + text[end:]
            yield text

    return in_turn(target, texts(), ("error", "state", "frame", "export"))


def send_tables(target, rng, left):
    """Tables with wild numbers, gaps, text and names, then a step of training."""
    cells = ["", "?", "nan", "inf", "-1e308", "1e308", "1e-320", "0", "x", "1,5", "1_0"]

    def cell(kind):
        if kind == 0:
            return rng.choice(cells)
        if kind == 1:
            return repr(rng.choice([-1, 1]) * 10 ** rng.uniform(-320, 308))
        if kind == 2:
            return rng.choice("uvw")
        return f"{rng.gauss(0, 1) * 10 ** rng.choice([-9, 0, 0, 0, 9, 29])!r}"

    def texts():
        while left():
            n = rng.randint(2, 6)
            kinds = [rng.choice([0, 1, 2, 3, 3, 3, 3]) for _ in range(n)]
            names = (
                [
                    rng.choice(["a", "b\u2028", "\ud800", "x" * 300, "é", "c=d"])
                    + str(i)
                    for i in range(n)
                ]
                if rng.random() < 0.2
                else [*"abcdef"[:n]]
            )
            between = rng.choice(",;\t")
            rows = [[cell(kind) for kind in kinds] for _ in range(rng.choice([3, 40]))]
            text = "\n".join(map(between.join, [names, *rows]))
            yield json.dumps({"kind": "table", "text": text, "name": "own.csv"})
            yield '{"kind": "step"}'

    return in_turn(target, texts(), ("error", "state", "frame"))


def send_settings(target, rng, left):
    """Settings that may be, at random, and some training."""

    def texts():
        rows = "".join(f"{i % 9},{i},{1 + i % 13},{'uv'[i % 2]}\n" for i in range(60))
        yield json.dumps({"kind": "table", "text": "a,b,c,d\n" + rows})
        while left():
            chosen = rng.sample(sorted(SETTINGS), rng.randint(1, 6))
            settings = {name: rng.choice(SETTINGS[name]) for name in chosen}
            yield json.dumps({"kind": "set", "settings": settings})
            yield '{"kind": "step"}'
            value = rng.choice([-1e6, 1e6, 30, 0])
            weight = {"layer": rng.randint(0, 2), "index": [0, 0], "value": value}
            yield json.dumps({"kind": "weight", "array": "coefs_", **weight})
            yield '{"kind": "step"}'
            yield '{"kind": "seek", "epoch": 0}'

    return in_turn(target, texts(), ("error", "state", "frame"))


def flood(target, rng, left):
    """Pages that send without end and never read; another is served meanwhile."""
    stop, counts = threading.Event(), [0] * 4
    texts = [
        '{"kind": "reset"}',
        '{"kind": "set", "settings": {"seed": 1}}',
        "[" * 1000,
        '{"kind": "export", "what": "joblib"}',
    ]

    pages = []

    def send(i):
        try:
            with target.page(close_timeout=0) as page:
                pages.append(page)
                while not stop.is_set():
                    page.send(texts[i])
                    counts[i] += 1
        except (ConnectionClosed, OSError):
            pass

    threads = [threading.Thread(target=send, args=[i], daemon=True) for i in range(4)]
    for thread in threads:
        thread.start()
    with target.page() as other:
        for _ in range(20):
            if not answers(target, other, ("frame",), "a flood"):
                break
            if target.memory() > MOST_MEMORY:
                target.fault("memory in MB", target.memory())
                break
    stop.set()
    for page in pages:  # a thread may wait until the server reads
        with contextlib.suppress(OSError):
            page.socket.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(PATIENCE)
    return sum(counts)


def send_bombs(target, rng, left):
    """A message that is small as it is sent and 200 MB when inflated; one too large."""
    n = 0
    zipper = zlib.compressobj(9, zlib.DEFLATED, -12)
    small = zipper.compress(b"[" * 200_000_000) + zipper.flush(zlib.Z_SYNC_FLUSH)
    for payload, bits in ((small[:-4], 0x41), (b"[" * 11_000_000, 0x01)):
        n += 1
        with target.page(compression="deflate" if bits > 1 else None) as page:
            head = bytes([bits | 0x80, 127 | 0x80]) + len(payload).to_bytes(8, "big")
            try:
                page.socket.sendall(head + b"\0\0\0\0" + payload)  # masked by zero
                while True:
                    page.recv(timeout=PATIENCE)
            except TimeoutError:
                target.fault("a message that is too large leaves the page open", bits)
            except (ConnectionClosed, OSError):
                pass  # as it should be
        if target.memory() > MOST_MEMORY:
            target.fault("memory in MB", target.memory())
    return n


WAYS = {
    "HTTP requests": send_requests,
    "messages with a wrong field": send_hostile,
    "messages with characters changed": send_mutated,
    "messages with wild tables, and steps": send_tables,
    "messages with random settings, and steps": send_settings,
    "messages of pages that never read": flood,
    "messages that are too large": send_bombs,
}


def run(target, way, rng, cases, seconds):
    """How many were sent by one of the ways."""
    until, sent = time.monotonic() + seconds, 0

    def left():
        nonlocal sent
        sent += 1
        return sent <= cases and time.monotonic() < until

    try:
        return way(target, rng, left)
    except (OSError, ConnectionClosed, InvalidStatus) as error:
        target.fault("the server is gone", repr(error))
        return sent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000, help="most of each kind")
    parser.add_argument("--seconds", type=float, default=120.0, help="most, in all")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(describe())
    # The client logs that its connections end in the middle, which is meant.
    logging.getLogger("websockets").setLevel(logging.CRITICAL + 1)
    target, rng = Target(), random.Random(args.seed)
    print(f"{target.memory():.0f} MB at the start")
    for name, way in WAYS.items():
        n = run(target, way, rng, args.cases, args.seconds / len(WAYS))
        print(f"{n:8} {name}; {target.memory():.0f} MB", flush=True)
    target.close()
    for fault in target.faults[:50]:
        print(fault)
    print(f"{len(target.faults)} faults")
    return 1 if target.faults else 0


if __name__ == "__main__":
    sys.exit(main())
