"""Who may use the server: this machine's page, with its token, and nobody else."""

import asyncio
import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest

from skann.playground.__main__ import main
from skann.playground._server import _Connection, listen, make_server
from skann.playground._session import Session


def get(address, path, **headers):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


def test_the_page_needs_the_token_and_the_host(served):
    parts = urlsplit(served[1])
    right = f"/?{parts.query}"
    status, text, headers = get(served[1], right)
    assert (status, "playground.css" in text) == (200, True)
    assert "default-src 'none'" in headers["content-security-policy"]
    for path, host in [
        ("/", None),
        (right[:-1], None),
        ("/?token=", None),
        (right, "attacker.example"),
        (right, f"attacker.example:{parts.port}"),
    ]:
        status, text, _ = get(served[1], path, **({"Host": host} if host else {}))
        assert (status, "<div" in text) == (403, False)


@pytest.mark.parametrize("name", ["playground.js", "playground.css", "page.js"])
def test_its_files(served, name):
    assert get(served[1], f"/{name}")[0] == 200


@pytest.mark.parametrize(
    "path", ["/index.html", "/../_server.py", "/%2e%2e%2f_server.py", "/_server.py"]
)
def test_no_other_files(served, path):
    assert get(served[1], path)[0] == 404


@pytest.mark.parametrize(
    ("change", "origin"),
    [
        ("", None),
        ("", "https://attacker.example"),
        ("", "null"),
        ("x", "own"),
        (None, "own"),
    ],
)
def test_sockets_from_elsewhere_are_refused(served, change, origin):
    client = pytest.importorskip("websockets.sync.client")
    exceptions = pytest.importorskip("websockets.exceptions")
    parts = urlsplit(served[1])
    query = "" if change is None else f"?{parts.query}{change}"
    origin = f"http://{parts.netloc}" if origin == "own" else origin
    with (
        pytest.raises(exceptions.InvalidStatus),
        client.connect(f"ws://{parts.netloc}/socket{query}", origin=origin),
    ):
        pass


def connected(address, **options):
    """A connection as the page has one."""
    client = pytest.importorskip("websockets.sync.client")
    parts = urlsplit(address)
    where = f"ws://{parts.netloc}/socket?{parts.query}"
    own = {"origin": f"http://{parts.netloc}", "max_size": 2**24}
    return client.connect(where, **own, **options)


def messages(connection):
    """What comes, parsed as a browser does, without end."""

    def no_constant(name):
        raise AssertionError(name)

    while True:
        data = connection.recv(timeout=30)
        length = int.from_bytes(data[:4], "little")
        yield json.loads(data[4 : 4 + length], parse_constant=no_constant)[0]


@pytest.mark.parametrize(
    "sent",
    [
        "no json",
        "[1, 2]",
        '{"kind": 7}',
        b"\0\1",
        '"close"',
        "[" * 100_000,
        '{"kind": "set", "settings": {"rate": NaN}}',
        '{"kind": "set", "settings": {"rate": 1e999}}',
        '{"kind": "set", "settings": {"axis1": "\\ud800"}}',
        '{"kind": "seek", "epoch": ' + "9" * 5000 + "}",
    ],
    ids=lambda sent: str(sent)[:45],
)
def test_socket_answers_bad_messages_and_stays_open(served, sent):
    with connected(served[1]) as connection:
        connection.send(sent)
        found = messages(connection)
        assert next(m for m in found if m["kind"] == "error")["message"]
        connection.send('{"kind": "export", "what": "code"}')
        assert next(m for m in found if m["kind"] == "export")["text"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://[", 400), ("http://[::1", 400), ("//", 403), ("http://\xe9", 403)],
)
def test_malformed_origin_is_refused(served, origin, status):
    parts = urlsplit(served[1])
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Origin": origin,
    }
    assert get(served[1], f"/socket?{parts.query}", **headers)[0] == status


def test_a_page_that_reads_late_gets_the_last_of_each_kind():
    class WebSocket:
        def __init__(self):
            self.open, self.sent = asyncio.Event(), []

        async def send_bytes(self, data):
            await self.open.wait()
            length = int.from_bytes(data[:4], "little")
            self.sent.append(json.loads(data[4 : 4 + length])[0])

    async def late():
        websocket = WebSocket()
        connection = _Connection(None, websocket)
        sender = asyncio.create_task(connection._send_all())
        for i in range(1000):
            connection.send({"kind": "state", "options": {}, "n": i}, [b"x" * 8])
            connection.send({"kind": "error", "message": "", "n": i}, [])
            connection.send({"kind": "state", "n": i}, [])
        for what in ("code", "onnx"):
            connection.send({"kind": "export", "what": what}, [])
        await asyncio.sleep(0)
        websocket.open.set()
        while not websocket.sent or websocket.sent[-1].get("what") != "onnx":
            await asyncio.sleep(0)
        sender.cancel()
        return websocket.sent

    sent = asyncio.run(late())
    assert len(sent) <= 8
    assert [m["kind"] for m in sent[-5:]] == ["state", "error", "state"] + 2 * [
        "export"
    ]
    assert [m["n"] for m in sent[-5:-2]] == [999] * 3


def test_a_page_that_floods_and_never_reads_holds_up_no_other(served):
    flood = threading.Event()
    silent = connected(served[1], close_timeout=0)
    with silent, connected(served[1]) as other:

        def send():
            try:
                while not flood.is_set():
                    silent.send('{"kind": "set", "settings": {"share": 40}}', text=True)
                    silent.send('{"kind": "set", "settings": {"share": 60}}', text=True)
            except Exception:  # closed
                pass

        thread = threading.Thread(target=send)
        thread.start()
        try:
            found = messages(other)
            for _ in range(3):
                next(m for m in found if m["kind"] == "frame")
                other.send('{"kind": "ack"}')
            other.send('{"kind": "export", "what": "code"}')
            assert next(m for m in found if m["kind"] == "export")
        finally:
            flood.set()
            silent.close()
            thread.join(30)
    assert not thread.is_alive()


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "shown", "wrong"),
    [
        ("::1", "[::1]", "[::2]"),
        ("0:0:0:0:0:0:0:1", "[::1]", "::1"),
        ("LocalHost", "localhost", "other"),
        ("0.0.0.0", "127.0.0.1", "attacker.example"),
    ],
)
def test_page_and_socket_at_other_hosts(host, shown, wrong):
    pytest.importorskip("uvicorn")
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    session = Session()
    server, listener, address = make_server(session, host, 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        parts = urlsplit(address)
        assert parts.netloc == f"{shown}:{parts.port}"
        assert get(address, f"/?{parts.query}")[0] == 200
        headers = {"Host": f"{wrong}:{parts.port}"}
        assert get(address, f"/?{parts.query}", **headers)[0] == 403
        if host == "0.0.0.0":  # it may be reached by any of its addresses, not names
            headers = {"Host": f"192.0.2.1:{parts.port}"}
            assert get(address, f"/?{parts.query}", **headers)[0] == 200
        with connected(address) as connection:
            assert next(messages(connection))["kind"] == "state"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        session.close()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (
            ["--port", "99999"],
            "argument --port: must be a whole number from 0 to 65535",
        ),
        (["--port", "-1"], "argument --port: must be a whole number"),
        (["--port", "http"], "argument --port: must be a whole number"),
        (
            ["--host", "no.such.invalid"],
            "'no.such.invalid' is no address of this machine",
        ),
        (["--host", "192.0.2.1"], "'192.0.2.1' is no address of this machine"),
        (["--host", ""], "'' is no address of this machine"),
        (
            ["--host", "x" * 250],
            "is no address of this machine; choose another with --host",
        ),
        (["--state", "rate=fast"], "argument --state: rate must be a number"),
        (["--state", "\udcff"], "argument --state: the state has half a surrogate"),
        (["no such file.csv"], "no such file.csv"),
        (["/dev/zero"], "larger than 5 MB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_command_says_what_is_wrong(capsys, arguments, what):
    pytest.importorskip("uvicorn")
    with pytest.raises(SystemExit, match="2"):
        main(["--no-browser", *arguments])
    assert what in capsys.readouterr().err


def test_command_says_that_a_port_is_in_use(capsys):
    pytest.importorskip("uvicorn")
    with listen("127.0.0.1", 0) as used:
        port = used.getsockname()[1]
        with pytest.raises(SystemExit, match="2"):
            main(["--no-browser", "--port", str(port)])
    wanted = f"port {port} is in use; choose another with --port"
    assert wanted in capsys.readouterr().err
