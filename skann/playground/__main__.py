"""``python -m skann.playground [table.csv]``: the page in the browser."""

import argparse
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from ._address import from_text
from ._checks import plain
from ._scenes import SCENES
from ._server import make_server
from ._session import Session
from ._table import MAX_BYTES, read_table


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve the page until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m skann.playground",
        description="A neural network to play with, on toy data or on your own.",
    )
    parser.add_argument(
        "table", nargs="?", type=Path, help="a CSV file with a header line"
    )
    parser.add_argument("--host", default="127.0.0.1", help="%(default)s")
    parser.add_argument(
        "--port", type=_port, default=0, help="1 to 65535; default: any free one"
    )
    parser.add_argument(
        "--scene", choices=SCENES, metavar="NAME", help=", ".join(SCENES)
    )
    parser.add_argument(
        "--state", type=_state, default="", help="what a link has behind its #"
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    given = parser.parse_args(arguments)
    try:
        session = Session(None if given.table is None else _read(given.table))
        server, listener, address = make_server(session, given.host, given.port)
    except (ImportError, OSError, ValueError) as error:
        parser.error(str(error))
    state = given.state or (given.scene and f"scene={given.scene}")
    address += f"#{state}" if state else ""
    print(address, flush=True)
    if not given.no_browser:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        session.close()


def _port(text):
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 65535; got {text!r}"
        )
    return port


def _state(text):
    try:
        plain("the state", text)
        from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text.lstrip("#")


def _read(path):
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)  # a device has no size, and no end
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES / 1e6:g} MB.")
    return read_table(data.decode("utf-8-sig", errors="replace"), path.name)


if __name__ == "__main__":
    sys.exit(main())
