"""The page, served to this machine's browser.

Whoever can reach the port must not be able to use it: the address has a token, a
WebSocket must come from the page itself, and nothing that is sent is evaluated.
"""

import asyncio
import json
import secrets
import struct
from pathlib import Path
from urllib.parse import urlsplit

from .._optional import imported
from ._table import MAX_BYTES

STATIC = Path(__file__).parent / "static"
FILES = {
    "playground.js": "text/javascript",
    "playground.css": "text/css",
    "page.js": "text/javascript",
}
MAX_MESSAGE = 2 * MAX_BYTES
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
    names = {host, "127.0.0.1", "localhost"}
    hosts = {f"{name}:{port}" for name in names} | (names if port == 80 else set())

    def allowed(request):
        given = request.query_params.get("token", "")
        return request.headers.get("host") in hosts and secrets.compare_digest(
            given.encode(), token.encode()
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
        if name not in FILES or request.headers.get("host") not in hosts:
            return responses.PlainTextResponse("There is no such file.", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        path = STATIC / name
        return responses.FileResponse(path, media_type=FILES[name], headers=headers)

    async def socket(websocket):
        origin = urlsplit(websocket.headers.get("origin", ""))
        if not allowed(websocket) or origin.netloc not in hosts:
            await websocket.close(4403)
            return
        await websocket.accept()
        await _Connection(session, websocket).serve()

    return applications.Starlette(
        routes=[
            routing.Route("/", page),
            routing.Route("/{name:str}", file),
            routing.WebSocketRoute("/socket", socket),
        ]
    )


class _Connection:
    """One page that is open."""

    def __init__(self, session, websocket):
        self._session, self._websocket = session, websocket
        self._loop = asyncio.get_running_loop()
        self._outbox = asyncio.Queue()
        self._ready = True

    async def serve(self):
        sender = asyncio.create_task(self._send_all())
        self._session.watch(self.send)
        try:
            while True:
                received = await self._websocket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                self._take(received.get("text"))
        finally:
            self._session.leave(self.send)
            sender.cancel()

    def _take(self, text):
        try:
            message = json.loads(text or "")
        except ValueError:
            self.send({"kind": "error", "message": "A message was not JSON."}, [])
            return
        if isinstance(message, dict) and message.get("kind") == "ack":
            self._ready = True
        else:
            self._session.post(message, self.send)

    def send(self, message, buffers):
        """Called in the session's thread; False if a frame is still on its way."""
        if message["kind"] == "frame":
            if not self._ready:
                return False
            self._ready = False
        head = json.dumps([message, [len(b) for b in buffers]]).encode()
        data = b"".join([struct.pack("<I", len(head)), head, *buffers])
        self._loop.call_soon_threadsafe(self._outbox.put_nowait, data)
        return True

    async def _send_all(self):
        while True:
            await self._websocket.send_bytes(await self._outbox.get())


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
    """
    uvicorn = imported("uvicorn", "The playground's server", "playground")
    imported("websockets", "The playground's server", "playground")
    token = secrets.token_urlsafe(24)
    listener = uvicorn.Config(
        None, host=host, port=port, log_level="error"
    ).bind_socket()
    listener.listen()  # who comes before the server runs waits, and is not refused
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        make_app(session, token, host, port),
        log_level="warning",
        access_log=False,  # which would have the token
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    shown = f"[{host}]" if ":" in host else host
    return server, listener, f"http://{shown}:{port}/?token={token}"
