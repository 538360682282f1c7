"""Records the animation of the playground's page: ``playground.webp``, and a picture.

    python docs/_record_playground.py

Needs Chromium, Pillow and the extra ``playground``.
"""

import base64
import io
import sys
import threading
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / "tests")]

from _chromium import Page  # noqa: E402

from skann.playground._server import make_server  # noqa: E402
from skann.playground._session import Session  # noqa: E402

SIZE = 1360, 900
STATE = "#rate=0.1&layers=6,4&activations=tanh,tanh&data=spiral&solver=adam"
STATE = STATE.replace("rate=0.1", "rate=0.03") + "&features=x1,x2,sin+x1,sin+x2"
EPOCHS = range(0, 145, 6)


def main():
    """Write both files."""
    session = Session()
    server, listener, address = make_server(session, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    page = Page(address + STATE, width=SIZE[0], height=SIZE[1])
    pictures = []
    shown = "Number(document.querySelector('#skpg-epoch')?.dataset.epoch)"
    page.until("location.hash.includes('spiral')")
    page.until(lambda: session.settings["data"] == "spiral")
    for epoch in EPOCHS:
        while session.trainer.epoch < epoch:
            before = session.trainer.epoch
            page.click("#skpg-step")
            page.until(f"{shown} === {before + 1}")
        page.until(f"{shown} === {epoch}")
        data = page.call("Page.captureScreenshot", format="png")["data"]
        pictures.append(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    page.close()
    server.should_exit = True
    thread.join()
    session.close()
    pictures[-1].save(DOCS / "playground.png", optimize=True)
    small = [each.resize((884, 585), Image.LANCZOS) for each in pictures]
    times = [120] * (len(small) - 1) + [2500]
    options = {"save_all": True, "append_images": small[1:], "loop": 0}
    options |= {"duration": times, "quality": 50, "method": 4}
    small[0].save(DOCS / "playground.webp", **options)
    for name in ("playground.webp", "playground.png"):
        print(name, (DOCS / name).stat().st_size)


if __name__ == "__main__":
    main()
