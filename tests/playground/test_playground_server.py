"""Who may use the server: this machine's page, with its token, and nobody else."""

import http.client
import json
from urllib.parse import urlsplit

import pytest


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


def test_a_socket_of_the_page_s_own(served):
    client = pytest.importorskip("websockets.sync.client")
    parts = urlsplit(served[1])
    address = f"ws://{parts.netloc}/socket?{parts.query}"
    own = {"origin": f"http://{parts.netloc}", "max_size": 2**24}
    with client.connect(address, **own) as socket:
        for sent in ("no json", "[1, 2]", '{"kind": 7}', b"\0\1"):
            socket.send(sent)
            kinds = []
            while "error" not in kinds:
                data = socket.recv(timeout=30)
                length = int.from_bytes(data[:4], "little")
                kinds.append(json.loads(data[4 : 4 + length])[0]["kind"])
