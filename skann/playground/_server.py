"""The page, served to this machine's browser.

Whoever can reach the port must not be able to use it: the address has a token, a
WebSocket must come from the page itself, and nothing that is sent is evaluated. A page
that sends without end, or never reads, costs little and holds up nobody else.
"""

import asyncio
import errno
import ipaddress
import json
import secrets
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

from .._optional import imported
from ._protocol import MAX_MESSAGE, decoded

# Seconds between two messages of a page. Without it, one that floods the server takes
# Python's lock from the thread that trains.
PAUSE = 0.005
STATIC = Path(__file__).parent / "static"
FILES = {
    "playground.js": "text/javascript",
    "playground.css": "text/css",
    "page.js": "text/javascript",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def make_app(session, token, host, port):
    """The application: page, files and WebSocket.

    Parameters
    ----------
    session : Session
    token : str
    host : str
    port : int

    Returns
    -------
    app : starlette.applications.Starlette
    """
    who = "The playground's server", "playground"
    applications = imported("starlette.applications", *who)
    responses = imported("starlette.responses", *who)
    routing = imported("starlette.routing", *who)
    hosts = _hosts(host, port)

    def allowed(request):
        given = request.query_params.get("token", "")
        return _is_ours(request.headers.get("host", ""), hosts) and (
            secrets.compare_digest(given.encode(), token.encode())
        )

    def page(request):
        if not allowed(request):
            text = "The address lacks the right token: take the one that was printed."
            return responses.PlainTextResponse(text, 403)
        headers = {
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        text = (STATIC / "index.html").read_text("utf-8")
        return responses.HTMLResponse(text, headers=headers)

    def file(request):
        name = request.path_params["name"]
        if name not in FILES or not _is_ours(request.headers.get("host", ""), hosts):
            return responses.PlainTextResponse("There is no such file.", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        path = STATIC / name
        return responses.FileResponse(path, media_type=FILES[name], headers=headers)

    async def connect(websocket):
        try:
            origin = urlsplit(websocket.headers.get("origin", ""))
        except ValueError:
            text = "The header 'Origin' is not an address."
            await websocket.send_denial_response(responses.PlainTextResponse(text, 400))
            return
        # It is from the page's own host, whatever the names that host has.
        if not allowed(websocket) or origin.netloc != websocket.headers.get("host"):
            await websocket.close(4403)
            return
        await websocket.accept()
        await _Connection(session, websocket).serve()

    return applications.Starlette(
        routes=[
            routing.Route("/", page),
            routing.Route("/{name:str}", file),
            routing.WebSocketRoute("/socket", connect),
        ]
    )


def _bracketed(host):
    """A host as addresses have it: lower case, and IPv6 in its shortest form."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host.lower()
    return f"[{found.compressed}]" if found.version == 6 else found.compressed


def _hosts(host, port):
    """What a header ``Host`` may be, and None if it may also be any IP address.

    A name could be made to lead here from elsewhere, and is only taken if it is known.
    """
    names = {_bracketed(host), "127.0.0.1", "[::1]", "localhost"}
    hosts = {f"{name}:{port}" for name in names} | (names if port == 80 else set())
    return hosts | ({None} if host in ("0.0.0.0", "::") else set())


def _is_ours(host, hosts):
    if host in hosts:
        return True
    if None not in hosts:
        return False
    try:
        ipaddress.ip_address(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    return True


class _Connection:
    """One page that is open."""

    def __init__(self, session, websocket):
        self._session, self._websocket = session, websocket
        self._loop = asyncio.get_running_loop()
        # Of what has yet to be sent: of each kind the last, so that it can't grow.
        self._outbox, self._news = {}, asyncio.Event()

    async def serve(self):
        sender = asyncio.create_task(self._send_all())
        self._session.watch(self.send)
        try:
            while True:
                received = await self._websocket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                await self._take(received.get("text"))
                await asyncio.sleep(PAUSE)
        except asyncio.CancelledError:
            pass  # the server ends while a message is being handled
        finally:
            self._session.leave(self.send)
            sender.cancel()

    async def _take(self, text):
        """Handle a message; the next is read once that has been done."""
        try:
            message = decoded(text)
        except ValueError as error:
            self.send({"kind": "error", "message": str(error)}, [])
            return
        if message == {"kind": "ack"}:
            self._session.ready(self.send)
        elif message != {"kind": "hello"}:  # which a notebook's page has to say
            done = asyncio.Event()
            self._session.post(
                message, self.send, lambda: self._loop.call_soon_threadsafe(done.set)
            )
            await done.wait()

    def send(self, message, buffers):
        """Called in the session's thread."""
        head = json.dumps(
            [message, [len(b) for b in buffers]], allow_nan=False
        ).encode()
        data = b"".join([struct.pack("<I", len(head)), head, *buffers])
        # A state with options is whole, and the last of the parts comes after it.
        is_whole = "options" in message
        key = message["kind"], message.get("what"), is_whole
        self._loop.call_soon_threadsafe(self._put, key, data)

    def _put(self, key, data):
        if key == ("state", None, True):
            self._outbox.pop(("state", None, False), None)
        self._outbox.pop(key, None)
        self._outbox[key] = data
        self._news.set()

    async def _send_all(self):
        while True:
            await self._news.wait()
            while self._outbox:
                data = self._outbox.pop(next(iter(self._outbox)))
                await self._websocket.send_bytes(data)
            self._news.clear()


def listen(host, port):
    """A socket that listens.

    Raises
    ------
    ValueError
        If the port is in use or can't be had, or there is no such host.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    dual = host == "::" and socket.has_dualstack_ipv6()
    try:
        where = socket.getaddrinfo(host or "?", port, family, socket.SOCK_STREAM)[0][-1]
        return socket.create_server(where, family=family, dualstack_ipv6=dual)
    except (OSError, UnicodeError) as error:
        code = getattr(error, "errno", None)
        unknown = isinstance(error, socket.gaierror | UnicodeError)
        if code == errno.EADDRINUSE:
            text = f"port {port} is in use; choose another with --port"
        elif unknown or code == errno.EADDRNOTAVAIL:
            text = f"{host!r} is no address of this machine; choose another with --host"
        else:
            text = f"can't listen at {_bracketed(host)}:{port}: {error.strerror}"
        raise ValueError(text) from error


def make_server(session, host, port):
    """A server that listens already, and where.

    Parameters
    ----------
    session : Session
    host : str
    port : int
        0 for any that is free.

    Returns
    -------
    server : uvicorn.Server
        Its ``run(sockets=[listener])`` serves until it is interrupted.
    listener : socket.socket
    address : str
        The page's, with the token.

    Raises
    ------
    ValueError
        If the port is in use or can't be had, or there is no such host.
    """
    uvicorn = imported("uvicorn", "The playground's server", "playground")
    imported("websockets", "The playground's server", "playground")
    token = secrets.token_urlsafe(24)
    listener = listen(host, port)  # who comes before the server runs waits
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        make_app(session, token, host, port),
        log_level="warning",
        access_log=False,  # which would have the token
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # What listens everywhere is reached from here as this machine.
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return server, listener, f"http://{_bracketed(here)}:{port}/?token={token}"
