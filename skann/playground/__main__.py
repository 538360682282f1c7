"""``python -m skann.playground [table.csv]``: the page in the browser."""

import argparse
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

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
    parser.add_argument("--port", type=int, default=0, help="any free one")
    parser.add_argument(
        "--scene", choices=SCENES, metavar="NAME", help=", ".join(SCENES)
    )
    parser.add_argument("--state", default="", help="what a link has behind its #")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    given = parser.parse_args(arguments)
    try:
        session = Session(None if given.table is None else _read(given.table))
    except (OSError, ValueError) as error:
        parser.error(str(error))

    try:
        server, listener, address = make_server(session, given.host, given.port)
    except ImportError as error:
        parser.error(str(error))
    state = given.state.lstrip("#") or (given.scene and f"scene={given.scene}")
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


def _read(path):
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES / 1e6:g} MB.")
    return read_table(path.read_text("utf-8-sig", errors="replace"), path.name)


if __name__ == "__main__":
    sys.exit(main())
